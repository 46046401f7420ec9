import assert from 'node:assert/strict';
import { stepStarts, steps } from '../../../../core/traces/steps.ts';

const cut = (text: string) => steps(text).map(({ start, end }) => text.slice(start, end));

describe('steps', () => {
  it('ends sentences at stops', () => {
    assert.deepEqual(cut('One is odd. Two is even! Is three? Yes…  Good.'), [
      'One is odd.',
      'Two is even!',
      'Is three?',
      'Yes…',
      'Good.',
    ]);
  });

  it('keeps decimals, abbreviations, factorials and formulas whole', () => {
    assert.deepEqual(cut('So 0.5 is half, e.g. one of two. Next, 5! = 120 holds.'), [
      'So 0.5 is half, e.g. one of two.',
      'Next, 5! = 120 holds.',
    ]);
    assert.deepEqual(cut(String.raw`Let \(f(x). = 1\) hold. Then $a. b$ too.`), [
      String.raw`Let \(f(x). = 1\) hold.`,
      'Then $a. b$ too.',
    ]);
    assert.deepEqual(cut('See Eq. 5 and No. 7 here. Wait, no. That fails.'), [
      'See Eq. 5 and No. 7 here.',
      'Wait, no.',
      'That fails.',
    ]);
  });

  it('makes a display formula one step with the sign behind it', () => {
    const text = String.raw`We get \[ a. b = c \], so it ends. $$x. y$$ Done.`;
    assert.deepEqual(cut(text), ['We get', String.raw`\[ a. b = c \],`, 'so it ends.', '$$x. y$$', 'Done.']);
    assert.deepEqual(
      steps(text).map(({ kind }) => kind),
      ['text', 'display', 'text', 'display', 'text'],
    );
  });

  it('makes each entry of a list and each line of a calculation a step', () => {
    assert.deepEqual(cut('1. First thing\n2. Second thing\n- x = 3\n- y = 4'), [
      '1. First thing',
      '2. Second thing',
      '- x = 3',
      '- y = 4',
    ]);
  });

  it('keeps a wrapped line with the line before it', () => {
    const text = 'This sentence is long enough that somebody wrapped it at\nsome column and went on. Then more.';
    assert.equal(steps(text).length, 2);
  });

  it('takes tokens for no text', () => {
    assert.deepEqual(cut('<think>\nOne. Two.\n</think>\nThree.<|im_end|>'), ['One.', 'Two.', 'Three.']);
    assert.deepEqual(
      cut('<|channel|>analysis<|message|>One.<|end|><|start|>assistant<|channel|>final<|message|>Two.'),
      ['One.', 'Two.'],
    );
  });

  it('makes a code fence one step', () => {
    assert.deepEqual(cut('Run:\n```python\nx = 1. \ny = 2\n```\nDone.'), [
      'Run:',
      '```python\nx = 1. \ny = 2\n```',
      'Done.',
    ]);
  });

  it('knows where a paragraph opens', () => {
    assert.deepEqual(
      steps('One. Two.\n\nThree.\nFour.').map(({ opensParagraph }) => opensParagraph),
      [true, false, true, false],
    );
  });

  it('cuts Chinese at its own stops', () => {
    assert.deepEqual(cut('我们先求和。结果是5！对吗？对。'), ['我们先求和。', '结果是5！', '对吗？', '对。']);
  });

  it('has nothing for nothing', () => {
    assert.deepEqual(steps(''), []);
    assert.deepEqual(steps(' \n\n '), []);
    assert.deepEqual(stepStarts('One. Two.'), [0, 5]);
  });

  it('looks for the end of a sentence once, however often a text is cut before there is one', function () {
    this.timeout(5_000);
    assert.equal(steps('<think>a</think>'.repeat(200_000)).length, 200_000);
  });
});
