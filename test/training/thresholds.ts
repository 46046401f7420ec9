/** Which probabilities count: chosen by F1 on steps that the model was not trained on. */
import { passages } from '../../core/behaviours/model/passages.ts';
import type { PassageThresholds } from '../../core/behaviours/model/score.ts';

/** Two F1 that differ by less are as good; then what leans on the rules' cues is taken: they hold where a text is unlike those that were labelled. */
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

/** The best mean of F1 over the sources of labels; one that has no such label says nothing. */
export function stepThreshold(sources: readonly (readonly Scored[])[]): StepThreshold & { f1: number[] } {
  const telling = sources.filter((steps) => steps.some(({ yes }) => yes));
  const f1 = (alone: number, cued: number) =>
    telling.map((steps) => f1Of(steps, (one) => one.p > (one.cued ? cued : alone)));
  const tried = grid(0.01, 0.7, 0.01).map((alone) => ({ alone, mean: mean(f1(alone, alone)) }));
  const best = tried.reduce((a, b) => (b.mean > a.mean ? b : a));
  const cued = grid(0, best.alone, 0.01).find((lower) => mean(f1(best.alone, lower)) > best.mean - AS_GOOD)!;
  return { alone: best.alone, cued, f1: f1(best.alone, cued) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

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

/**
 * The best sum of F1 over all steps of checks and over their first ones, of these the mean of both sources; `others`: stretches of the
 * source that labels first ones alone.
 */
export function passageThresholds(
  stretches: readonly (readonly CheckStep[])[],
  others: readonly (readonly CheckStep[])[],
): PassageThresholds {
  const tried: { passage: PassageThresholds; sum: number }[] = [];
  for (const begins of grid(0.25, 0.6))
    for (const cued of grid(0.1, begins, 0.1))
      for (const goesOn of grid(0.2, 0.35))
        for (const elsewhere of [goesOn, 0.5, 0.7, 0.9])
          for (const alone of [0.85, 0.9, 0.95]) {
            const passage = { begins, cued, said: SAID, goesOn, elsewhere, alone };
            const { whole, start } = checkScores(stretches, passage);
            tried.push({ passage, sum: whole + mean([start, checkScores(others, passage).start]) });
          }
  const most = Math.max(...tried.map(({ sum }) => sum));
  const asGood = tried.filter(({ sum }) => sum > most - AS_GOOD);
  const leaning = ({ begins, cued, goesOn, elsewhere }: PassageThresholds) => begins - cued + (elsewhere - goesOn);
  const [chosen] = asGood.sort((a, b) => leaning(b.passage) - leaning(a.passage) || b.sum - a.sum);
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
