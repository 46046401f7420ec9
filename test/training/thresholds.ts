/** Which probabilities count: chosen by F1 on steps that the model was not trained on. */
import { passages } from '../../core/behaviours/model/passages.ts';
import type { PassageThresholds } from '../../core/behaviours/model/score.ts';

/**
 * Two F1 that differ by less are as good. Of what is as good on our own labels, what suits the other source of labels best is taken, and then
 * what leans on the rules' cues: they hold where a text is unlike those that were labelled.
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

/** `scored`: steps with labels of our own; `others`: those of the other source, none where it has no such label. */
export function stepThreshold(scored: readonly Scored[], others: readonly Scored[]): StepThreshold & { f1: number } {
  const f1 = (steps: readonly Scored[], alone: number, cued: number) =>
    steps.some(({ yes }) => yes) ? f1Of(steps, (one) => one.p > (one.cued ? cued : alone)) : 0;
  const tried = grid(0.01, 0.7, 0.01).map((alone) => ({ alone, f1: f1(scored, alone, alone) }));
  const most = Math.max(...tried.map((one) => one.f1));
  const asGood = tried
    .filter((one) => one.f1 > most - AS_GOOD)
    .map((one) => ({ ...one, elsewhere: f1(others, one.alone, one.alone) }));
  const { alone } = suiting(asGood).sort((a, b) => b.f1 - a.f1)[0]!;
  const cued = grid(0, alone, 0.01).find((lower) => f1(scored, alone, lower) > most - AS_GOOD) ?? alone;
  return { alone, cued, f1: f1(scored, alone, cued) };
}

/** Those that are as good as the best on the other source's labels. */
function suiting<T extends { elsewhere: number }>(tried: readonly T[]): T[] {
  const most = Math.max(...tried.map(({ elsewhere }) => elsewhere));
  return tried.filter(({ elsewhere }) => elsewhere >= most - AS_GOOD);
}

const SAID = 0.5;

/** A step of a labelled stretch: probabilities of the two tasks of checks, and what is so; null: not known. */
export interface CheckStep {
  inside: number;
  begins: number;
  cued: boolean;
  said: boolean;
  elsewhere: boolean;
  isInside: boolean | null;
  isFirst: boolean | null;
}

export interface CheckScores {
  whole: number;
  start: number;
}

/** The best sum of F1 over all steps of checks and over their first ones; `others`: stretches of the other source, which labels first ones. */
export function passageThresholds(
  stretches: readonly (readonly CheckStep[])[],
  others: readonly (readonly CheckStep[])[],
): PassageThresholds {
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
  const asGood = tried
    .filter(({ sum }) => sum > most - AS_GOOD)
    .map((one) => ({ ...one, elsewhere: checkScores(others, one.passage).start }));
  const leaning = ({ begins, cued, goesOn, elsewhere }: PassageThresholds) => begins - cued + (elsewhere - goesOn);
  const [chosen] = suiting(asGood).sort((a, b) => leaning(b.passage) - leaning(a.passage) || b.sum - a.sum);
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
      if (isInside !== null) count(whole, at[i]! > 0, isInside);
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
