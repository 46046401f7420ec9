import assert from 'node:assert/strict';
import { extractAnswer } from '../../core/answers/extract.ts';
import { quickCheck } from '../../core/answers/quick-check.ts';
import { needSharedData } from '../shared-data.ts';
import { readLabelled } from '../support/behaviour-agreement.ts';
import { readPairs } from '../support/answer-suites.ts';

/**
 * Pairs that a suite calls different and the quick check calls the same, by its rules: order in a bare list does not count; 50 % is
 * a half; six decimals are enough; an interval may be written as bounds.
 */
const BY_RULE = new Set(['4, 10, -2', '4, .1, 2', '1/3', '1/2', String.raw`$x \in [-2,7]$`]);

describe("other graders' tests", () => {
  it('are agreed with, and every false “right” is one of our rules', function () {
    const pairs = readPairs(needSharedData(this, 'answers'));
    let agree = 0;
    const wrong: string[] = [];
    for (const { gold, pred, expected } of pairs) {
      const { value } = quickCheck(gold, pred);
      if ((value === 'right') === expected) agree += 1;
      if (value === 'right' && !expected && !BY_RULE.has(gold)) assert.fail(`${gold} against ${pred} is not the same`);
      if (value === 'wrong' && expected) wrong.push(`${gold} against ${pred}`);
    }
    assert.ok(agree / pairs.length >= 0.92, `agreement ${agree} of ${pairs.length}`);
    assert.ok(wrong.length <= 11, wrong.join('\n'));
  });

  it('real completions that state an answer have one', function () {
    const traces = readLabelled(needSharedData(this, 'labels', 'reasoningflow', 'spans_gemini_aime24.jsonl'));
    for (const { id, text } of traces) {
      if (!text.includes('\\boxed{')) continue;
      const answer = extractAnswer(text);
      assert.ok(answer !== null && answer.rule.startsWith('boxed') && answer.text.length > 0, id);
      if (!answer.text.includes(',')) assert.equal(text.slice(answer.start, answer.end), answer.text, id);
    }
  });
});
