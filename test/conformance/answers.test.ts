import assert from 'node:assert/strict';
import { extractAnswer } from '../../core/answers/extract.ts';
import { needSharedData } from '../shared-data.ts';
import { readLabelled } from '../support/behaviour-agreement.ts';
import { checkerWords, quickWord, readPairs } from '../support/answer-suites.ts';

/**
 * Pairs that a suite calls different and the quick check calls the same, by its policy: order in a bare list does not count; 50 % is
 * a half; six decimals are enough; an interval may be written as bounds.
 */
const BY_POLICY = new Set(['4, 10, -2', '4, .1, 2', '1/3', '1/2', String.raw`$x \in [-2,7]$`]);

describe("other graders' tests", () => {
  it('are agreed with, and every false “right” is by our policy', function () {
    const pairs = readPairs(needSharedData(this, 'answers'));
    let agree = 0;
    const wrong: string[] = [];
    for (const pair of pairs) {
      const { gold, pred, expected } = pair;
      const { value } = quickWord(pair);
      if ((value === 'right') === expected) agree += 1;
      if (value === 'right' && !expected && !BY_POLICY.has(gold))
        assert.fail(`${gold} against ${pred} is not the same`);
      if (value === 'wrong' && expected) wrong.push(`${gold} against ${pred}`);
    }
    assert.ok(agree / pairs.length >= 0.94, `agreement ${agree} of ${pairs.length}`);
    assert.ok(wrong.length <= 9, wrong.join('\n'));
  });

  it('get the same word from the quick check as from Math-Verify', function () {
    this.timeout(300_000);
    const python = process.env.LONGHAND_PYTHON;
    const pairs = readPairs(needSharedData(this, 'answers'));
    if (!python) this.skip();
    const words = checkerWords(python, pairs);
    const quick = pairs.map((pair) => quickWord(pair).value);
    const agree = quick.filter((value, i) => (value === 'right') === (words[i] === true)).length;
    const falseRight = pairs.filter((_, i) => quick[i] === 'right' && words[i] !== true);
    assert.ok(agree / pairs.length >= 0.95, `agreement ${agree} of ${pairs.length}`);
    assert.ok(falseRight.length / pairs.length < 0.01, JSON.stringify(falseRight, null, 1));
  });

  it('real completions that state an answer have one', function () {
    const traces = readLabelled(needSharedData(this, 'labels', 'reasoningflow', 'spans_gemini_aime24.jsonl'));
    for (const { id, text } of traces) {
      if (!text.includes('\\boxed{')) continue;
      const answer = extractAnswer(text);
      assert.ok(answer !== null && answer.rule.startsWith('boxed') && answer.text.length > 0, id);
      assert.equal(text.slice(answer.start, answer.end), answer.text, id);
    }
  });
});
