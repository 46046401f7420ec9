import assert from 'node:assert/strict';
import { readPair, readPairs } from '../../../../core/recipes/pair.ts';

describe('KEY=VALUE', () => {
  it('has values as in YAML', () => {
    assert.deepEqual(readPair('batch=2'), ['batch', 2]);
    assert.deepEqual(readPair('learning_rate=1e-6'), ['learning_rate', 1e-6]);
    assert.deepEqual(readPair('gradient_checkpointing=true'), ['gradient_checkpointing', true]);
    assert.deepEqual(readPair('model_init_kwargs={attn_implementation: sdpa}'), [
      'model_init_kwargs',
      { attn_implementation: 'sdpa' },
    ]);
    assert.deepEqual(readPair('name=a=b'), ['name', 'a=b']);
  });

  it('takes what is no YAML as text, and nothing as an empty text', () => {
    assert.deepEqual(readPair('text=[1'), ['text', '[1']);
    assert.deepEqual(readPair('text='), ['text', '']);
  });

  it('stands beside others', () => {
    assert.deepEqual(readPairs(' batch=2  steps=16 '), { batch: 2, steps: 16 });
    assert.deepEqual(readPairs('name=two words kind=sft'), { name: 'two words', kind: 'sft' });
    assert.equal(readPairs('batch 2'), null);
    assert.equal(readPairs(''), null);
  });

  it('needs a key and a sign between', () => {
    assert.equal(readPair('batch'), null);
    assert.equal(readPair('=2'), null);
    assert.equal(readPair(''), null);
  });
});
