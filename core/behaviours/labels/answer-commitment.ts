/** An answer is stated as the answer. */
import { sentenceLabel } from './sentence-label.ts';

export const answerCommitment = sentenceLabel('answer_commitment', {
  inside: {
    anchors: 'answer boxed fbox 答案 conclu',
    strong: [
      /(?:the|my|our) (?:final |correct |required )?answer (?:is|should be|must be|would be|to (?:the|this) (?:problem|question) is|[=:])/,
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
