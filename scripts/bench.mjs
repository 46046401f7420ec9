/**
 * `npm run bench [-- name …]`: prints one JSON line a figure, `{"name","value","unit","target","peer"}`, the target with its
 * direction. A figure that misses its target is marked on standard error; nothing fails. One file a bench in test/bench.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageExtension } from './package.mjs';
import {
  ensureChromium,
  ensureEngine,
  ensureNode,
  ensurePackages,
  ensureVsCode,
  root,
  run,
  withNode,
} from './tools.mjs';

await ensurePackages();
const node = await ensureNode();
/** @type {NodeJS.ProcessEnv} */
const env = { ...withNode(node), NODE_NO_WARNINGS: '1' };
delete env.PYTHONDONTWRITEBYTECODE;
env.LONGHAND_CHROMIUM = await ensureChromium();
env.LONGHAND_PYTHON = await ensureEngine(console.error);
await packageExtension(node, env);

const wanted = process.argv.slice(2).filter((name) => !name.startsWith('-'));
const files = readdirSync(join(root, 'test', 'bench')).filter((name) => name.endsWith('.ts') && name !== 'run.ts');
const names = files.map((name) => name.replace(/\.ts$/, '')).sort();
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`npm run bench: no bench named ${unknown.join(', ')}; there are ${names.join(', ')}.`);
  process.exit(2);
}
const chosen = wanted.length > 0 ? wanted : names;
if (chosen.includes('latency')) env.LONGHAND_VSCODE = JSON.stringify(await ensureVsCode(node));
// Each bench in a process of its own, so that none warms or slows another.
for (const name of chosen) {
  await run(`Bench ${name}`, [node, join(root, 'test', 'bench', 'run.ts'), name], { env, show: true });
}
