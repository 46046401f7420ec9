/** A step is announced or a problem is split. */
import { cues, sentenceHits } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';

const scan = cues({
  strong: [
    /first(?:ly)?,? (?:i|we|let\S?s|let us|find|compute|express|consider|recall|note)/,
    /(?:i|we) (?:\w+ )?need to/,
    /let(?:'s|’s| us| me) (?:first|start|begin|try|find|compute|calculate|define|set|express|denote|consider|solve|break)/,
    /(?:next|now|then),? (?:i|we|let(?:'s|’s| us| me))/,
    /(?:our|the) (?:goal|task|aim|plan) is/,
    /step \d+/,
    /break (?:it|this|the problem) (?:down|into)/,
  ],
  weak: [/(?:first|second|third|fourth|fifth|sixth)(?:ly)?, i need/, /to (?:find|determine|solve|compute)/],
});

export const subgoal: LabelRules = {
  label: 'subgoal',
  find(reading) {
    return sentenceHits(reading, scan).map((hit) =>
      passage(reading, hit.step, hit.step, hit.words, hit.strong ? 0.9 : 0.6),
    );
  },
};
