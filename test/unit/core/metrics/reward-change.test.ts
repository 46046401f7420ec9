import assert from 'node:assert/strict';
import fc from 'fast-check';
import { rewardChange, type RewardChangeFigures } from '../../../../core/metrics/reward-change.ts';
import { states, type CompletionState } from '../../../../core/metrics/reward-factors.ts';
import type { ChangeKind, RewardComponent, RewardedCompletion } from '../../../../core/metrics/reward-table.ts';

const accuracy: RewardComponent = { name: 'accuracy', kind: 'value' };
const format: RewardComponent = { name: 'format', kind: 'format' };
const cosine: RewardComponent = { name: 'cosine', kind: 'length' };

const near = (a: number, b: number, by = 1e-12) => assert.ok(Math.abs(a - b) < by, `${a} is not ${b}`);

/** 1 for right, else 0, in the first component. */
const one = (problem: string, state: CompletionState, ...more: number[]): RewardedCompletion => ({
  problem,
  state,
  parts: [state === 'right' ? 1 : 0, ...more],
  tokens: 100,
});
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

function changesOf(figures: RewardChangeFigures | null): Partial<Record<ChangeKind, number>> {
  assert.ok(figures);
  return Object.fromEntries(
    figures.parts.flatMap(({ kind, change }) => (Math.abs(change) < 1e-12 ? [] : [[kind, change]])),
  );
}

describe('the change of a mean reward', () => {
  const completion = fc.record({
    problem: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    state: fc.constantFrom(...states),
    parts: fc.tuple(fc.double({ min: -2, max: 2, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true })),
    tokens: fc.option(fc.integer({ min: 1, max: 999 })),
  });
  const sets = fc.tuple(
    fc.array(completion, { minLength: 1, maxLength: 25 }),
    fc.array(completion, { minLength: 1, maxLength: 25 }),
  );
  const difficulty = new Map([
    ['a', 0.1],
    ['d', 1],
  ]);

  it('is the sum of its parts, and each part the sum of its components', () => {
    fc.assert(
      fc.property(sets, ([before, after]) => {
        const figures = rewardChange(before, after, [cosine, format], { difficulty })!;
        const mean = (set: typeof before) => set.reduce((sum, { parts }) => sum + parts[0] + parts[1], 0) / set.length;
        near(figures.change, mean(after) - mean(before), 1e-9);
        near(
          figures.parts.reduce((sum, { change }) => sum + change, 0),
          figures.change,
          1e-9,
        );
        for (const { change, byComponent } of figures.parts) near(byComponent[0]! + byComponent[1]!, change, 1e-9);
      }),
      { numRuns: 30 },
    );
  });

  it('turns its sign, part by part, when the sets change places', () => {
    fc.assert(
      fc.property(sets, ([before, after]) => {
        const [forth, back] = [
          rewardChange(before, after, [cosine, format], { difficulty })!,
          rewardChange(after, before, [cosine, format], { difficulty })!,
        ];
        for (const [i, { change }] of forth.parts.entries()) near(change, -back.parts[i]!.change, 1e-9);
      }),
      { numRuns: 20 },
    );
  });

  it('has no part in what is the same for all', () => {
    fc.assert(
      fc.property(sets, ([before, after]) => {
        const constant = (set: RewardedCompletion[]) => set.map((c) => ({ ...c, parts: [...c.parts, 5] }));
        const [plain, more] = [
          rewardChange(before, after, [cosine, format], { difficulty })!,
          rewardChange(constant(before), constant(after), [cosine, format, accuracy], { difficulty })!,
        ];
        for (const { kind, change } of plain.parts)
          near(change, more.parts.find((part) => part.kind === kind)!.change, 1e-9);
        near(more.parts.find(({ kind }) => kind === 'value')!.change, 0, 1e-9);
      }),
      { numRuns: 15 },
    );
  });
});

describe('one cause alone', () => {
  // Four problems in both sets, ten completions each.
  const set = (make: (problem: string, i: number) => RewardedCompletion) =>
    times(4, (p) => times(10, (i) => make(`p${p}`, i))).flat();
  const half = set((problem, i) => one(problem, i < 5 ? 'right' : 'wrong'));

  for (const [state, kind] of [
    ['wrong', 'accuracy'],
    ['unanswered', 'extraction'],
    ['cut', 'truncation'],
    ['undecided', 'checker'],
    ['ungraded', 'gold'],
  ] as const) {
    it(`is all of the change: ${kind}`, () => {
      // In place of as many right and wrong ones alike, so that the others keep their chances; of the wrong ones, only right ones.
      const after = set((problem, i) => {
        if (state === 'wrong') return one(problem, i < 1 ? 'right' : 'wrong');
        return one(problem, i < 8 ? state : i < 9 ? 'right' : 'wrong');
      });
      const figures = rewardChange(half, after, [accuracy]);
      assert.deepEqual(Object.keys(changesOf(figures)), [kind]);
      near(changesOf(figures)[kind]!, -0.4);
      const part = figures!.parts.find((found) => found.kind === kind)!;
      assert.ok(part.exemplars.length > 0);
      const [first] = part.exemplars;
      assert.equal(first!.side, 'after');
      assert.equal(after[first!.at]!.state, state);
      assert.ok(part.exemplars.every(({ moved }) => moved < 0));
      assert.ok(part.exemplars.length <= 8, 'at most two of a problem');
    });
  }

  it('is all of the change: another mix of the same problems', () => {
    const pool = (hard: number) => [
      ...times(hard, () => one('hard', 'wrong')),
      ...times(20 - hard, () => one('easy', 'right')),
    ];
    const figures = rewardChange(pool(5), pool(15), [accuracy]);
    assert.deepEqual(Object.keys(changesOf(figures)), ['mix']);
    near(figures!.change, -0.5);
    assert.deepEqual(figures!.strata, { problem: 40, difficulty: 0, unknown: 0 });
    const part = figures!.parts.find(({ kind }) => kind === 'mix')!;
    assert.equal(pool(15)[part.exemplars[0]!.at]!.problem, 'hard');
    assert.ok(part.exemplars.length <= 4, 'at most two of a problem');
  });

  it('is all of the change: other problems of known difficulty', () => {
    const pool = (name: string, hard: number) => [
      ...times(hard, (i) => one(`${name} hard ${i}`, 'wrong')),
      ...times(20 - hard, (i) => one(`${name} easy ${i}`, 'right')),
    ];
    const [before, after] = [pool('x', 5), pool('y', 15)];
    const difficulty = new Map(
      [...before, ...after].map(({ problem }) => [problem, problem.includes('hard') ? 0.05 : 0.9]),
    );
    assert.deepEqual(Object.keys(changesOf(rewardChange(before, after, [accuracy], { difficulty }))), ['mix']);
    const unknown = rewardChange(before, after, [accuracy]);
    assert.deepEqual(Object.keys(changesOf(unknown)), ['accuracy']);
    assert.deepEqual(unknown!.strata, { problem: 0, difficulty: 0, unknown: 40 });
  });

  it('is all of the change: format, and a term of length, of the same answers', () => {
    const make = (boxed: number, long: number) =>
      set((problem, i) => one(problem, i < 5 ? 'right' : 'wrong', i % 5 < boxed ? 1 : 0, -long));
    const components = [accuracy, format, cosine];
    assert.deepEqual(Object.keys(changesOf(rewardChange(make(1, 0.5), make(4, 0.5), components))), ['format']);
    const length = changesOf(rewardChange(make(1, 0.5), make(1, 0.25), components));
    assert.deepEqual(Object.keys(length), ['length']);
    near(length.length!, 0.25);
  });
});

describe('two causes', () => {
  it('share what they have in common', () => {
    // Before: all finish, half of them right. After: half are cut, all others are right. 0.5·1 = 1·0.5: the reward stays.
    const before = times(8, (i) => one(`p${i % 2}`, i < 4 ? 'right' : 'wrong'));
    const after = times(8, (i) => one(`p${i % 2}`, i < 4 ? 'right' : 'cut'));
    const changes = changesOf(rewardChange(before, after, [accuracy]));
    // (1 − t)·a from (1, ½) to (½, 1): −½ · (½ + 1)/2 for t, ½ · (1 + ½)/2 for a.
    assert.deepEqual(Object.keys(changes).toSorted(), ['accuracy', 'truncation']);
    near(changes.truncation!, -0.375);
    near(changes.accuracy!, 0.375);
  });
});

describe('exemplars', () => {
  const of = (figures: RewardChangeFigures | null, kind: ChangeKind) =>
    figures!.parts.find((part) => part.kind === kind)!.exemplars;

  it('of a rise of accuracy are newly right ones, first those of problems that got better', () => {
    const before = [one('same', 'right'), one('same', 'wrong'), one('better', 'wrong'), one('better', 'wrong')];
    const after = [one('same', 'right'), one('same', 'wrong'), one('better', 'right'), one('better', 'right')];
    const found = of(rewardChange(before, after, [accuracy]), 'accuracy');
    assert.deepEqual(
      found.map(({ side, at }) => `${side} ${at}`),
      ['after 2', 'after 3', 'after 0', 'before 1'],
    );
    assert.ok(found.every(({ moved }) => moved > 0));
  });

  it('of a term of length are the longest where it fell, the shortest of the other set with them', () => {
    const long = (lengths: number[]) =>
      lengths.map((length, i) => ({ problem: `p${i}`, state: 'right' as const, parts: [-length], tokens: length }));
    const found = of(rewardChange(long([1, 2, 3]), long([4, 9, 2]), [cosine]), 'length');
    // The other means are 2 and 5.
    assert.deepEqual(
      found.map(({ side, at, moved }) => [side, at, Number(moved.toFixed(6))]),
      [
        ['after', 1, -7 / 3],
        ['before', 0, -4 / 3],
        ['before', 1, -1],
        ['after', 0, -2 / 3],
        ['before', 2, -2 / 3],
      ].map(([side, at, moved]) => [side, at, Number((moved as number).toFixed(6))]),
    );
  });

  it('are bounded, of all and of one problem', () => {
    const set = (state: CompletionState) => times(60, (i) => one(`p${i % 6}`, i % 2 === 0 ? state : 'right'));
    const figures = rewardChange(set('right'), set('cut'), [accuracy], { exemplars: 5 });
    assert.equal(of(figures, 'truncation').length, 5);
    assert.equal(of(rewardChange(set('right'), set('cut'), [accuracy]), 'truncation').length, 6);
  });
});

describe('the figures beside it', () => {
  it('count states, problems and lengths, and have intervals that hold the change', () => {
    const set = (right: number) => times(60, (i) => one(`p${i % 30}`, i % 10 < right ? 'right' : 'wrong'));
    const figures = rewardChange(set(3), set(7), [accuracy])!;
    assert.deepEqual(figures.before, {
      completions: 60,
      problems: 30,
      mean: 0.3,
      components: [0.3],
      states: { ungraded: 0, undecided: 0, cut: 0, unanswered: 0, right: 18, wrong: 42 },
      tokens: 100,
    });
    const { mean, low, high } = figures.interval!;
    assert.ok(low < mean && mean < high && low > 0.2 && high < 0.6, JSON.stringify(figures.interval));
    assert.equal(figures.resamples, 1000);
    const mix = figures.parts.find(({ kind }) => kind === 'mix')!;
    near(mix.change, 0);
  });

  it('are null for an empty set, and have no interval with one problem', () => {
    assert.equal(rewardChange([], [one('a', 'right')], [accuracy]), null);
    const figures = rewardChange([one('a', 'wrong')], [one('a', 'right')], [accuracy])!;
    assert.deepEqual([figures.change, figures.interval, figures.resamples], [1, null, 0]);
    assert.throws(() => rewardChange([one('a', 'right', 3)], [one('a', 'right')], [accuracy]), RangeError);
  });
});
