import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareWhatIf, rank, whatIf, type LengthRule, type StoredSample } from '../../../../core/metrics/what-if.ts';

interface Held {
  stored: Record<string, Record<string, [number, boolean, number][]>>;
  cases: {
    stored: number;
    rounds: number[];
    length: LengthRule;
    keep: number;
    expected: [number, number, number, number, number, number | null];
  }[];
  ranks: [number[], LengthRule, number[]][];
}

describe('metrics/what-if', () => {
  const folder = join(import.meta.dirname, '..', '..', '..', '..', 'server', 'engine', 'tests');
  const held = JSON.parse(readFileSync(join(folder, 'what_if.json'), 'utf8')) as Held;
  const problems = new Map(
    Object.entries(held.stored).map(([size, by]) => [
      size,
      new Map(
        Object.entries(by).map(([name, samples]): [string, StoredSample[]] => [
          name,
          samples.map(([sample, right, tokens]) => ({ sample, right, tokens })),
        ]),
      ),
    ]),
  );

  it('finds what the engine finds', () => {
    assert.ok(held.cases.length >= 100);
    for (const { stored, expected, ...settings } of held.cases) {
      const found = whatIf(problems.get(String(stored))!.values(), settings);
      const mean = found.kept.length > 0 ? found.kept.reduce((a, b) => a + b, 0) / found.kept.length : null;
      assert.deepEqual(
        [found.problems, found.solved, found.samples, found.kept.length, found.incomplete, mean],
        expected,
        JSON.stringify(settings),
      );
    }
    for (const [lengths, rule, places] of held.ranks) assert.deepEqual(rank(lengths, rule), places);
  });

  it('sets it beside what the stage did, every kept sample in one bin', () => {
    const stored = problems.get('25')!;
    const settings = { rounds: [2, 4, 16], length: 'median_of_correct' as const, keep: 1 };
    const { own, asked, edges, ownKept, askedKept } = compareWhatIf(stored, settings, { rounds: [2], keep: 2 });
    const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
    assert.deepEqual([sum(ownKept), sum(askedKept)], [own.rows, asked.rows]);
    assert.ok(asked.solved < own.solved && asked.samples === 2 * 25);
    assert.equal(edges.length, ownKept.length + 1);
    assert.deepEqual(compareWhatIf(stored, settings, {}).asked, own);
    assert.deepEqual(compareWhatIf(new Map(), settings, {}).edges, []);
  });
});
