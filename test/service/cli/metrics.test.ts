import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FigureSet } from '../../../core/protocol/figures.ts';
import type { SetPair } from '../../../server/cli/metrics.ts';
import { longhandOn } from '../../support/command-line.ts';
import { temporaryFolder } from '../../support/service.ts';

interface Answer {
  sets: (FigureSet & { behaviours: { traces: number } | null })[];
  twoTurns: unknown[];
  entropy: { stored: boolean };
  against: { run: string; pairs: SetPair[] } | null;
}

describe('longhand metrics', () => {
  const root = temporaryFolder('metrics');

  const longhand = longhandOn(root);
  async function imported(name: string, rows: unknown[]): Promise<string> {
    const path = join(root, `${name}.jsonl`);
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const { out, err, code } = await longhand('import', path, '--json');
    assert.equal(code, 0, err);
    return (JSON.parse(out.trim().split('\n').at(-1)!) as { run: string }).run;
  }
  const object = (out: string) => JSON.parse(out.trim().split('\n').at(-1)!) as Answer;
  const rows = (answers: (string | null)[]) =>
    Array.from({ length: 6 }, (_, i) => ({
      problem: `What is ${i} + ${i}? Give the sum of both.`,
      completion: `The answer is ${answers[i] ?? 2 * i + 1}. Let me check. So \\boxed{${answers[i] ?? 2 * i + 1}}.`,
      answer: String(2 * i),
    }));

  it('has every figure of an import, and those against another run', async () => {
    const before = await imported('before', rows(['0', '2', null, null, null, null]));
    const after = await imported('after', rows(['0', '2', '4', '6', null, null]));
    const { code, out, err } = await longhand('metrics', after, '--json', '--budget', '10', '--budget', '1000', '--k', '1', '--k', '4', '--against', before); // prettier-ignore
    assert.equal(code, 0, err);
    const found = object(out);
    const [set] = found.sets;
    assert.ok(Math.abs(set!.figures!.accuracy!.mean - 4 / 6) < 1e-12);
    assert.deepEqual(set!.figures!.budgets.map(({ budget }) => budget), [10, 1000]); // prettier-ignore
    assert.equal(set!.figures!.budgets[1]!.forced?.mean, set!.figures!.accuracy!.mean);
    assert.deepEqual(set!.figures!.pass.map(({ k, refused }) => [k, refused]), [
      [1, null],
      [4, 'pass@4 needs 4 samples of each problem; every problem has fewer, the least 1'],
    ]); // prettier-ignore
    assert.equal(set!.behaviours?.traces, 6);
    assert.deepEqual([found.twoTurns, found.entropy.stored], [[], false]);
    const { run, pairs } = found.against!;
    assert.deepEqual([run, pairs.length, pairs[0]?.paired.problems], [before, 1, 6]);
    assert.deepEqual([pairs[0]?.paired.changes.wrong_to_right, pairs[0]?.paired.mcnemar?.solved], [2, 2]);

    const told = await longhand('metrics', after, '--against', before);
    assert.equal(told.code, 0, told.err);
    assert.match(told.out, /pass@1 +66\.7 %/);
    assert.match(told.out, /! all token counts are estimates/);
    assert.match(told.out, /newly solved 2, newly broken 0/);
  });

  it('says that there is no gold, never 0 %', async () => {
    const run = await imported('bare', rows([]).map(({ problem, completion }) => ({ problem: `Bare: ${problem}`, completion }))); // prettier-ignore
    const told = await longhand('metrics', run);
    assert.match(told.out, /! no gold answer: there is no accuracy/);
    assert.doesNotMatch(told.out, /^pass@1/m);
    assert.equal(object((await longhand('metrics', run, '--json')).out).sets[0]?.figures?.accuracy, null);
  });

  it('refuses what it cannot read', async () => {
    for (const wrong of [
      ['--budget', '0'],
      ['--budget', 'many'],
      ['--k', '1.5'],
    ])
      assert.equal((await longhand('metrics', 'latest', ...wrong)).code, 2, wrong.join(' '));
    assert.equal((await longhand('metrics', 'none-such')).code, 1);
  });
});
