import assert from 'node:assert/strict';
import { countEvidence, countSpans, ratesPerThousand } from '../../../../core/behaviours/count.ts';
import { detect, DETECTOR, type DetectOptions } from '../../../../core/behaviours/detect.ts';
import type { Label } from '../../../../core/behaviours/spans.ts';

/** The texts of a label's spans. */
const of = (label: Label, text: string, options?: DetectOptions) =>
  detect(text, options)
    .filter((span) => span.label === label)
    .map(({ start, end }) => text.slice(start, end));
/** Whether the label covers a sentence that stands among others. */
const among = (label: Label, sentence: string): boolean => {
  const before = 'We are given that x + y = 10 and x - y = 4. Adding both equations gives 2x = 14. ';
  const spans = detect(`${before}${sentence} So x = 7 and y = 3. The product xy is 21.`);
  return spans.some(
    (span) => span.label === label && span.start < before.length + sentence.length && span.end > before.length,
  );
};
const outcomes = (label: Label, text: string) =>
  detect(text)
    .filter((span) => span.label === label)
    .map(({ outcome }) => outcome);

describe('detect', () => {
  const text = String.raw`<think>
First, I need \(3+4\equiv0\). Let me check: \(3+4\equiv0\). Yes, that is right.
Second, I need \(0+5\equiv3\). Let me check: \(0+5\equiv5\). Wait, that is wrong. So it is \(5\).
Let me verify all of it once more.
First, \(3+4\equiv0\).
Second, \(0+5\equiv5\).
It is the same.
So the answer is \(\boxed{5}\).
</think>
The answer is \(\boxed{5}\).`;

  it('reads a trace as a person would', () => {
    assert.deepEqual(of('verification', text), [
      String.raw`Let me check: \(3+4\equiv0\). Yes, that is right.`,
      String.raw`Let me check: \(0+5\equiv5\). Wait, that is wrong. So it is \(5\).`,
      'Let me verify all of it once more.\nFirst, \\(3+4\\equiv0\\).\nSecond, \\(0+5\\equiv5\\).\nIt is the same.',
    ]);
    assert.deepEqual(outcomes('verification', text), ['holds', 'fails', 'holds']);
    assert.deepEqual(of('backtracking', text), ['Wait, that is wrong.']);
    assert.deepEqual(outcomes('backtracking', text), ['changes']);
    assert.deepEqual(of('subgoal', text), [
      String.raw`First, I need \(3+4\equiv0\).`,
      String.raw`Let me check: \(3+4\equiv0\).`,
      String.raw`Second, I need \(0+5\equiv3\).`,
      String.raw`Let me check: \(0+5\equiv5\).`,
      'Let me verify all of it once more.',
    ]);
    assert.deepEqual(of('answer_commitment', text), [
      String.raw`So the answer is \(\boxed{5}\).`,
      String.raw`The answer is \(\boxed{5}\).`,
    ]);
    assert.deepEqual(of('marker', text), ['<think>', 'Wait', '</think>']);
  });

  it('says who found what, by what, in which text', () => {
    for (const span of detect(text, { in: 'prompt' })) {
      assert.equal(span.in, 'prompt');
      assert.equal(span.detector, DETECTOR.name);
      assert.equal(span.version, DETECTOR.version);
      assert.ok(span.confidence > 0 && span.confidence <= 1);
      assert.ok(span.evidence.length > 0);
    }
  });

  it('gives the same spans for the same text', () => {
    assert.deepEqual(detect(text), detect(text));
  });

  it('does not take a check that is not made for one', () => {
    for (const sentence of [
      'There is no need to check this.',
      "We don't need to verify that.",
      'I skip checking it.',
      'The clerk wrote a check for $5.',
    ]) {
      assert.equal(among('verification', sentence), false, sentence);
    }
  });

  it('ends a check at its result', () => {
    const check =
      "Let me double-check. The sum of 3 and 4 is 7. Twice that is 14. That matches. Now let's find the area.";
    assert.deepEqual(of('verification', check), [
      'Let me double-check. The sum of 3 and 4 is 7. Twice that is 14. That matches.',
    ]);
    const unsaid = 'Let me check.\n\n### Next part\n\nSomething else.';
    assert.deepEqual(of('verification', unsaid), ['Let me check.']);
    assert.deepEqual(outcomes('verification', unsaid), [undefined]);
  });

  it('does not carry a check over the end of the thought', () => {
    assert.equal(of('verification', 'Let me check it.</think>That is right.')[0], 'Let me check it.');
  });

  it('finds approaches and results that are given up', () => {
    for (const sentence of [
      'Alternatively, we could use symmetry.',
      "Wait, that's not right.",
      'Hmm, let me think differently.',
      'This approach does not work.',
      'Wait, I made a mistake there.',
      "Let's try another approach.",
      'Maybe there is a smarter way.',
    ]) {
      assert.ok(among('backtracking', sentence), sentence);
    }
    for (const sentence of [
      'The train moves back to A.',
      'We made the substitution above.',
      'Wait, that is right.',
      'Maybe I made a mistake there.',
      "I don't think I made a mistake.",
      'That works in another country.',
    ]) {
      assert.equal(among('backtracking', sentence), false, sentence);
    }
  });

  it('finds announced steps, not steps that are done', () => {
    for (const sentence of [
      "First, let's find the radius.",
      'I need to compute the area.',
      'Step 2: Solve for x.',
      '\n\n### Finding the period\n\n',
      'Next, compute the left side:',
      'Now, we need to count the paths.',
      'Let me check that.',
      '\nMultiply both sides by 3:\n',
    ]) {
      assert.ok(among('subgoal', sentence), sentence);
    }
    for (const sentence of [
      "Let's denote the radius by r.",
      'Let x be the number of coins.',
      'The first term is 3.',
      'Let me compute: 3 + 4 = 7 = 8 - 1.',
    ]) {
      assert.equal(among('subgoal', sentence), false, sentence);
    }
  });

  it('finds doubt', () => {
    for (const sentence of [
      "I'm not sure about this.",
      'Hmm, this is getting messy.',
      "Hmm, I'm not sure how to go on.",
      "I don't remember the formula.",
      'Maybe I made a mistake there.',
    ]) {
      assert.ok(among('uncertainty', sentence), sentence);
    }
    for (const sentence of [
      'The set is not empty. It is a complex number.',
      'Wait, but is the angle acute?',
      'Maybe n is even.',
    ]) {
      assert.equal(among('uncertainty', sentence), false, sentence);
    }
  });

  it('finds reasoning from the goal', () => {
    for (const sentence of [
      'Working backward, the last state must be 5.',
      'For this to be an integer, n must divide 12.',
      'In order for Bob to win, the remainder must be 0.',
      'It suffices to show that the sum is even.',
      'Suppose the answer is 7.',
    ]) {
      assert.ok(among('backward_reasoning', sentence), sentence);
    }
    assert.equal(among('backward_reasoning', 'For all n we have 3 values to consider.'), false);
    assert.equal(among('backward_reasoning', 'He walked backwards.'), false);
  });

  it('finds restarts, cases and loops', () => {
    assert.equal(of('restart', 'Let me start over from the beginning.').length, 1);
    assert.equal(of('case_split', 'Case 1: n is even.').length, 1);
    assert.equal(of('case_split', 'There are three cases to consider.').length, 1);
    const cycle = 'Perhaps the pattern goes on. So we count the vertices again. ';
    assert.deepEqual(of('loop', `Start here. ${cycle.repeat(4)}End.`), [cycle.repeat(4).trim()]);
    assert.deepEqual(of('loop', `${cycle.repeat(2)}End.`), []);
  });

  it('marks tokens, style markers and words of reflection where they begin a clause', () => {
    assert.deepEqual(
      of('marker', '<|im_start|>assistant\nHmm, so. [fast] Wait a bit; they wait.<|im_end|>', { markers: ['[fast]'] }),
      ['<|im_start|>assistant', 'Hmm', '[fast]', 'Wait', '<|im_end|>'],
    );
  });

  it("leaves the problem's own words alone", () => {
    const problem = 'Bob checks whether his answer is right. Find the number of ways.';
    const completion = 'Bob checks whether his answer is right. Let me verify: 3 = 3, correct.';
    assert.deepEqual(of('verification', completion, { problem }), ['Let me verify: 3 = 3, correct.']);
  });

  it('reads Chinese cues', () => {
    assert.deepEqual(of('verification', '我们验证一下。3加4等于7。正确。'), ['我们验证一下。3加4等于7。正确。']);
    assert.equal(of('backtracking', '不对，换个思路。').length, 1);
  });

  it('looks at no code', () => {
    assert.deepEqual(of('verification', '```\n# let me check this\nassert x == 3\n```'), []);
  });

  it('has nothing for nothing', () => {
    assert.deepEqual(detect(''), []);
    assert.deepEqual(detect('   \n'), []);
  });
});

describe('counts', () => {
  const spans = detect('Wait, let me think. Hmm, wait. Case 1: x = 1.');

  it('counts by label and by evidence', () => {
    assert.equal(countSpans(spans).case_split, 1);
    assert.deepEqual(countEvidence(spans, 'marker'), [
      { evidence: 'Hmm', n: 1 },
      { evidence: 'Wait', n: 1 },
      { evidence: 'wait', n: 1 },
    ]);
    assert.deepEqual(countSpans([]), {});
  });

  it('gives rates by a thousand tokens', () => {
    assert.deepEqual(ratesPerThousand({ marker: 3 }, 1500), { marker: 2 });
  });
});
