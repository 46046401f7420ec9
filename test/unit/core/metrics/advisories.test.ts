import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { advisories, type AdvisedStage, type StepSums } from '../../../../core/metrics/advisories.ts';
import { evidenceOf, titleOf } from '../../../../core/metrics/advisory-words.ts';
import { fifths } from '../../../../core/metrics/windows.ts';

function sums(step: number, given: Partial<StepSums> = {}): StepSums {
  return {
    ...{ step, n: 100, cut: 0, right: 50, wrong: 50, tokensRight: 5_000, lengthsRight: 50, tokensWrong: 5_000 },
    ...{ lengthsWrong: 50, reward: 50, rewarded: 100, groups: 25, flatRight: 0, flatWrong: 0, flatOther: 0 },
    ...{ read: 0, looping: 0, ...given },
  };
}

function stage(of: (step: number) => Partial<StepSums>, count = 20, entropy: number[] = []): AdvisedStage {
  const steps = Array.from({ length: count }, (_, i) => sums(i + 1, of(i + 1)));
  return {
    stage: 'grpo',
    of: null,
    set: null,
    marker: null,
    steps,
    entropy: entropy.map((value, i) => ({ step: i + 1, value })),
  };
}

const kinds = (given: AdvisedStage) => advisories(given).map(({ kind, level }) => `${level} ${kind}`);

describe('advisories', () => {
  it('say nothing of a stage in which nothing is wrong, and of one without completions', () => {
    assert.deepEqual(advisories(stage(() => ({}))), []);
    assert.deepEqual(advisories(stage(() => ({}), 0)), []);
    assert.deepEqual(advisories(stage(() => ({}), 1)), []);
  });

  it('take the first and the last fifth, at least one', () => {
    assert.deepEqual(fifths([1, 2, 3]), { first: [1], last: [3] });
    assert.deepEqual(fifths([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), { first: [1, 2], last: [9, 10] });
    assert.deepEqual(fifths([]), { first: [], last: [] });
  });

  it('raise an alarm from a quarter of cut completions in the last fifth on, advice from a tenth, nothing of a few', () => {
    const cut = (from: number, n: number, of = 100) => stage((step) => ({ n: of, cut: step >= from ? n : 0 }));
    assert.deepEqual(kinds(cut(17, 25)), ['alarm truncated']);
    assert.deepEqual(kinds(cut(17, 24)), ['advice truncated']);
    assert.deepEqual(kinds(cut(17, 9)), []);
    // Of four steps the last one only: a quarter of it is a sixteenth.
    assert.deepEqual(kinds(cut(20, 25)), []);
    assert.deepEqual(kinds(cut(17, 4, 4)), []);
    const [found] = advisories(cut(17, 41));
    assert.deepEqual([found?.from, found?.to], [17, 20]);
    assert.equal(evidenceOf(found!), '41 % of 400 completions cut at the maximum length (said from 25 %)');
  });

  it('tell groups without a signal by what they are', () => {
    const found = advisories(stage(() => ({ flatRight: 10, flatWrong: 3 })));
    assert.deepEqual(kinds(stage(() => ({ flatRight: 10, flatWrong: 3 }))), ['alarm no_signal']);
    assert.equal(
      evidenceOf(found[0]!),
      '52 % of 100 groups whose rewards are all equal (said from 50 %); 40 % of 100 groups all right; 12 % of 100 groups all wrong',
    );
    assert.deepEqual(kinds(stage(() => ({ flatOther: 8 }))), ['advice no_signal']);
    assert.deepEqual(kinds(stage(() => ({ groups: 1, flatRight: 1 }))), []);
  });

  it('see wrong completions run away, but not where they were as long from the beginning', () => {
    assert.deepEqual(kinds(stage((step) => ({ tokensWrong: 5_000 + 250 * step }))), ['alarm wrong_length']);
    assert.deepEqual(kinds(stage(() => ({ tokensWrong: 10_000 }))), []);
    assert.deepEqual(kinds(stage((step) => ({ tokensWrong: 5_000 + 250 * step }), 9)), []);
    const [found] = advisories(stage((step) => ({ tokensWrong: step > 10 ? 20_000 : 5_000 })));
    assert.deepEqual(found?.evidence.map(({ value }) => value), [4, 400, 100, 100]); // prettier-ignore
  });

  it('count loops only among texts that were read', () => {
    assert.deepEqual(kinds(stage(() => ({ read: 50, looping: 5 }))), ['alarm loops']);
    assert.deepEqual(kinds(stage(() => ({ read: 100, looping: 3 }))), ['advice loops']);
    assert.deepEqual(kinds(stage(() => ({ read: 4, looping: 4 }))), []);
  });

  it('see a reward that rises while accuracy falls, where neither is noise', () => {
    const wobble = (step: number) => (step % 2 === 0 ? 1 : -1);
    const hacked = (step: number, by: number) => ({
      reward: 50 + by * step + wobble(step),
      right: 50 - by * step + wobble(step),
      wrong: 50 + by * step - wobble(step),
    });
    assert.deepEqual(kinds(stage((step) => hacked(step, 1))), ['alarm reward_without_accuracy']);
    assert.deepEqual(kinds(stage((step) => hacked(step, 0.01))), []);
    assert.deepEqual(kinds(stage((step) => hacked(step, -1))), []);
    const [found] = advisories(stage((step) => hacked(step, 1)));
    assert.equal(evidenceOf(found!), 'change of the mean reward +0.160; change of accuracy −16.0 points');
  });

  it('see entropy that collapses', () => {
    const falling = Array.from({ length: 20 }, (_, i) => 0.8 * 0.85 ** i);
    const found = advisories(stage(() => ({}), 20, falling));
    assert.equal(titleOf(found[0]!), 'Entropy has collapsed');
    assert.match(
      evidenceOf(found[0]!),
      /^\d+(\.\d)? % of the entropy at the beginning is left \(said below 20 %\); mean entropy of a token now 0\.0\d\d; /,
    );
    assert.deepEqual(advisories(stage(() => ({}), 20, falling.map((value) => value + 0.5))), []); // prettier-ignore
    assert.deepEqual(advisories(stage(() => ({ rewarded: 0 }), 20, falling)), []);
    assert.deepEqual(
      advisories(
        stage(
          () => ({}),
          20,
          Array.from({ length: 20 }, () => 0),
        ),
      ),
      [],
    );
  });

  it('put alarms before advice', () => {
    assert.deepEqual(kinds(stage(() => ({ cut: 12, flatWrong: 20 }))), ['alarm no_signal', 'advice truncated']);
  });
});
