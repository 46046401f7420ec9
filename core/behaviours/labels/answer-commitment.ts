/** An answer is stated as the answer. */
import { cues, sentenceHits } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';
import type { Reading } from '../text.ts';

const scan = cues({
  inside: {
    anchors: 'answer boxed fbox conclu 答',
    strong: [
      /(?:the|my|our) (?:final |correct |required )?answer (?:is|must be|would be|to (?:the|this) (?:problem|question) is|[=:])/,
      /(?:the|my|our) (?:final |correct |required )?answer should be(?! (?:in|a|an|given|expressed|written|of|some|between|positive|at)\b)/,
      /answer:? (?:is |= ?)?[$\\(*]{0,4}-?\d/,
      /final answer/,
      /\\(?:boxed|fbox)\s?\{/,
      /答案(?:是|为|：|:)/,
    ],
    weak: [/(?:i|we) (?:can )?conclude that/, /(?:that's|that’s|that is|is|as|be) the (?:final )?answer/, /answer[:=]/],
  },
  opening: {
    anchors: 'answer final',
    strong: [
      /\W{0,6}(?:(?:so|thus|therefore|hence|then|and),? )?(?:the )?(?:final |candidate )?answer\W{0,4}(?::|is|=|$)/,
    ],
  },
});

export const answerCommitment: LabelRules = {
  label: 'answer_commitment',
  find: (reading) =>
    sentenceHits(reading, scan).map((hit) =>
      passage(reading, hit.step, through(reading, hit.step), hit.words, hit.strong ? 0.9 : 0.6),
    ),
};

/** A heading or a sentence that ends with a colon states what stands in the next step. */
function through(reading: Reading, step: number): number {
  const { start, end } = reading.steps[step]!;
  const next = reading.steps[step + 1];
  if (!next || next.end - next.start > 400) return step;
  const text = reading.text.slice(Math.max(start, end - 24), end);
  return /[:：]\W{0,3}$|\bis$|answer\W{0,4}$/i.test(text) ? step + 1 : step;
}
