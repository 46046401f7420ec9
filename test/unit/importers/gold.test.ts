import assert from 'node:assert/strict';
import { bareText, commonAffixes, GoldIndex } from '../../../server/importers/gold.ts';

const problem = (n: number): string => `How many of the ${n} apples does each of the ${n + 1} children get in the end?`;

describe('joining gold', () => {
  it('finds the instruction that stands around all problems, cut at spaces', () => {
    const texts = [1, 2, 3, 4, 5].map((n) => `Solve this now: ${problem(n)} Put the answer in \\boxed{}.`);
    assert.deepEqual(commonAffixes(texts), {
      prefixes: ['Solve this now: How many of the ', 'Solve this now: '],
      suffixes: [' children get in the end? Put the answer in \\boxed{}.', ' Put the answer in \\boxed{}.'],
    });
    assert.deepEqual(commonAffixes(texts.slice(0, 4)), { prefixes: [], suffixes: [] });
  });

  it('takes two texts as one when only their typesetting differs', () => {
    const one = 'Let $\\left(a+b\\right)^2 = \\dfrac{1}{2}$ and find $a$, for all positive integers.';
    const two = 'let  $(a+b)^2=\\frac{1}{2}$ and find a for all positive integers\n[asy] draw(0); [/asy]';
    assert.equal(bareText(one), bareText(two));
    assert.notEqual(bareText(one), bareText(one.replace('+', '-')));
    assert.equal(bareText('Find x.'), null);
  });

  it('gives nothing where two problems of the same text have different answers', () => {
    const gold = new GoldIndex();
    gold.add([
      { text: problem(1), gold: '1', sourceId: 'a' },
      { text: problem(1), gold: '2', sourceId: 'b' },
      { text: problem(2), gold: '3', sourceId: null },
    ]);
    assert.equal(gold.find(problem(1)), null);
    assert.deepEqual(gold.find(`  ${problem(2)}\n`), {
      ...{ text: problem(2), gold: '3', sourceId: null },
    });
    assert.equal(gold.find(problem(3)), null);
  });

  it('finds by the id alone, where one id names one problem', () => {
    const gold = new GoldIndex();
    gold.add([
      { text: problem(1), gold: '1', sourceId: 'a' },
      { text: problem(1), gold: '1', sourceId: 'a' },
      { text: problem(2), gold: '2', sourceId: 'b' },
      { text: problem(3), gold: '3', sourceId: 'b' },
    ]);
    assert.deepEqual([gold.findById('a')?.gold, gold.findById('b'), gold.findById('c')], ['1', null, null]);
  });

  it('joins when the file that asks puts an instruction around its problems', () => {
    const gold = new GoldIndex();
    gold.add([1, 2, 3].map((n) => ({ text: problem(n), gold: String(n), sourceId: null })));
    const asked = [1, 2, 3, 4, 5].map((n) => `${problem(n)} Think step by step.`);
    assert.equal(gold.find(asked[1] ?? ''), null);
    gold.expect(asked);
    assert.equal(gold.find(asked[1] ?? '')?.gold, '2');
  });
});
