/**
 * `npm run proof`: what takes too long for `npm test`. The tiny recipes whole with three seeds, against their figures; many
 * kills of a process that ingests; and 20 kills of a stage that samples by rejection. Prints one JSON line a figure, as
 * `npm run bench` does; exit code 1 when one is missed.
 *
 *   -- recipe       only the three seeds of two-stage-tiny (about four minutes each on two free cores)
 *   -- dual-phase   only the three seeds of dual-phase-tiny, which are others than those that its parameters were chosen with
 *   -- kills        only the kills of the process that ingests
 *   -- reject       only those of the stage: nothing lost, nothing drawn twice, the same data set at the end
 *   --keep          the runs of dual-phase-tiny stay, and where they are is said: `longhand behaviours` reads them
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureEngine, ensureNode, ensurePackages, root, run, withNode } from './tools.mjs';

const SEEDS = [0, 1, 2];
const DUAL_PHASE_SEEDS = [10, 11, 12];
const KILLS = '200';
const SAMPLING_KILLS = '20';
const wanted = process.argv.slice(2).filter((name) => !name.startsWith('-'));
const keep = process.argv.includes('--keep');
const asked = (/** @type {string} */ name) => wanted.length === 0 || wanted.includes(name);

await ensurePackages();
const node = await ensureNode();
/** @type {NodeJS.ProcessEnv} */
const env = { ...withNode(node), NODE_NO_WARNINGS: '1', LONGHAND_PYTHON: await ensureEngine(console.error) };
delete env.PYTHONDONTWRITEBYTECODE;
await run('Building', [node, 'scripts/build.mjs', '--meta'], { env });
const mocha = [
  node,
  join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'),
  '--timeout',
  '0',
  '--exit',
  '--fail-zero',
  '--forbid-pending',
];

let missed = 0;
/** @param {string} name @param {number} value @param {string} unit @param {string} target */
function figure(name, value, unit, target) {
  console.log(JSON.stringify({ name, value: Math.round(value * 1000) / 1000, unit, target, peer: null }));
  const limit = Number(target.slice(2));
  if (target.startsWith('<=') ? value > limit : value < limit) {
    missed++;
    console.error(`  missed: ${name} is ${value} ${unit}, the target is ${target}`);
  }
}

/** The command line leaves a service behind for half an hour; here nobody asks it again. @param {string} data */
function endService(data) {
  try {
    process.kill(JSON.parse(readFileSync(join(data, 'service.json'), 'utf8')).pid, 'SIGTERM');
  } catch {
    // None is running.
  }
}

/**
 * @typedef {{id: string, kind: string, epoch: number | null, accuracy: number, accuracy_ci95: [number, number],
 *   tokens_mean: number, n: number}} Row
 */

if (asked('recipe')) {
  for (const seed of SEEDS) {
    const data = mkdtempSync(join(tmpdir(), 'longhand-proof-'));
    try {
      const command = [node, join(root, 'dist', 'longhand.mjs'), 'run', 'two-stage-tiny', '--set', `seed=${seed}`];
      const output = await run(`The tiny recipe with seed ${seed}`, [...command, '--root', data, '--json'], { env });
      /** @type {{stages: Row[], seconds_total: number}} */
      const { stages, seconds_total } = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
      const base = stages[0];
      const sft = stages.filter(({ kind }) => kind === 'sft').at(-1);
      const grpo = stages.at(-1);
      if (!base || !sft || !grpo || grpo.kind !== 'grpo')
        throw new Error(`The table of seed ${seed} is not whole: ${output}`);
      console.error(JSON.stringify(stages));
      figure(`proof.seed${seed}.sft_gain`, 100 * (sft.accuracy - base.accuracy), 'points', '>=20');
      figure(`proof.seed${seed}.grpo_tokens_cut`, 100 * (1 - grpo.tokens_mean / sft.tokens_mean), '%', '>=30');
      // Not lower beyond its interval: the upper end of GRPO's interval reaches the accuracy that SFT had.
      figure(`proof.seed${seed}.grpo_accuracy_margin`, 100 * (grpo.accuracy_ci95[1] - sft.accuracy), 'points', '>=0');
      figure(`proof.seed${seed}.seconds`, seconds_total, 's', '<=300');
    } finally {
      endService(data);
      rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
    }
  }
}

/**
 * One evaluation of the table; `setting` tells the markers apart.
 * @typedef {Row & {of?: string, marker?: string | null}} MarkedRow
 */

if (asked('dual-phase')) {
  for (const seed of DUAL_PHASE_SEEDS) {
    const data = mkdtempSync(join(tmpdir(), 'longhand-proof-'));
    try {
      const command = [node, join(root, 'dist', 'longhand.mjs'), 'run', 'dual-phase-tiny', '--set', `seed=${seed}`];
      const output = await run(`The dual-phase recipe with seed ${seed}`, [...command, '--root', data, '--json'], {
        env,
      });
      /** @type {{stages: MarkedRow[], seconds_total: number}} */
      const { stages, seconds_total } = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
      console.error(JSON.stringify(stages));
      const base = stages.find(({ kind }) => kind === 'base');
      const joint = stages.filter(({ id }) => id === 'joint-eval');
      const multi = joint.find(({ marker }) => marker?.includes('multi-turns'));
      const rejection = joint.find(({ marker }) => marker?.includes('rejection'));
      if (!base || !multi || !rejection || joint.length !== 3)
        throw new Error(`The table of seed ${seed} is not whole: ${output}`);
      for (const one of joint) {
        // Above the base beyond chance: the lower end of its interval stands above the base's accuracy.
        const name = one === multi ? 'multi' : one === rejection ? 'rejection' : 'none';
        figure(`proof.dual.seed${seed}.${name}_margin`, 100 * (one.accuracy_ci95[0] - base.accuracy), 'points', '>=0');
      }
      figure(`proof.dual.seed${seed}.longer`, multi.tokens_mean / rejection.tokens_mean, '×', '>=1');
      figure(`proof.dual.seed${seed}.seconds`, seconds_total, 's', '<=360');
    } finally {
      endService(data);
      if (keep) console.error(`  kept: --root ${data}`);
      else rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
    }
  }
}

if (asked('reject')) {
  const test = join('test', 'service', 'runs', 'killed-sampling.test.ts');
  await run(`${SAMPLING_KILLS} kills of a stage that samples`, [...mocha, '--grep', 'reject', test], {
    env: { ...env, LONGHAND_SAMPLING_KILLS: SAMPLING_KILLS },
    show: true,
  });
  figure('proof.reject_kills', Number(SAMPLING_KILLS), 'kills', '>=20');
}

if (asked('kills')) {
  const test = join('test', 'service', 'store', 'kill.test.ts');
  await run(`${KILLS} kills of a process that ingests`, [...mocha, test], {
    env: { ...env, LONGHAND_KILLS: KILLS },
    show: true,
  });
  figure('proof.kills', Number(KILLS), 'kills', '>=100');
}
process.exit(missed > 0 ? 1 : 0);
