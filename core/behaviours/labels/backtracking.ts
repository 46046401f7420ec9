/** An approach or a result is given up. */
import { cues, sentenceHits } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';

const scan = cues({
  strong: [
    /wait/,
    /that(?:'s|’s| is| was| can't| can’t| cannot)(?: \w+){0,2} (?:wrong|incorrect|not right|be right|a mistake)/,
    /(?:i|we) (?:made|must have made|may have made) (?:a |an )?(?:\w+ )?(?:mistake|error)/,
    /my mistake/,
    /let(?:'s|’s| me| us) (?:try|think of|consider|find) (?:a different|another)/,
    /(?:this|that)(?: approach| method)? (?:doesn't|doesn’t|does not|didn't|didn’t|won't|isn't|isn’t|is not) work\w*/,
    /dead end/,
    /contradict(?:s|ion|ory)/,
    /alternatively/,
    /going back to/,
  ],
  weak: [/actually/, /on second thought/, /scratch that/, /instead/],
});

export const backtracking: LabelRules = {
  label: 'backtracking',
  find(reading) {
    return sentenceHits(reading, scan).map((hit) =>
      passage(reading, hit.step, hit.step, hit.words, hit.strong ? 0.9 : 0.6),
    );
  },
};
