/**
 * `npm run quickstart`: from a clone to a running demo. Installs what is missing (each step once; started again it goes on
 * from there), builds, starts the backend, starts the tiny two-stage recipe and opens VS Code on it.
 *
 *   -- --headless    no editor: run the recipe here and print the stage table
 *   -- --json        headless, and the table as one JSON object on the last line
 *   -- --again       start a new run although the demo workspace has one
 *   -- --browser     VS Code in the browser even where the desktop's is there
 *   -- --port N      port of VS Code in the browser (default: a free one)
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDesktop, openInBrowser } from './demo-editor.mjs';
import { packageExtension } from './package.mjs';
import {
  ensureEngine,
  ensureNode,
  ensurePackages,
  ensureVsCode,
  engineHome,
  root,
  run,
  StepError,
  toolsFolder,
  withNode,
} from './tools.mjs';

const RECIPE = 'two-stage-tiny';
const { values: options } = parseArgs({
  options: {
    headless: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    browser: { type: 'boolean', default: false },
    port: { type: 'string', default: '0' },
  },
});
const headless = options.headless || options.json;

const home = join(root, '.longhand');
const data = join(home, 'root');
const demo = join(home, 'demo');
/** With --json, standard output belongs to the table. @param {string} line */
const say = (line) => (options.json ? console.error(line) : console.log(line));

/** True where a desktop VS Code can be opened. */
function hasDesktop() {
  if (options.browser) return false;
  const display = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
  const folders = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':');
  const names = process.platform === 'win32' ? ['code.cmd'] : ['code'];
  return display && folders.some((folder) => names.some((name) => existsSync(join(folder, name))));
}

/** A fingerprint of everything that the build reads. */
function sourcesStamp() {
  const hash = createHash('sha256');
  for (const folder of ['core', 'src', 'webview', 'server', 'media', 'scripts']) {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter(
      (name) => !name.includes('__pycache__'),
    );
    for (const name of files.sort()) {
      const stat = statSync(join(root, folder, name));
      if (stat.isFile()) hash.update(`${folder}/${name}:${stat.size}:${stat.mtimeMs}\n`);
    }
  }
  return hash.update(readFileSync(join(root, 'package.json'))).digest('hex');
}

/** Says what will be done and how much is downloaded; sizes were measured on Linux x86-64. */
function plan() {
  const steps = [];
  if (!existsSync(join(root, 'node_modules', '.longhand-lock')))
    steps.push('npm packages into node_modules (about 90 MB downloaded)');
  if (Number(process.versions.node.split('.')[0]) < 22 && !existsSync(join(toolsFolder, 'node'))) {
    steps.push(
      'Node 24 from npm into .tools (about 60 MB), because the service needs Node ≥ 22.13 and this is ' +
        process.version,
    );
  }
  if (!process.env.LONGHAND_PYTHON && !existsSync(join(engineHome, 'COMPLETE.json'))) {
    steps.push(
      'the Python engine (TRL on PyTorch) into .longhand/engine (0.4 GB with a CPU build of PyTorch, about 3 GB with CUDA)',
    );
  }
  if (!headless && !hasDesktop() && !existsSync(join(toolsFolder, 'vscode', '.version'))) {
    steps.push('VS Code for the browser into .tools (about 150 MB)');
  }
  return steps;
}

async function main() {
  const started = Date.now();
  say('Longhand quickstart: a small reasoning model, trained in two stages on this machine, and its traces to read.');
  say(
    'It is a miniature: it has the shape of the published result (SFT raises accuracy, GRPO makes the reasoning shorter), not its size.\n',
  );
  const steps = plan();
  if (steps.length > 0) {
    say('To install, all of it inside this folder:');
    for (const step of steps) say(`  · ${step}`);
    say('');
  }
  mkdirSync(home, { recursive: true });

  say('npm packages …');
  await ensurePackages();
  const node = await ensureNode();
  const env = withNode(node);
  say('Python engine …');
  const python = await ensureEngine(say);
  env.LONGHAND_PYTHON = python;

  const stampFile = join(home, 'built');
  const stamp = sourcesStamp();
  const vsix = join(root, 'dist', 'longhand.vsix');
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp || !existsSync(vsix)) {
    say('Building …');
    await packageExtension(node, env);
    writeFileSync(stampFile, sourcesStamp());
  }
  const longhand = [node, join(root, 'dist', 'longhand.mjs')];
  say(`Ready after ${Math.round((Date.now() - started) / 1000)} s.\n`);

  if (headless) {
    process.exit(
      await new Promise((resolve) => {
        const args = [
          ...longhand.slice(1),
          'run',
          RECIPE,
          '--root',
          data,
          '--python',
          python,
          ...(options.json ? ['--json'] : []),
        ];
        const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' });
        child.on('close', (code) => resolve(code ?? 1));
      }),
    );
  }

  mkdirSync(demo, { recursive: true });
  const recipe = join(demo, `${RECIPE}.recipe.yaml`);
  if (!existsSync(recipe))
    writeFileSync(recipe, readFileSync(join(root, 'server', 'presets', `${RECIPE}.recipe.yaml`)));
  const runs = JSON.parse(
    lastLine(await run('Listing runs', [...longhand, 'runs', '--root', data, '--python', python, '--json'], { env })),
  );
  if (options.again || runs.runs.length === 0) {
    await run(
      'Starting the run',
      [...longhand, 'run', recipe, '--root', data, '--python', python, '--detach', '--json'],
      { env },
    );
    say(`Started ${RECIPE}: SFT, then GRPO, a few minutes on two cores. It goes on when the editor is closed.`);
  } else {
    say('The demo has a run already (`npm run quickstart -- --again` starts another one).');
  }

  const editor = { demo, recipe, data, python, home, env, say };
  if (hasDesktop()) await openDesktop(editor);
  else await openInBrowser({ ...editor, server: await ensureVsCode(node), vsix, stamp, port: Number(options.port) });
}

/** @param {string} text */
function lastLine(text) {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

try {
  await main();
} catch (error) {
  console.error(error instanceof StepError ? `\n${error.message}` : error);
  process.exit(1);
}
