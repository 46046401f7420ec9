/** Literal tokens that carry meaning: thinking delimiters, chat and harmony tokens, the recipe's style markers, reflection words. */
import { cues } from '../cues.ts';
import type { Finding, LabelRules } from '../label.ts';
import type { Reading } from '../text.ts';

/** Words with which a model turns round; they count where they begin a clause. */
const reflection = cues({
  inside: {
    anchors: 'wait hmm hold alternatively actually oops 等 嗯 不',
    strong: [/wait/, /hm{2,8}/, /hold on/, /alternatively/, /actually/, /oops/, /等等|等一下|嗯|不对/],
  },
  negatable: false,
});

export const marker: LabelRules = {
  label: 'marker',
  find(reading) {
    const found: Finding[] = reading.regions.tokens.map(({ start, end }) => ({
      start,
      end,
      confidence: 1,
      evidence: reading.text.slice(start, end),
    }));
    for (const literal of new Set(reading.markers)) {
      if (literal === '') continue;
      for (let at = reading.text.indexOf(literal); at >= 0; at = reading.text.indexOf(literal, at + literal.length)) {
        found.push({ start: at, end: at + literal.length, confidence: 1, evidence: literal });
      }
    }
    for (const hit of reflection(reading)) {
      if (beginsClause(reading, hit.step, hit.start))
        found.push({ start: hit.start, end: hit.end, confidence: 0.8, evidence: hit.words });
    }
    return found;
  },
};

function beginsClause(reading: Reading, step: number, at: number): boolean {
  const before = reading.text.slice(Math.max(reading.steps[step]!.start, at - 12), at);
  return /(?:^|[.,;:!?—–…(*"“\])>] ?|\b(?:but|oh|so|and|or|no|ok|okay|hmm|ah) )["“*(]{0,2}$/i.test(before);
}
