/** From the goal to what it needs. */
import { cues, sentenceHits } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';

const scan = cues({
  strong: [
    /work(?:ing)? backwards?/,
    /backwards? from/,
    /reverse[- ]engineer\w*/,
    /in order (?:for|to) (?:\S+ ){1,6}(?:must|we need)/,
    /suppose the answer is/,
    /if the answer (?:is|were|was)/,
    /assume the answer/,
  ],
  weak: [/for this to (?:be|hold|happen|work)/, /it suffices to/, /we want (?:\S+ ){1,4}so/],
});

export const backwardReasoning: LabelRules = {
  label: 'backward_reasoning',
  find(reading) {
    return sentenceHits(reading, scan).map((hit) =>
      passage(reading, hit.step, hit.step, hit.words, hit.strong ? 0.9 : 0.6),
    );
  },
};
