import { cues, sentenceHits, type CueList } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';
import type { Label } from '../spans.ts';

/**
 * A label whose behaviour is one sentence that has a cue: the sentence is the span.
 * `unless`: what of the whole sentence undoes the cue.
 */
export function sentenceLabel(label: Label, list: CueList, unless?: (sentence: string) => boolean): LabelRules {
  const scan = cues(list);
  return {
    label,
    find: (reading) =>
      sentenceHits(reading, scan).flatMap((hit) => {
        const found = passage(reading, hit.step, hit.step, hit.words, hit.strong ? 0.9 : 0.6);
        return unless?.(reading.text.slice(found.start, found.end)) ? [] : [found];
      }),
  };
}
