/**
 * The tools that the project brings along, each installed once into `.tools/` from a package registry and never outside the
 * project: Node 24, VS Code as code-server, a Chromium. Plain JavaScript: it runs on the oldest supported Node (20).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineSetupError, setUpEngine } from './engine-setup.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const toolsFolder = join(root, '.tools');
/** The Python engine of a clone. */
export const engineHome = join(root, '.longhand', 'engine');

const NODE_MAJOR = 24;
/** `node:sqlite` without a flag. */
const NODE_MINIMUM = [22, 13];
const CODE_SERVER = '4.139.1';

/** A step that failed: what, why, and what to do about it. */
export class StepError extends Error {
  /** @param {string} what @param {string} why @param {string} help */
  constructor(what, why, help) {
    super(`${what} failed.\n  why:  ${why}\n  help: ${help}\nStart the same command again: it goes on from here.`);
    this.name = 'StepError';
  }
}

/**
 * Runs a program to its end. Resolves with its standard output; rejects with a StepError that holds the end of its output.
 * @param {string} what the step, for the error
 * @param {string[]} command
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, help?: string, show?: boolean, signal?: AbortSignal}} [options]
 * @returns {Promise<string>}
 */
export function run(what, command, options = {}) {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command;
    const child = spawn(program ?? '', args, {
      cwd: options.cwd ?? root,
      env: options.env ?? process.env,
      stdio: ['ignore', options.show ? 'inherit' : 'pipe', options.show ? 'inherit' : 'pipe'],
      signal: options.signal,
      // npm is a script on Windows.
      shell: process.platform === 'win32' && program === 'npm',
    });
    let output = '';
    let errors = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (errors = (errors + chunk).slice(-4000)));
    child.on('error', (error) =>
      reject(new StepError(what, error.message, options.help ?? 'Is the program installed?')),
    );
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else {
        const why = (errors.trim() || output.trim().slice(-4000) || `exit code ${code}`)
          .split('\n')
          .slice(-12)
          .join('\n        ');
        reject(new StepError(what, why, options.help ?? 'See the message above.'));
      }
    });
  });
}

/** @param {string} version such as v22.13.0 */
function newEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [wantMajor = 0, wantMinor = 0] = NODE_MINIMUM;
  return major > wantMajor || (major === wantMajor && minor >= wantMinor);
}

const registryHelp = 'Check that the npm registry can be reached (npm ping), then try again.';

/** Installs the project's npm packages when the lock file changed since the last time. */
export async function ensurePackages() {
  const stamp = join(root, 'node_modules', '.longhand-lock');
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  // No package of ours needs an install script: esbuild's binary comes as an optional package.
  await run(
    'Installing npm packages',
    ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { help: registryHelp },
  );
  writeFileSync(stamp, hash);
}

/** The path of a Node that is new enough for the service: this one, or Node 24 from npm in `.tools/node`. */
export async function ensureNode() {
  if (newEnough(process.version)) return process.execPath;
  const folder = join(toolsFolder, 'node');
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const binary = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(binary)) {
    await npmFolder(folder, [`${name}@${NODE_MAJOR}`], `Installing Node ${NODE_MAJOR}`);
  }
  return binary;
}

/** @param {string} folder @param {string[]} packages @param {string} what */
async function npmFolder(folder, packages, what) {
  mkdirSync(folder, { recursive: true });
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "name": "longhand-tools", "private": true }\n');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--save-exact'];
  await run(what, ['npm', 'install', ...flags, ...packages], { cwd: folder, help: registryHelp });
}

/** Environment in which `node` is the given one. @param {string} node @returns {NodeJS.ProcessEnv} */
export function withNode(node) {
  const separator = process.platform === 'win32' ? ';' : ':';
  return { ...process.env, PATH: `${dirname(node)}${separator}${process.env.PATH ?? ''}` };
}

/**
 * The real VS Code as a server for the browser (code-server, from npm, nothing compiled). Its own server program is used,
 * not code-server's front: it asks for a connection token, so that no other user of the machine gets in.
 * @param {string} node a Node 24
 * @returns {Promise<string[]>} the command that starts it
 */
export async function ensureVsCode(node) {
  const folder = join(toolsFolder, 'vscode');
  const vscode = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  const stamp = join(folder, '.version');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== CODE_SERVER) {
    await npmFolder(folder, [`code-server@${CODE_SERVER}`], 'Installing VS Code for the browser');
    await run(
      'Installing the packages of VS Code for the browser',
      ['npm', 'install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      { cwd: vscode, env: withNode(node), help: registryHelp },
    );
    writeFileSync(stamp, CODE_SERVER);
  }
  return [node, join(vscode, 'out', 'server-main.js')];
}

/** A Chromium for tests: one that is named or installed, otherwise what playwright-core can bring. */
export async function ensureChromium() {
  const named = process.env.LONGHAND_CHROMIUM;
  if (named) return named;
  for (const candidate of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const found = spawnSync('which', [candidate], { encoding: 'utf8' });
    if (found.status === 0) return found.stdout.trim();
  }
  const browsers = join(toolsFolder, 'browsers');
  const env = { ...process.env, PLAYWRIGHT_BROWSERS_PATH: browsers };
  await run(
    'Installing Chromium',
    [process.execPath, join(root, 'node_modules', 'playwright-core', 'cli.js'), 'install', 'chromium'],
    {
      env,
      help: "Install Chromium with your system's package manager, or name one in LONGHAND_CHROMIUM.",
    },
  );
  process.env.PLAYWRIGHT_BROWSERS_PATH = browsers;
  const { chromium } = await import('playwright-core');
  return chromium.executablePath();
}

/**
 * The Python of the engine: `LONGHAND_PYTHON`, or the environment in `.longhand/engine`, made if need be.
 * @param {(line: string) => void} say
 * @returns {Promise<string>}
 */
export async function ensureEngine(say) {
  if (process.env.LONGHAND_PYTHON) return process.env.LONGHAND_PYTHON;
  try {
    const onProgress = (/** @type {{message: string}} */ progress) => say(`  ${progress.message}`);
    const result = await setUpEngine({ engineDir: engineHome, home: root, onProgress });
    for (const note of result.notes) say(`  ${note}`);
    return result.python;
  } catch (error) {
    if (error instanceof EngineSetupError)
      throw new StepError('Setting up the Python engine', error.message, error.help);
    throw error;
  }
}

/** The engine's Python with what its tests need. @param {(line: string) => void} say */
export async function ensureEngineForTests(say) {
  const python = await ensureEngine(say);
  if (spawnSync(python, ['-c', 'import pytest']).status === 0) return python;
  const uv = join(engineHome, 'uv', process.platform === 'win32' ? 'Scripts/uv.exe' : 'bin/uv');
  await run('Installing pytest', [
    uv,
    'pip',
    'install',
    '--python',
    python,
    '-r',
    join(root, 'server', 'engine', 'requirements-dev.txt'),
  ]);
  return python;
}
