/** Literal tokens that carry meaning: thinking delimiters, chat and harmony tokens, the recipe's style markers, reflection words. */
import type { Finding, LabelRules } from '../label.ts';

/** Words with which a model turns round, at the beginning of a clause. */
const REFLECTION =
  /(?<=^|[.!?:;—…\n]["'”’)\]*]{0,2}[ \t]{0,4}|[.!?…]\s{0,4}|\b(?:but|oh|so|and|hmm|okay|ok),? )(?:wait|hmm+|hold on|alternatively|actually|oops|let me think|等等|嗯)(?![\p{L}\p{N}_])/giu;

export const marker: LabelRules = {
  label: 'marker',
  find(reading) {
    const found: Finding[] = reading.regions.tokens.map(({ start, end }) => ({
      start,
      end,
      confidence: 1,
      evidence: reading.text.slice(start, end),
    }));
    for (const literal of reading.markers) {
      if (literal === '') continue;
      for (let at = reading.text.indexOf(literal); at >= 0; at = reading.text.indexOf(literal, at + literal.length)) {
        found.push({ start: at, end: at + literal.length, confidence: 1, evidence: literal });
      }
    }
    for (const match of reading.text.matchAll(REFLECTION)) {
      found.push({ start: match.index, end: match.index + match[0].length, confidence: 0.8, evidence: match[0] });
    }
    return found;
  },
};
