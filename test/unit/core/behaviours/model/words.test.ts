import assert from 'node:assert/strict';
import { hashOf, hashOfWord } from '../../../../../core/behaviours/model/hash.ts';
import { recurrences } from '../../../../../core/behaviours/model/recurrence.ts';
import { MATHS, wordsOf } from '../../../../../core/behaviours/model/words.ts';
import { steps } from '../../../../../core/traces/steps.ts';

const words = (text: string) => steps(text).map((step) => wordsOf(text, step));

describe('words of a step', () => {
  it('are alike in any letter case, with either apostrophe, and for any number and name', () => {
    const [a] = words("Let's check x = 12.");
    const [b] = words('LET’S check y = 7,500.25.');
    assert.deepEqual([...a!.tokens], [...b!.tokens]);
    assert.deepEqual(b!.numbers, ['7500.25']);
    assert.equal(a!.tokens[0], hashOf("let's"));
  });

  it('say where they stand', () => {
    const text = 'So 3 + 4 = 7.';
    const [found] = words(text);
    const said = [...found!.tokens].map((_, i) => text.slice(found!.starts[i], found!.starts[i + 1]).trim());
    assert.deepEqual(said, ['So', '3', '+', '4', '=', '7', '.']);
    assert.deepEqual([found!.numbers, found!.result], [['3', '4', '7'], 2]);
  });

  it('have a skeleton in which each stretch of mathematics is one', () => {
    const skeleton = (text: string) => [...words(text)[0]!.skeleton];
    const said = [hashOf('so'), MATHS, hashOf('must'), hashOf('be'), MATHS, hashOf('.')];
    assert.deepEqual(skeleton('So \\( a^2 + \\frac{1}{2} \\) must be 3x + 12.'), said);
    assert.deepEqual(skeleton('So $k^2$ must be x.'), said);
    assert.deepEqual(
      skeleton('So a pen costs $5.'),
      ['so', 'a', 'pen', 'costs'].map(hashOf).concat(MATHS, hashOf('.')),
    );
  });

  it('have a number of 32 bits each, the same as the whole word', () => {
    assert.equal(hashOfWord('xxAlternativelyyy', 2, 15), hashOf('alternatively'));
    assert.notEqual(hashOf('check'), hashOf('cheek'));
  });
});

describe('what was there before', () => {
  const of = (text: string, problem?: string) => recurrences(words(text), problem ? words(problem)[0]! : null);

  it('is a result that was found already, near or far', () => {
    const far = 'We go on. '.repeat(9);
    const found = of(`Here 7 * 8 = 56. Then 50 + 6 = 56. ${far}Again 28 + 28 = 56. New is 28 + 29 = 57.`);
    assert.deepEqual([found[0]!.result, found[1]!.result, found.at(-2)!.result, found.at(-1)!.result], [3, 1, 2, 3]);
    assert.deepEqual([found[0]!.times, found[1]!.times, found.at(-2)!.times], [0, 1, 2]);
  });

  it('is a formula that stood there as it is', () => {
    const found = of('So 12 + 30 = 42. Let me see: 12 + 30 = 42. And 12 + 31 = 43.');
    assert.deepEqual(
      found.map(({ equation }) => equation),
      [false, true, false],
    );
  });

  it('is a number of the problem', () => {
    const found = of('There are 48 clips. There are 72 in all. There are 3.', 'She sold 48 clips in April.');
    assert.deepEqual(
      found.map(({ given }) => given),
      [1, 2, 0],
    );
  });
});
