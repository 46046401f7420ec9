import { cues, sentenceHits, type CueList } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';
import type { Label } from '../spans.ts';

/** A label whose behaviour is one sentence that has a cue: the sentence is the span. */
export function sentenceLabel(label: Label, list: CueList): LabelRules {
  const scan = cues(list);
  return {
    label,
    find: (reading) =>
      sentenceHits(reading, scan).map((hit) => passage(reading, hit.step, hit.step, hit.words, hit.strong ? 0.9 : 0.6)),
  };
}
