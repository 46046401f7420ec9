/** An answer is stated as the answer. */
import { cues, sentenceHits } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';

const scan = cues({
  strong: [
    /(?:the|my|our) (?:final |correct )?answer (?:is|should be|must be|would be|=|:)/,
    /(?:final|candidate) answer/,
  ],
  literal: [/\\boxed ?\{/, /答案(?:是|为)/],
});

export const answerCommitment: LabelRules = {
  label: 'answer_commitment',
  find(reading) {
    return sentenceHits(reading, scan).map((hit) =>
      passage(reading, hit.step, hit.step, hit.words, hit.strong ? 0.9 : 0.6),
    );
  },
};
