/** `npm run package`: builds and packs dist/longhand.vsix. What ships is in .vscodeignore. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureNode, ensurePackages, root, run, withNode } from './tools.mjs';

/** @param {string} node @param {NodeJS.ProcessEnv} env @returns {Promise<string>} the path of the .vsix */
export async function packageExtension(node, env) {
  await run('Building', [node, join(root, 'scripts', 'build.mjs'), '--meta'], { env });
  const out = join(root, 'dist', 'longhand.vsix');
  mkdirSync(join(root, 'dist'), { recursive: true });
  const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  await run('Packaging', [node, vsce, 'package', '--no-dependencies', '--skip-license', '--out', out], {
    env,
    help: 'The message above is from vsce.',
  });
  return out;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await ensurePackages();
  const node = await ensureNode();
  console.log(await packageExtension(node, withNode(node)));
}
