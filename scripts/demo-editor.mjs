/** Opens VS Code on the demo workspace: the desktop's with a user-data folder of its own, or the browser's. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root, run, StepError } from './tools.mjs';

/**
 * @typedef {{demo: string, recipe: string, data: string, python: string, home: string,
 *   env: NodeJS.ProcessEnv, say: (line: string) => void}} Editor
 */

/** Settings of the demo's own user-data folder. @param {Editor} editor */
function settings(editor) {
  return JSON.stringify(
    {
      'longhand.root': editor.data,
      'longhand.engine.python': editor.python,
      'workbench.startupEditor': 'none',
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'security.workspace.trust.enabled': false,
      'git.openRepositoryInParentFolders': 'never',
      'telemetry.telemetryLevel': 'off',
      'update.mode': 'none',
      'extensions.ignoreRecommendations': true,
    },
    null,
    2,
  );
}

/** @param {Editor} editor */
export async function openDesktop(editor) {
  const userData = join(editor.home, 'vscode-desktop');
  mkdirSync(join(userData, 'User'), { recursive: true });
  writeFileSync(join(userData, 'User', 'settings.json'), settings(editor));
  const args = [
    `--extensionDevelopmentPath=${root}`,
    `--user-data-dir=${userData}`,
    `--extensions-dir=${join(userData, 'extensions')}`,
    '--new-window',
    editor.demo,
    editor.recipe,
  ];
  await run('Opening VS Code', ['code', ...args], { env: editor.env, help: 'Try `npm run quickstart -- --browser`.' });
  editor.say('VS Code is open on the demo workspace, with settings of its own: nothing of your editor was touched.');
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** @param {Editor & {server: string[], vsix: string, stamp: string, port: number}} editor */
export async function openInBrowser(editor) {
  const folder = join(editor.home, 'vscode-browser');
  const flags = ['--server-data-dir', folder, '--extensions-dir', join(folder, 'extensions')];
  const env = { ...editor.env, EXTENSIONS_GALLERY: '{}' };
  // Machine settings hold for every page; what is scoped to the application must be in the user's.
  for (const scope of ['Machine', 'User']) {
    mkdirSync(join(folder, 'data', scope), { recursive: true });
    writeFileSync(join(folder, 'data', scope, 'settings.json'), settings(editor));
  }
  const installed = join(folder, 'installed');
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== editor.stamp) {
    await run('Installing the extension', [...editor.server, ...flags, '--install-extension', editor.vsix, '--force'], {
      env,
    });
    writeFileSync(installed, editor.stamp);
  }
  const port = editor.port || (await freePort());
  const token = randomBytes(16).toString('hex');
  const [node = '', ...args] = editor.server;
  const child = spawn(
    node,
    [
      ...args,
      ...flags,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--connection-token',
      token,
      '--accept-server-license-terms',
      '--telemetry-level',
      'off',
      '--disable-workspace-trust',
      '--reconnection-grace-time',
      '60',
    ],
    { cwd: editor.demo, env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(failed('it did not answer within 60 s')), 60_000);
    const failed = (/** @type {string} */ why) =>
      new StepError('Starting VS Code', `${why}\n${output.slice(-2000)}`, 'Is the port free? Try `-- --port 8123`.');
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-20_000);
        if (output.includes('Extension host agent listening')) {
          clearTimeout(timer);
          resolve(undefined);
        }
      });
    }
    child.on('exit', (code) => reject(failed(`it ended with code ${code}`)));
  });
  const open = encodeURIComponent(JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${port}${editor.recipe}`]]));
  editor.say(
    `\nVS Code is ready:\n\n  http://127.0.0.1:${port}/?tkn=${token}&folder=${encodeURIComponent(editor.demo)}&payload=${open}\n`,
  );
  editor.say(
    'On a remote machine, first: ssh -L ' +
      `${port}:127.0.0.1:${port} <machine>. Ctrl-C ends the editor; the run goes on.`,
  );
  await new Promise((resolve) => {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
      process.once(signal, () => child.kill('SIGTERM'));
    child.on('exit', resolve);
  });
}
