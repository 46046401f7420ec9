import assert from 'node:assert/strict';
import { sections } from '../../../../core/traces/sections.ts';

const cut = (text: string, assumed = false) =>
  sections(text, assumed).map(({ kind, start, end }) => [kind, text.slice(start, end)]);

describe('sections', () => {
  it('splits at the thinking delimiters', () => {
    assert.deepEqual(cut('<think>a</think>b'), [
      ['reasoning', 'a'],
      ['answer', 'b'],
    ]);
    assert.deepEqual(cut('a</think>b'), [
      ['reasoning', 'a'],
      ['answer', 'b'],
    ]);
    assert.deepEqual(cut('<think>a'), [['reasoning', 'a']]);
  });

  it('takes the last closer where there are several', () => {
    assert.deepEqual(cut('<think>a</think>b</think>c'), [
      ['reasoning', 'a</think>b'],
      ['answer', 'c'],
    ]);
  });

  it('takes a text without delimiters for an answer, or for reasoning when the prompt opened it', () => {
    assert.deepEqual(cut('a'), [['answer', 'a']]);
    assert.deepEqual(cut('a', true), [['reasoning', 'a']]);
    assert.deepEqual(cut(''), [['answer', '']]);
  });

  it('reads harmony channels', () => {
    const text = '<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>';
    assert.deepEqual(cut(text), [
      ['reasoning', 'a'],
      ['answer', 'b'],
    ]);
  });

  it('reads turns of think and answer', () => {
    assert.deepEqual(cut('<|im_start|>think\na<|im_start|>answer\nb<|im_end|>'), [
      ['reasoning', 'a'],
      ['answer', 'b'],
    ]);
  });
});
