import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RewardChange } from '../../../core/protocol/reward-change.ts';
import { longhandOn } from '../../support/command-line.ts';
import { temporaryFolder } from '../../support/service.ts';

describe('longhand why', () => {
  const root = temporaryFolder('why');

  const longhand = longhandOn(root);

  it('takes apart the rewards of an import by step', async function () {
    this.timeout(60_000);
    const path = join(root, 'rollouts.jsonl');
    // Of four, one is right in the first five steps, three in the last five; its reward is 1.
    const rows = Array.from({ length: 10 }, (_, s) =>
      Array.from({ length: 4 }, (__, i) => {
        const right = i < (s < 5 ? 1 : 3);
        return {
          problem: `What is ${i} + 1?`,
          completion: `So it is \\boxed{${right ? i + 1 : 99}}.`,
          answer: String(i + 1),
          step: s + 1,
          reward: right ? 1 : 0,
        };
      }),
    ).flat();
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const imported = await longhand('import', path, '--json');
    assert.equal(imported.code, 0, imported.err);
    const { run } = JSON.parse(imported.out.trim().split('\n').at(-1)!) as { run: string };

    const whole = await longhand('why', run, '--json');
    assert.equal(whole.code, 0, whole.err);
    const { change, stage } = JSON.parse(whole.out.trim().split('\n').at(-1)!) as {
      stage: string;
      change: RewardChange;
    };
    assert.equal(stage, 'import');
    assert.deepEqual([change.before.mean, change.after.mean, change.change], [0.25, 0.75, 0.5]);
    assert.deepEqual(
      change.parts
        .filter((part) => Math.abs(part.change) > 1e-9)
        .map((part) => [part.kind, Number(part.change.toFixed(9))]),
      [['accuracy', 0.5]],
    );
    assert.equal(change.strata.problem, 16);
    const words = await longhand('why', run, 'import', '--before', '1-5', '--after', '6');
    assert.match(words.out, /Mean reward 0\.250 \(steps 1–5, 20 completions of 4 problems\) → 0\.750 \(steps 6–6/);
    assert.match(words.out, /^True accuracy +\+0\.500 .*\/import\/1\/\d+$/m);
    assert.match(words.out, /^in all +\+0\.500 /m);

    assert.equal((await longhand('why', run, '--before', 'first')).code, 2);
    assert.match((await longhand('why', run, 'sft')).err, /has no stage sft; there are import/);
    const overlap = await longhand('why', run, '--before', '1-5', '--after', '5-9');
    assert.equal(overlap.code, 1);
    assert.match(overlap.err, /overlap/);
  });
});
