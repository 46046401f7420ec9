import assert from 'node:assert/strict';
import { estimatedTokenFacts } from '../../../../core/traces/tokens.ts';

describe('estimatedTokenFacts', () => {
  it('estimates all, reasoning and answer, and says that they are estimates', () => {
    const facts = estimatedTokenFacts(`<think>${'a'.repeat(330)}</think>${'b'.repeat(33)}`);
    assert.equal(facts.reasoning_tokens, 100);
    assert.equal(facts.answer_tokens, 10);
    assert.equal(facts.tokens, Math.round((330 + 33 + 15) / 3.3));
    assert.equal(facts.tokens_exact, false);
  });

  it('has nothing to count in an empty completion', () => {
    assert.equal(estimatedTokenFacts('').tokens, 0);
  });
});
