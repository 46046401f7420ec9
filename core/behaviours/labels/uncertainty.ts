/** The text doubts, or says that it does not know. */
import { cues, sentenceHits } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';

const scan = cues({
  strong: [
    /hmm+/,
    /i(?:'m|’m| am) not (?:\w+ )?(?:sure|certain)/,
    /not sure/,
    /i(?:'m|’m| am) (?:\w+ )?(?:confused|stuck|unsure)/,
    /this is (?:confusing|tricky)/,
    /i (?:don't|don’t|do not) (?:know|remember|recall)/,
    /i (?:doubt|wonder)/,
  ],
  weak: [/maybe/, /perhaps/, /might be/, /not clear/, /unclear/, /possibly/, /i guess/],
});

export const uncertainty: LabelRules = {
  label: 'uncertainty',
  find(reading) {
    return sentenceHits(reading, scan).map((hit) =>
      passage(reading, hit.step, hit.step, hit.words, hit.strong ? 0.9 : 0.6),
    );
  },
};
