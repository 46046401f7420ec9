#!/usr/bin/env node
// Finds a Node that is new enough (this one, or the one that the project brought into .tools) and runs the service's command
// line on it: the bundle where it was built, otherwise the sources. Plain JavaScript for old Nodes.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @param {string} version */
function isNewEnough(version, major = 22, minor = 13) {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

/** The Node that quickstart installed, or null. */
function broughtNode() {
  try {
    const require = createRequire(join(root, '.tools', 'node', 'package.json'));
    const names = [`node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`, 'node'];
    for (const name of names) {
      const folder = join(root, '.tools', 'node', 'node_modules', name);
      const file = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
      if (existsSync(file) && isNewEnough(require(join(folder, 'package.json')).version)) return file;
    }
  } catch {
    // None was installed.
  }
  return null;
}

const sources = join(root, 'server', 'main.ts');
const bundle = join(root, 'dist', 'longhand.mjs');
const fromSources = existsSync(sources) && existsSync(join(root, 'node_modules'));
// Sources run as they are from Node 23.6 on.
const node = isNewEnough(process.versions.node, ...(fromSources ? [23, 6] : [22, 13]))
  ? process.execPath
  : broughtNode();
const program = fromSources && (node !== null || !existsSync(bundle)) ? sources : bundle;

if (node === null && !(program === bundle && isNewEnough(process.versions.node))) {
  console.error(
    `longhand: Node 22.13 or newer is needed; this is ${process.versions.node}. npm run quickstart brings one.`,
  );
  process.exit(1);
}
if (!existsSync(program)) {
  console.error('longhand: the program is not built. Run npm run build.');
  process.exit(1);
}
const child = spawn(node ?? process.execPath, [program, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NODE_NO_WARNINGS: '1' },
});
// The child gets the terminal's signals itself; this one waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal === 'SIGTERM') child.kill('SIGTERM');
  });
}
child.on('error', (error) => {
  console.error(`longhand: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
