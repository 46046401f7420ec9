/**
 * How far two layers of spans agree over one text, by label: by step and by span. One of them is taken for what is right (`gold`:
 * a reader's labels), the other is measured (`found`: the detector's). Precision and recall as usual; F1 is their harmonic mean;
 * κ is Cohen's (J. Cohen, A coefficient of agreement for nominal scales, 1960): (pₒ − pₑ) / (1 − pₑ).
 */
import { labels, type Label } from '../behaviours/spans.ts';

export interface Stretch {
  /** UTF-16 units, end exclusive. */
  start: number;
  end: number;
}

export interface Labelled extends Stretch {
  label: Label;
}

/** Counts of units (steps, or spans) that one, the other, or both call positive. They add up over texts. */
export interface Counts {
  both: number;
  gold: number;
  found: number;
  /** All units that could have been positive; null where nothing is counted that is not positive (spans). */
  units: number | null;
}

/** Null where it is not defined: nothing was found, nothing was there, or (κ) both say the same of every unit by necessity. */
export interface Scores {
  precision: number | null;
  recall: number | null;
  f1: number | null;
  kappa: number | null;
}

export const noCounts = (units: number | null = 0): Counts => ({ both: 0, gold: 0, found: 0, units });

/** Adds `more` to `sum`. */
export function addCounts(sum: Counts, more: Counts): void {
  sum.both += more.both;
  sum.gold += more.gold;
  sum.found += more.found;
  sum.units = sum.units === null || more.units === null ? null : sum.units + more.units;
}

export function scores({ both, gold, found, units }: Counts): Scores {
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const f1 = share(2 * both, gold + found);
  return { precision: share(both, found), recall: share(both, gold), f1, kappa: units === null ? null : kappa() };

  function kappa(): number | null {
    const n = units ?? 0;
    if (n === 0) return null;
    const observed = (both + (n - gold - found + both)) / n;
    const chance = (gold * found + (n - gold) * (n - found)) / (n * n);
    return chance === 1 ? null : (observed - chance) / (1 - chance);
  }
}

/** Adds the counts of each label to those of the same label. */
export function addAgreements<L extends Label>(
  sums: Map<L, Agreement & { label: L }>,
  more: readonly (Agreement & { label: L })[],
): void {
  for (const { label, steps, spans } of more) {
    const sum = sums.get(label) ?? { label, steps: noCounts(), spans: noCounts(null) };
    addCounts(sum.steps, steps);
    addCounts(sum.spans, spans);
    sums.set(label, sum);
  }
}

/** For each unit (ordered, apart) whether at least half of it lies under the stretches. Parts under several of them count once. */
export function covered(units: readonly Stretch[], stretches: readonly Stretch[]): boolean[] {
  const ordered = merged(stretches);
  let first = 0;
  return units.map((unit) => {
    while (first < ordered.length && ordered[first]!.end <= unit.start) first += 1;
    let under = 0;
    for (let i = first; i < ordered.length && ordered[i]!.start < unit.end; i += 1)
      under += Math.max(0, Math.min(unit.end, ordered[i]!.end) - Math.max(unit.start, ordered[i]!.start));
    return under * 2 >= unit.end - unit.start;
  });
}

/** The same ground as ordered stretches that neither overlap nor touch. */
export function merged(stretches: readonly Stretch[]): Stretch[] {
  const whole: Stretch[] = [];
  for (const { start, end } of [...stretches].sort((a, b) => a.start - b.start)) {
    const last = whole.at(-1);
    if (end <= start) continue;
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else whole.push({ start, end });
  }
  return whole;
}

/** Two spans of one label are the same when what they share is at least half of what they cover together. */
const SAME = 0.5;

export interface Agreement {
  /** κ is of steps alone: there is no count of spans that nobody set. */
  steps: Counts;
  spans: Counts;
}

export interface Compared {
  /** Steps of the text, ordered. */
  steps: readonly Stretch[];
  gold: readonly Labelled[];
  found: readonly Labelled[];
  /** Only steps and spans of which at least half lies in here are compared: what was read. */
  within: readonly Stretch[];
}

/** By label, those only that either of the two has. A step is positive when at least half of it lies under spans of the label. */
export function agreementByLabel({ steps, gold, found, within }: Compared): Map<Label, Agreement> {
  const read = covered(steps, within);
  const units = steps.filter((_, i) => read[i]);
  const inside = (spans: readonly Labelled[]): Labelled[] => spans.filter((span) => covered([span], within)[0]);
  const [allGold, allFound] = [inside(gold), inside(found)];
  const result = new Map<Label, Agreement>();
  for (const label of labels) {
    const own = (spans: readonly Labelled[]) => spans.filter((span) => span.label === label);
    const [goldSpans, foundSpans] = [own(allGold), own(allFound)];
    if (goldSpans.length + foundSpans.length === 0) continue;
    // Spans from outside that reach in colour steps too.
    const [goldSteps, foundSteps] = [covered(units, own(gold)), covered(units, own(found))];
    const count = (of: (i: number) => boolean | undefined): number =>
      units.reduce((sum, _, i) => sum + (of(i) ? 1 : 0), 0);
    result.set(label, {
      steps: {
        both: count((i) => goldSteps[i] && foundSteps[i]),
        gold: count((i) => goldSteps[i]),
        found: count((i) => foundSteps[i]),
        units: units.length,
      },
      spans: {
        both: matchSpans(goldSpans, foundSpans).length,
        gold: goldSpans.length,
        found: foundSpans.length,
        units: null,
      },
    });
  }
  return result;
}

/** Pairs of spans that are the same, each span in one pair at most: those that share most first. */
export function matchSpans<G extends Stretch, F extends Stretch>(gold: readonly G[], found: readonly F[]): [G, F][] {
  const ordered = [...found].sort((a, b) => a.start - b.start);
  const pairs: { gold: G; found: F; share: number }[] = [];
  for (const one of gold)
    for (const other of ordered) {
      if (other.start >= one.end) break;
      const both = Math.min(one.end, other.end) - Math.max(one.start, other.start);
      const share = both / (Math.max(one.end, other.end) - Math.min(one.start, other.start));
      if (share >= SAME) pairs.push({ gold: one, found: other, share });
    }
  pairs.sort((a, b) => b.share - a.share || a.gold.start - b.gold.start || a.found.start - b.found.start);
  const taken = new Set<Stretch>();
  const matched: [G, F][] = [];
  for (const { gold: one, found: other } of pairs) {
    if (taken.has(one) || taken.has(other)) continue;
    taken.add(one).add(other);
    matched.push([one, other]);
  }
  return matched;
}
