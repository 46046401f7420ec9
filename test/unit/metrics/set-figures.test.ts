import assert from 'node:assert/strict';
import { accuracyAt, majorityAtK, passAtK, tokenMeans } from '../../../core/metrics/accuracy.ts';
import { random, type Interval } from '../../../core/metrics/bootstrap.ts';
import { boxBy, forcedAccuracyAt } from '../../../core/metrics/budget.ts';
import { answersCollected, solvedAtK } from '../../../core/metrics/collected.ts';
import { outcomeEfficiency, processEfficiency, underthinking, wastedShare } from '../../../core/metrics/efficiency.ts';
import { countSet } from '../../../core/metrics/set-counts.ts';
import { setFigures, type FigureSample, type SetFigures } from '../../../core/metrics/set-figures.ts';

function run(samples: readonly FigureSample[], budgets: number[] = [], ks: number[] = [1]): SetFigures {
  const steps = setFigures(samples, { budgets, ks });
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

const empty = { wrongToRight: 0, rightToWrong: 0, wrongToWrong: 0, rounds: [], loops: 0, lost: 0, trigrams: 0, alike: 0, otherScript: 0, switches: 0, garbled: 0, unclosed: false, echo: false }; // prettier-ignore

function sample(problem: string, rest: Partial<FigureSample> = {}): FigureSample {
  const base = { verdict: 'right' as const, tokens: 100, tokensExact: true, finish: 'stop' as const, answer: '1' };
  return { problem, ...base, model: 'm', answers: [], text: { ...empty, firstRight: 50 }, ...rest };
}

/** Problems with several samples of every kind, the same number each. */
function made(problems: number, each: number, seed = 1): FigureSample[] {
  const draw = random(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(draw() * of.length)]!;
  return Array.from({ length: problems * each }, (_, i) => {
    const tokens = 50 + Math.floor(draw() * 1000);
    const firstRight = draw() < 0.6 ? Math.floor(draw() * tokens) : null;
    return sample(`p${i % problems}`, {
      verdict: pick(['right', 'right', 'wrong', 'undecided']),
      tokens,
      finish: pick(['stop', 'stop', 'length']),
      answer: pick(['1', '2', '3', null]),
      answers: [
        { tokens: Math.floor(tokens / 3), value: pick(['right', 'wrong']), boxed: draw() < 0.5 },
        { tokens: Math.floor(tokens / 2), value: pick(['right', 'wrong', 'undecided']), boxed: true },
      ],
      text: { ...empty, firstRight, rounds: [{ tokens: 10, distinct: true }, { tokens: 5, distinct: draw() < 0.5 }] }, // prettier-ignore
    });
  });
}

const same = (a: Interval | null | undefined, b: Interval | null) => {
  for (const key of ['mean', 'low', 'high'] as const) assert.ok(Math.abs(a![key] - b![key]) < 1e-9, `${key}: ${a![key]} ≠ ${b![key]}`); // prettier-ignore
};
const near = (a: number | undefined, b: number | null) => assert.ok(Math.abs(a! - b!) < 1e-9, `${a} ≠ ${b}`);

describe('figures of a set', () => {
  it('are those of the functions of one figure each, with the same intervals', () => {
    const samples = made(30, 4);
    const found = run(samples, [200, 700], [1, 2, 4]);
    same(found.accuracy, accuracyAt(samples));
    for (const [i, k] of [1, 2, 4].entries()) {
      same(found.pass[i]!.value, passAtK(samples, k));
      same(found.majority[i]!.value, majorityAtK(samples, k));
      same(found.solved[i]!.value, solvedAtK(samples, k));
    }
    for (const [i, budget] of [200, 700].entries()) {
      same(found.budgets[i]!.accuracy, accuracyAt(samples, budget));
      same(found.budgets[i]!.forced, forcedAccuracyAt(samples, budget));
      same(found.budgets[i]!.box, boxBy(samples, budget));
      same(found.budgets[i]!.answers, answersCollected(samples, undefined, budget));
      same(found.budgets[i]!.tokens, tokenMeans(samples, budget)!.all);
    }
    same(found.tokens.all, tokenMeans(samples)!.all);
    const outputs = samples.map(({ tokens, text }) => ({ tokens: tokens!, firstRight: text!.firstRight }));
    near(found.efficiency.outcome?.mean, outcomeEfficiency(outputs));
    near(found.efficiency.process?.mean, processEfficiency(samples.map(({ tokens, text }) => ({ tokens: tokens!, rounds: text!.rounds })))); // prettier-ignore
    const wrong = outputs.filter((_, i) => samples[i]!.verdict !== 'right' || samples[i]!.finish !== 'stop');
    near(found.efficiency.underthinking?.mean, underthinking(wrong));
    near(found.firstCorrect.wasted?.mean, wastedShare(outputs));
    near(found.curve.at(-1)?.accuracy, found.accuracy!.mean);
  });

  it('refuse k above the samples of a problem, and say how many have how few', () => {
    const samples = [...made(4, 3), sample('p0'), sample('p1')];
    const found = run(samples, [], [3, 4, 9]);
    assert.deepEqual(found.pass.map(({ refused }) => refused), [
      null,
      'pass@4 needs 4 samples of each problem; 2 of 4 problems have fewer, the least 3',
      'pass@9 needs 9 samples of each problem; every problem has fewer, the least 3',
    ]); // prettier-ignore
    assert.deepEqual(found.pass.map(({ value }) => value === null), [false, true, true]); // prettier-ignore
    assert.ok(found.marks.includes('3 to 4 samples a problem'));
  });

  it('are marked: no gold, estimates, several models, ends and lengths that are not known', () => {
    const { marks, accuracy, pass } = run([
      sample('a', { verdict: 'none', tokensExact: false, finish: null }),
      sample('b', { verdict: 'none', tokens: null, model: 'other' }),
    ]);
    assert.deepEqual([accuracy, pass[0]], [null, { k: 1, value: null, refused: null }]);
    assert.deepEqual(marks, [
      'no gold answer: there is no accuracy',
      '1 of 2 token counts are estimates',
      '1 of 2 lengths are unknown: in no mean of tokens, over every budget',
      '1 of 2 ends were not recorded and count as finished',
      'several models (m, other): their tokens do not compare',
    ]);
    assert.ok(
      run([sample('a'), sample('b', { verdict: 'none' })]).marks[0]?.startsWith('1 of 2 completions have no gold'),
    );
  });

  it('of nothing are nothing', () => {
    const found = run([], [100]);
    assert.deepEqual([found.completions, found.problems, found.accuracy, found.tokens.all, found.curve], [0, 0, null, null, []]); // prettier-ignore
    assert.equal(found.budgets[0]?.accuracy, null);
  });

  it('of one problem have no spread', () => {
    const found = run([sample('a'), sample('a', { verdict: 'wrong' })]);
    assert.deepEqual([found.accuracy?.mean, found.accuracy?.low, found.accuracy?.high, found.accuracy?.n], [0.5, 0.5, 0.5, 2]); // prettier-ignore
  });

  it('count sets of more problems than a function takes arguments', () => {
    const one = [{ ...sample('p'), model: null }];
    const counts = countSet(
      one,
      Array.from({ length: 250_000 }, () => one),
    );
    assert.deepEqual(counts.samples, { fewest: 1, most: 1 });
  });
});
