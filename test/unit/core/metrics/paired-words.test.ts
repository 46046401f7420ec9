import assert from 'node:assert/strict';
import { accuracySentence, pText, tokensSentence } from '../../../../core/metrics/paired-words.ts';
import { pairedFigures, type PairedSample } from '../../../../core/metrics/paired.ts';

const side = (right: number, of: number, tokens = 1000): PairedSample[] =>
  Array.from({ length: of }, (_, i) => ({
    problem: `p${i}`,
    verdict: i < right ? 'right' : 'wrong',
    tokens: tokens + i,
    finish: 'stop',
  }));

describe('the sentence on chance', () => {
  it('names the difference, its interval, the problems and p', () => {
    assert.match(
      accuracySentence(pairedFigures(side(50, 200), side(70, 200))),
      /^Accuracy rose by 10\.0 points \(95 % interval \d+\.\d to \d+\.\d\) over 200 problems: unlikely to be chance \(p < 0\.0001\)\.$/,
    );
    assert.match(
      tokensSentence(pairedFigures(side(0, 9, 1000), side(0, 9, 400))),
      /^Mean length fell by 600 tokens \(95 % interval −600 to −600\) over 9 problems: unlikely to be chance \(p = 0\.004\)\.$/,
    );
  });

  it('says what could be chance', () => {
    const [before, after] = [side(50, 100), side(50, 100)];
    for (const i of [1, 2, 3, 4]) after[i]!.verdict = 'wrong';
    for (const i of [90, 91, 92, 93, 94, 95]) after[i]!.verdict = 'right';
    assert.match(
      accuracySentence(pairedFigures(before, after)),
      /^Accuracy rose by 2\.0 points \(95 % interval −\d\.\d to \d\.\d\) over 100 problems: it could be chance \(p = 0\.75\)\.$/,
    );
  });

  it('says when too few problems differ for any word', () => {
    assert.match(
      accuracySentence(pairedFigures(side(0, 3), side(3, 3))),
      /^Accuracy rose by 100\.0 points \(.*\) over 3 problems: only 3 problems differ, too few to tell it from chance \(p = 0\.25; none below 0\.25 is possible\)\.$/,
    );
    assert.match(
      accuracySentence(pairedFigures(side(0, 1), side(1, 1))),
      /by 100\.0 points over 1 problem: only 1 problem differs, .*p = 1/,
    );
  });

  it('says that nothing differs, and that nothing is known', () => {
    assert.equal(
      accuracySentence(pairedFigures(side(5, 9), side(5, 9))),
      'Accuracy is the same on each of 9 problems.',
    );
    assert.match(accuracySentence(pairedFigures([], side(5, 9))), /No problem is on both sides/);
    const noGold = side(5, 9).map((sample) => ({ ...sample, verdict: 'none' as const, tokens: null }));
    assert.match(accuracySentence(pairedFigures(noGold, side(5, 9))), /no gold, or no verdict yet/);
    assert.match(tokensSentence(pairedFigures(noGold, side(5, 9))), /nothing can be said of lengths/);
  });

  it('names completions that could not be decided', () => {
    const after = side(3, 9);
    after[8]!.verdict = 'undecided';
    assert.match(
      accuracySentence(pairedFigures(side(0, 9), after)),
      /1 completion that the checker could not decide counts as not right\.$/,
    );
  });

  it('gives p as many figures as it has', () => {
    assert.deepEqual([1, 0.9999, 0.41, 0.0412, 0.00041, 0.000004].map(pText), [
      '1',
      '1',
      '0.41',
      '0.041',
      '0.0004',
      '< 0.0001',
    ]);
  });
});
