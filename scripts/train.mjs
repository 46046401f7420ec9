/**
 * `npm run train`: trains the model of behaviours on the labelled steps and writes `core/behaviours/model/weights.json`. Some minutes on
 * one core; the same labels give the same file.
 */
import { join } from 'node:path';
import { ensureNode, ensurePackages, root, run, withNode } from './tools.mjs';

await ensurePackages();
const node = await ensureNode();
const env = { ...withNode(node), NODE_NO_WARNINGS: '1' };
await run('Train', [node, join(root, 'test', 'training', 'behaviours.ts')], { env, show: true });
