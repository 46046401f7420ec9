/**
 * `npm test`: installs what is missing, builds, and runs every suite. `npm test -- unit service` runs those named.
 * Ends with one line `N passed, N failed, N skipped`; exit code 1 when anything failed or a suite ran no test.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageExtension } from './package.mjs';
import {
  ensureChromium,
  ensureNode,
  ensurePackages,
  ensureEngineForTests,
  ensureVsCode,
  root,
  run,
  withNode,
} from './tools.mjs';

const all = ['lint', 'unit', 'engine', 'service', 'webview', 'e2e'];
const wanted = process.argv.slice(2).filter((name) => !name.startsWith('-'));
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`npm test: no suite named ${unknown.join(', ')}; there are ${all.join(', ')}.`);
  process.exit(2);
}
const suites = wanted.length > 0 ? wanted : all;
const needs = (/** @type {string[]} */ ...names) => names.some((name) => suites.includes(name));

/** Minutes after which a suite is ended as hung. */
const LIMIT_MINUTES = 40;

/** @typedef {{passed: number, failed: number, skipped: number}} Counts */

/** Runs a test runner, shows its output, and reads its counts. @param {string} name @param {string[]} command @param {NodeJS.ProcessEnv} env */
async function suite(name, command, env) {
  const started = Date.now();
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 100 - name.length))}`);
  const { code, output } = await /** @type {Promise<{code: number, output: string}>} */ (
    new Promise((resolve) => {
      const child = spawn(command[0] ?? '', command.slice(1), { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      const timer = setTimeout(() => {
        console.error(`${name}: ended after ${LIMIT_MINUTES} minutes; what came after the last line was not tested.`);
        child.kill('SIGKILL');
      }, LIMIT_MINUTES * 60_000);
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => {
          process.stdout.write(chunk);
          output += chunk;
        });
      }
      child.on('error', (error) => resolve({ code: 1, output: error.message }));
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve({ code: code ?? 1, output });
      });
    })
  );
  const counts = count(output);
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  if (counts.passed + counts.failed === 0) {
    console.error(`${name}: no test ran.`);
    counts.failed = 1;
  }
  console.log(
    `${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${Math.round((Date.now() - started) / 1000)} s`,
  );
  return counts;
}

/** Reads the closing lines of mocha (`12 passing`) and pytest (`12 passed`). @param {string} output @returns {Counts} */
function count(output) {
  const sum = (/** @type {RegExp} */ pattern) =>
    [...output.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  return {
    passed: sum(/(\d+) passing\b/g) + sum(/(\d+) passed\b(?=.* in [\d.]+s)/g),
    failed: sum(/(\d+) failing\b/g) + sum(/(\d+) (?:failed|errors?)\b(?=.* in [\d.]+s)/g),
    skipped: sum(/(\d+) pending\b/g) + sum(/(\d+) skipped\b(?=.* in [\d.]+s)/g),
  };
}

/** Each check of the linters is one test. @param {NodeJS.ProcessEnv} env */
async function lint(env) {
  const bin = (/** @type {string} */ name) => join(root, 'node_modules', '.bin', name);
  /** @type {[string, string[]][]} */
  const checks = [
    ['types', [bin('tsc'), '-p', '.']],
    ['lint', [bin('oxlint'), '--type-aware', '--deny-warnings', '.']],
    ['format', [bin('prettier'), '--check', '--log-level=warn', '.']],
    ['unused code', [bin('knip')]],
  ];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  console.log(`\n── lint ${'─'.repeat(96)}`);
  for (const [name, command] of checks) {
    try {
      await run(name, command, { env });
      counts.passed++;
      console.log(`  ✔ ${name}`);
    } catch (error) {
      counts.failed++;
      console.log(`  ✘ ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return counts;
}

/** Test files by glob, never by a list. @param {string} folder @returns {string[]} */
function testFiles(folder) {
  const path = join(root, 'test', folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', folder, name))
    .sort();
}

await ensurePackages();
const node = await ensureNode();
/** @type {NodeJS.ProcessEnv} */
const env = { ...withNode(node), NODE_NO_WARNINGS: '1' };
delete env.PYTHONDONTWRITEBYTECODE;
if (needs('engine', 'service', 'e2e')) env.LONGHAND_PYTHON = await ensureEngineForTests(console.log);
if (needs('webview', 'e2e')) env.LONGHAND_CHROMIUM = await ensureChromium();
if (needs('e2e')) env.LONGHAND_VSCODE = JSON.stringify(await ensureVsCode(node));
if (needs('unit', 'service', 'webview', 'e2e')) await packageExtension(node, env);
rmSync(join(root, 'test', 'output'), { recursive: true, force: true });

const mocha = [node, join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--reporter', 'spec', '--exit'];
/** @type {Record<string, () => Promise<Counts>>} */
const runners = {
  lint: () => lint(env),
  unit: () =>
    suite(
      'unit',
      [...mocha, '--timeout', '20000', ...testFiles('unit'), ...testFiles('fuzz'), ...testFiles('conformance')],
      env,
    ),
  engine: () =>
    suite('engine', [env.LONGHAND_PYTHON ?? '', '-m', 'pytest', 'server/engine/tests'], {
      ...env,
      OMP_NUM_THREADS: '1',
      PYTHONPATH: 'server/engine',
    }),
  service: () => suite('service', [...mocha, '--timeout', '120000', ...testFiles('service')], env),
  webview: () => suite('webview', [...mocha, '--timeout', '60000', ...testFiles('webview')], env),
  e2e: () => suite('e2e', [...mocha, '--timeout', '600000', ...testFiles('e2e')], env),
};

const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const broken = [];
for (const name of suites) {
  const counts = await /** @type {() => Promise<Counts>} */ (runners[name])();
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (counts.failed > 0) broken.push(name);
}
if (broken.length > 0) console.log(`\nFailed: ${broken.join(', ')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);
