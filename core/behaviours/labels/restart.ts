/** The solution is begun again from the start. */
import { cues, sentenceHits } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';

const scan = cues({
  strong: [
    /let(?:'s|’s| me| us) (?:start|begin) (?:over|again|afresh|from scratch)/,
    /start(?:ing)? (?:over|from scratch|again)/,
    /let(?:'s|’s| me| us) re(?:do|start)(?: (?:this|it|the))?/,
    /from the (?:very )?(?:beginning|start)/,
  ],
  weak: [/let(?:'s|’s| me| us) try (?:this |it )?again/],
  literal: [/重新(?:开始|计算)/],
});

export const restart: LabelRules = {
  label: 'restart',
  find(reading) {
    return sentenceHits(reading, scan).map((hit) =>
      passage(reading, hit.step, hit.step, hit.words, hit.strong ? 0.9 : 0.6),
    );
  },
};
