import assert from 'node:assert/strict';
import { BehaviourTally, behaviourFigures, type LengthFigures } from '../../../../core/metrics/behaviours.ts';
import { bootstrapMean, resampledSums } from '../../../../core/metrics/bootstrap.ts';

function figures(tally: BehaviourTally, base: BehaviourTally | null = null): LengthFigures {
  const steps = behaviourFigures(tally, base);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const of = (found: LengthFigures, label: string) => found.labels.find((one) => one.label === label)!;

/** 40 problems, two samples each; the length varies by problem. */
function made(times: number, verifications: number): BehaviourTally {
  const tally = new BehaviourTally();
  for (let p = 0; p < 40; p += 1)
    for (let sample = 0; sample < 2; sample += 1)
      tally.add(`p${p}`, times * (100 + 10 * p), { verification: sample * verifications });
  return tally;
}

describe('lengths and behaviours of a set', () => {
  it('gives mean tokens, spans a completion and spans for each thousand tokens', () => {
    const found = figures(made(1, 2));
    assert.equal(found.tokens!.mean, 295);
    assert.equal(of(found, 'verification').spans, 80);
    assert.equal(of(found, 'verification').completions, 40);
    assert.equal(of(found, 'verification').mean!.mean, 1);
    assert.ok(Math.abs(of(found, 'verification').rate!.mean - 1000 / 295) < 1e-12);
    assert.deepEqual(of(found, 'loop'), {
      label: 'loop',
      spans: 0,
      completions: 0,
      mean: { mean: 0, low: 0, high: 0 },
      rate: { mean: 0, low: 0, high: 0 },
      change: null,
    });
  });

  it('has the interval of the mean that the other figures have', () => {
    const groups = Array.from({ length: 40 }, (_, p) => [100 + 10 * p, 100 + 10 * p]);
    assert.deepEqual(figures(made(1, 2)).tokens, bootstrapMean(groups));
  });

  it('pairs by problem: a set that is longer by the same factor everywhere has no spread', () => {
    const found = figures(made(1.5, 3), made(1, 2));
    assert.equal(found.paired, 40);
    for (const value of Object.values(found.ratio!)) assert.ok(Math.abs(value - 1.5) < 1e-12);
    // 1.5 spans in 1.5 times the tokens.
    for (const value of Object.values(of(found, 'verification').change!)) assert.ok(Math.abs(value) < 1e-12);
    assert.ok(found.tokens!.high - found.tokens!.low > 50, 'unpaired, the problems differ');
  });

  it('compares on the problems that both have, and says nothing where there are none', () => {
    const base = new BehaviourTally();
    base.add('p0', 50, {});
    base.add('other', 1, {});
    const found = figures(made(1, 2), base);
    assert.deepEqual([found.paired, found.ratio], [1, { mean: 2, low: 2, high: 2 }]);
    assert.equal(of(found, 'verification').change!.mean, 10);
    const nothing = new BehaviourTally();
    nothing.add('other', 1, {});
    assert.deepEqual([figures(made(1, 2), nothing).paired, figures(made(1, 2), nothing).ratio], [0, null]);
  });

  it('leaves completions of unknown length out of means and rates, and counts their spans', () => {
    const tally = made(1, 2);
    tally.add('p0', null, { verification: 50 });
    const found = figures(tally);
    assert.equal(tally.unknownLength, 1);
    assert.equal(of(found, 'verification').spans, 130);
    assert.deepEqual(found.tokens, figures(made(1, 2)).tokens);
    const unknown = new BehaviourTally();
    unknown.add('p0', null, { loop: 1 });
    assert.deepEqual([figures(unknown).tokens, of(figures(unknown), 'loop').rate], [null, null]);
  });

  it('has no ratio to a base of no tokens', () => {
    const base = new BehaviourTally();
    for (let p = 0; p < 40; p += 1) base.add(`p${p}`, 0, {});
    assert.deepEqual([figures(made(1, 2), base).ratio, figures(base).labels[0]!.rate], [null, null]);
  });

  it('yields while it draws, with many problems', () => {
    const columns = [new Float64Array(5000).fill(1), new Float64Array(5000)];
    const steps = resampledSums(columns, { samples: 500 });
    let longest = 0;
    let began = performance.now();
    let step = steps.next();
    let yields = 0;
    for (; !step.done; step = steps.next()) {
      yields += 1;
      longest = Math.max(longest, performance.now() - began);
      began = performance.now();
    }
    assert.ok(yields > 5, String(yields));
    assert.equal(step.value[0]![0], 5000);
    assert.ok(longest < 500, `${longest} ms`);
  });
});
