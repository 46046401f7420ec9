import assert from 'node:assert/strict';
import {
  distinctRounds,
  outcomeEfficiency,
  processEfficiency,
  underthinking,
  wastedShare,
} from '../../../core/metrics/efficiency.ts';
import { fromEnds, proportional } from '../../../core/metrics/token-position.ts';

const near = (a: number | null, b: number) => assert.ok(a !== null && Math.abs(a - b) < 1e-12, `${a} ≠ ${b}`);

describe('efficiency', () => {
  it('of outcomes is the mean of σ·T̂/T', () => {
    near(outcomeEfficiency([{ tokens: 100, firstRight: 25 }, { tokens: 50, firstRight: null }, { tokens: 10, firstRight: 10 }]), (0.25 + 0 + 1) / 3); // prettier-ignore
    assert.equal(outcomeEfficiency([]), null);
    assert.equal(outcomeEfficiency([{ tokens: 0, firstRight: null }]), null);
  });

  it('of processes is the mean of D/T', () => {
    const rounds = (...of: [number, boolean][]) => ({
      tokens: 0,
      rounds: of.map(([tokens, distinct]) => ({ tokens, distinct })),
    });
    near(processEfficiency([rounds([60, true], [20, false], [20, true]), rounds([10, true])]), (0.8 + 1) / 2);
    assert.equal(processEfficiency([rounds()]), null);
  });

  it('underthinking is the mean of 1 − T̂/T over wrong outputs', () => {
    near(underthinking([{ tokens: 100, firstRight: 25 }, { tokens: 40, firstRight: null }]), 0.375); // prettier-ignore
    assert.equal(underthinking([]), null);
  });

  it('waste is Σ(T − T̂)/ΣT over outputs that were right once', () => {
    near(wastedShare([{ tokens: 100, firstRight: 25 }, { tokens: 100, firstRight: 75 }, { tokens: 999, firstRight: null }]), 0.5); // prettier-ignore
    assert.equal(wastedShare([{ tokens: 9, firstRight: null }]), null);
  });

  it('a stretch whose word trigrams have been there is no solution of its own', () => {
    const first = 'Add two and two to get four. ';
    const other = 'Counting up from three gives four as well. ';
    const text = first + first + other;
    const ends = [first.length, 2 * first.length, text.length];
    assert.deepEqual(distinctRounds(text, ends).map(({ distinct }) => distinct), [true, false, true]); // prettier-ignore
    assert.deepEqual(
      distinctRounds('4 4', [1, 3]).map(({ distinct }) => distinct),
      [true, false],
    );
    assert.deepEqual(distinctRounds('', []), []);
  });
});

describe('tokens before a place', () => {
  it('by proportion are an estimate, exact at both ends', () => {
    const { at, exact } = proportional(10, 40);
    assert.deepEqual([at(0), at(20), at(40), at(99), exact], [0, 5, 10, 10, false]);
    assert.equal(proportional(10, 0).at(0), 0);
  });

  it('by token ends are those that have begun', () => {
    const { at, exact } = fromEnds(Int32Array.from([3, 4, 9]));
    assert.deepEqual([0, 1, 3, 4, 5, 9, 20].map(at), [0, 1, 1, 2, 3, 3, 3]);
    assert.equal(exact, true);
  });
});
