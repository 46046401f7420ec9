/** A check, from its cue to its result. */
import { cues } from '../cues.ts';
import { passage, type Finding, type LabelRules } from '../label.ts';
import type { Reading } from '../text.ts';

const scan = cues({
  strong: [
    /(?:let(?:'s|’s| me| us)|i(?:'ll|’ll| will| should| can| need to| want to)|we (?:can|should|need to)|to) (?:\w+ )?(?:double[- ]?check|re-?check|check|verify|validate|confirm|test)/,
    /double[- ]check(?:ing)?/,
    /re-?check(?:ing)?/,
    /check again/,
    /(?:substitut|plug)(?:e|ing)? (?:\S+ ){0,4}back/,
    /sanity check/,
    /to be sure/,
    /(?:checking|verifying)/,
  ],
  weak: [/(?:check|verify|verification)/, /makes sense/, /matches/, /is consistent/],
  literal: [/验证|检查/],
});

/** What ends a check. */
const HOLDS =
  /\b(?:yes\b|that(?:'s|’s| is) (?:right|correct|true)|(?:is|are|looks?|seems?|appears?) (?:indeed )?(?:right|correct|consistent|good|fine|valid)|match(?:es)?|checks? out|holds|works|it is the same|as (?:before|expected)|makes sense|satisfie[sd]|agrees?|confirms?|confirmed|✓|✅)/i;
const FAILS =
  /\b(?:no,|wrong|incorrect|not (?:right|correct|equal|consistent|match|work|valid)|doesn(?:'t|’t) (?:match|work|hold)|does not (?:match|work|hold)|mistake|error|contradict\w*|inconsistent|≠)/i;
/** Most steps that a check reaches over when no result is said. */
const REACH = 12;

export const verification: LabelRules = {
  label: 'verification',
  find(reading) {
    const found: Finding[] = [];
    let last = -1;
    for (const hit of scan(reading)) {
      if (hit.step <= last) continue;
      const end = extent(reading, hit.step);
      last = end.step;
      const finding = passage(reading, hit.step, end.step, hit.words, hit.strong ? 0.9 : 0.6);
      found.push(end.outcome ? { ...finding, outcome: end.outcome } : finding);
    }
    return found;
  },
};

function extent(reading: Reading, from: number): { step: number; outcome?: 'holds' | 'fails' } {
  for (let i = from; i < Math.min(from + REACH, reading.steps.length); i += 1) {
    const step = reading.steps[i]!;
    const text = reading.text.slice(step.start, step.end);
    if (i > from && FAILS.test(text)) return { step: i, outcome: 'fails' };
    if (i > from && HOLDS.test(text)) return { step: i, outcome: 'holds' };
  }
  return { step: from };
}
