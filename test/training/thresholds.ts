/** Which probabilities count: chosen by F1 on steps that the model was not trained on. */
import { passages } from '../../core/behaviours/model/passages.ts';
import type { PassageThresholds } from '../../core/behaviours/model/score.ts';

/**
 * Two F1 that differ by less are as good. Of what is as good, what leans most on the rules is taken: they hold where a text is unlike those
 * that were labelled.
 */
const AS_GOOD = 0.01;

/** A step's probability; whether the rules see the label begin there; whether it has the label. */
export interface Scored {
  p: number;
  cued: boolean;
  yes: boolean;
}

/** Probabilities above which a step counts, and does where the rules see a cue. */
export interface StepThreshold {
  alone: number;
  cued: number;
}

export function stepThreshold(scored: readonly Scored[]): StepThreshold & { f1: number } {
  const alone = best(scored);
  const most = f1Of(scored, ({ p }) => p > alone);
  let cued = alone;
  for (const lower of grid(0.02, 0.02 * Math.floor(alone / 0.02), 0.02).toReversed())
    if (f1Of(scored, (one) => one.p > (one.cued ? lower : alone)) > most - AS_GOOD) cued = Math.min(cued, lower);
  return { alone, cued, f1: f1Of(scored, (one) => one.p > (one.cued ? cued : alone)) };
}

/** The threshold with the highest F1, half-way to the next probability. */
function best(scored: readonly Scored[]): number {
  const ordered = [...scored].sort((a, b) => b.p - a.p);
  const gold = scored.filter(({ yes }) => yes).length;
  let found = { threshold: 1, f1: 0 };
  let right = 0;
  for (const [i, { p, yes }] of ordered.entries()) {
    if (yes) right += 1;
    const f1 = (2 * right) / (i + 1 + gold);
    if (f1 > found.f1) found = { threshold: (p + (ordered[i + 1]?.p ?? 0)) / 2, f1 };
  }
  return found.threshold;
}

const SAID = 0.5;

/** A step of a labelled stretch: probabilities of the two tasks of checks, and what is so; null: not known. */
export interface CheckStep {
  inside: number;
  begins: number;
  cued: boolean;
  said: boolean;
  elsewhere: boolean;
  isInside: boolean;
  isFirst: boolean | null;
}

export interface CheckScores {
  whole: number;
  start: number;
}

/** The best sum of F1 over all steps of checks and over their first ones. */
export function passageThresholds(stretches: readonly (readonly CheckStep[])[]): PassageThresholds {
  const tried: { passage: PassageThresholds; sum: number }[] = [];
  for (const begins of grid(0.25, 0.4))
    for (const cued of grid(0.1, begins))
      for (const goesOn of grid(0.2, 0.35))
        for (const elsewhere of [goesOn, 0.5, 0.7, 0.9])
          for (const alone of [0.85, 0.9, 0.95]) {
            const passage = { begins, cued, said: SAID, goesOn, elsewhere, alone };
            const { whole, start } = checkScores(stretches, passage);
            tried.push({ passage, sum: whole + start });
          }
  const most = Math.max(...tried.map(({ sum }) => sum));
  const leaning = ({ begins, cued, goesOn, elsewhere }: PassageThresholds) => begins - cued + (elsewhere - goesOn);
  const [chosen] = tried
    .filter(({ sum }) => sum > most - AS_GOOD)
    .sort((x, y) => leaning(y.passage) - leaning(x.passage) || y.sum - x.sum);
  return chosen!.passage;
}

/** F1 over all steps of checks, and over their first ones. */
export function checkScores(
  stretches: readonly (readonly CheckStep[])[],
  { begins, cued, said, goesOn, elsewhere, alone }: PassageThresholds,
): CheckScores {
  const whole = { both: 0, found: 0, gold: 0 };
  const start = { both: 0, found: 0, gold: 0 };
  const count = (sum: typeof whole, found: boolean, gold: boolean) => {
    sum.both += Number(found && gold);
    sum.found += Number(found);
    sum.gold += Number(gold);
  };
  for (const stretch of stretches) {
    const at = stretch.map(() => 0);
    const found = passages(stretch.length, {
      begins: (i) => stretch[i]!.begins > (stretch[i]!.cued ? cued : begins),
      goesOn: (i) => stretch[i]!.inside > (stretch[i]!.elsewhere ? elsewhere : goesOn),
      alone: (i) => stretch[i]!.inside > (stretch[i]!.said ? said : alone),
    });
    for (const { from, to } of found) at.fill(1, from, to + 1)[from] = 2;
    for (const [i, { isInside, isFirst }] of stretch.entries()) {
      count(whole, at[i]! > 0, isInside);
      if (isFirst !== null) count(start, at[i] === 2, isFirst);
    }
  }
  const f1 = ({ both, found, gold }: typeof whole) => (2 * both) / (found + gold);
  return { whole: f1(whole), start: f1(start) };
}

function f1Of(scored: readonly Scored[], counts: (one: Scored) => boolean): number {
  const found = scored.filter(counts);
  return (2 * found.filter(({ yes }) => yes).length) / (found.length + scored.filter(({ yes }) => yes).length);
}

const grid = (from: number, to: number, step = 0.05): number[] =>
  Array.from({ length: Math.max(0, Math.round((to - from) / step) + 1) }, (_, i) =>
    Number((from + step * i).toFixed(2)),
  );
