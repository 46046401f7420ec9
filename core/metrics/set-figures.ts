/** All figures of one set of completions, with their intervals: what `longhand metrics` says of a benchmark and a model. */
import { byProblem, finishedWithin, isGraded, majorityOf, passProbability, rightAt, type Sample } from './accuracy.ts';
import { budgetCurve, forcedRightAt, type TimedSample } from './budget.ts';
import type { Interval } from './bootstrap.ts';
import { Columns } from './columns.ts';
import { countSet, type SetCounts } from './set-counts.ts';

/** What the text of a completion says, in tokens. */
export interface TextFigures {
  /** Tokens up to the end of the first right answer; null: none. */
  firstRight: number | null;
  wrongToRight: number;
  rightToWrong: number;
  wrongToWrong: number;
  rounds: readonly { tokens: number; distinct: boolean }[];
  loops: number;
  /** Tokens in loops beyond their first copies. */
  lost: number;
  trigrams: number | null;
  alike: number | null;
  otherScript: number | null;
  switches: number;
  /** Share of units in garbled stretches. */
  garbled: number;
  /** A thought was opened and never closed. */
  unclosed: boolean;
  echo: boolean;
}

export interface FigureSample extends TimedSample {
  tokensExact: boolean;
  /** Places within it are the tokenizer's; absent or false: by proportion of characters. */
  placesExact?: boolean;
  reward?: number | null;
  model: string | null;
  /** Null where the text is gone. */
  text: TextFigures | null;
}

/** `n`: completions (or problems, of `pass`, `majority` and `solved`) on which it stands. */
export interface Figure extends Interval {
  n: number;
}

/** A figure for k samples of each problem; `refused` says why there is none. */
export interface AtK {
  k: number;
  value: Figure | null;
  refused: string | null;
}

export interface AtBudget {
  budget: number;
  /** As is: right and finished within the budget. */
  accuracy: Figure | null;
  /** By forced answer: the last answer that was committed to within the budget counts. */
  forced: Figure | null;
  /** A whole box stands within the budget. Completions, finished or not. */
  box: Figure | null;
  /** Completions a problem that finished within the budget with an answer. */
  answers: Figure | null;
  finished: Figure | null;
  /** Longer ones counted at the budget. */
  tokens: Figure | null;
  majority: Figure | null;
}

export interface SetFigures extends SetCounts {
  /** pass@1 averaged over the samples: right and finished. Null without a gold. */
  accuracy: Figure | null;
  /** The same by the verdict alone, cut ones too: what most harnesses report. */
  accuracyCutToo: Figure | null;
  /** Mean reward, as recorded; over completions that have one. */
  reward: Figure | null;
  pass: AtK[];
  majority: AtK[];
  solved: AtK[];
  budgets: AtBudget[];
  /** Accuracy as is at every budget at which it changes; of more than 200 such budgets every so many-th, and the last. */
  curve: { budget: number; accuracy: number }[];
  tokens: {
    all: Figure | null;
    finished: Figure | null;
    right: Figure | null;
    /** With a gold and not right and finished. */
    wrong: Figure | null;
    finishedShare: Figure | null;
  };
  /** Share of completions whose places within the text are the tokenizer's, not estimates by proportion. */
  placesExact: Figure | null;
  firstCorrect: {
    /** Share of graded completions that hold a right answer, mean tokens up to it, after it, and Σ after / Σ all of those. */
    reached: Figure | null;
    tokens: Figure | null;
    after: Figure | null;
    wasted: Figure | null;
  };
  /** A completion; and the share of completions with at least one. */
  flips: { wrongToRight: Figure | null; rightToWrong: Figure | null; wrongToWrong: Figure | null; any: Figure | null };
  efficiency: { outcome: Figure | null; process: Figure | null; underthinking: Figure | null };
  loops: { completions: Figure | null; lost: Figure | null };
  repeats: { trigrams: Figure | null; alike: Figure | null };
  language: { otherScript: Figure | null; switched: Figure | null };
  garbled: { share: Figure | null; completions: Figure | null };
  /** Shares of completions: a thought that never closes; its own prompt repeated. */
  unclosed: Figure | null;
  echo: Figure | null;
}

export interface SetOptions {
  budgets: readonly number[];
  /** k of pass@k, maj@k and solved@k. */
  ks: readonly number[];
}

/**
 * Every figure is a ratio of two sums over problems, with a 95 % percentile interval from 2,000 draws of whole problems (`bootstrap.ts`): means over
 * problems of the mean over each one's samples where accuracy and tokens are meant, means over completions elsewhere, which are the same
 * where every problem has the same number. Yields every few milliseconds.
 */
export function* setFigures(
  samples: readonly FigureSample[],
  { budgets, ks }: SetOptions,
): Generator<void, SetFigures> {
  const groups = byProblem(samples) as FigureSample[][];
  const columns = new Columns<FigureSample>(groups);
  const graded = (one: Sample) => isGraded(one);
  const right = (budget: number) => (one: FigureSample) => (rightAt(one, budget) ? 1 : 0);
  const flag = (test: (one: FigureSample) => boolean) => (one: FigureSample) => (test(one) ? 1 : 0);
  const read = (one: FigureSample) => one.text !== null;
  const both = (one: FigureSample) => read(one) && graded(one);
  const known = (one: FigureSample) => one.tokens !== null;
  const answered = (budget: number) => (one: FigureSample) => one.answer != null && finishedWithin(one, budget);
  const reached = (one: FigureSample) => known(one) && one.text?.firstRight != null;
  yield;

  const accuracy = columns.problems(right(Infinity), graded);
  const accuracyCutToo = columns.problems(
    flag(({ verdict }) => verdict === 'right'),
    graded,
  );
  const reward = columns.problems(
    (one) => one.reward!,
    (one) => one.reward != null,
  );
  const atK = (name: string, of: (group: readonly FigureSample[], k: number) => number) =>
    ks.map((k) => {
      const refused = tooFew(groups, k, name);
      return { k, refused, at: refused === null ? columns.groups((group) => of(group, k), graded) : null };
    });
  const pass = atK('pass', (group, k) =>
    passProbability(group.length, group.filter((one) => rightAt(one, Infinity)).length, k),
  );
  const majority = atK('maj', (group, k) => majorityOf(group.slice(0, k), Infinity));
  const solved = atK('solved', (group, k) => (group.slice(0, k).some((one) => rightAt(one, Infinity)) ? 1 : 0));
  const atBudget = budgets.map((budget) => ({
    budget,
    accuracy: columns.problems(right(budget), graded),
    forced: columns.problems(
      flag((one) => forcedRightAt(one, budget)),
      both,
    ),
    box: columns.problems(
      flag(({ answers }) => answers.some((one) => one.boxed && one.tokens <= budget)),
      read,
    ),
    answers: columns.groups(
      (group) => group.filter(answered(budget)).length,
      () => true,
    ),
    finished: columns.problems(
      flag((one) => finishedWithin(one, budget)),
      known,
    ),
    tokens: columns.problems(({ tokens }) => Math.min(tokens!, budget), known),
    majority: columns.groups((group) => majorityOf(group, budget), graded),
  }));
  yield;
  const tokensOf = (test: (one: FigureSample) => boolean) =>
    columns.problems(
      ({ tokens }) => tokens!,
      (one) => known(one) && test(one),
    );
  const tokens = {
    all: tokensOf(() => true),
    finished: tokensOf((one) => finishedWithin(one)),
    right: tokensOf((one) => rightAt(one, Infinity)),
    wrong: tokensOf((one) => graded(one) && !rightAt(one, Infinity)),
    finishedShare: columns.problems(
      flag((one) => finishedWithin(one)),
      ({ finish }) => finish !== null,
    ),
  };
  const placesExact = columns.outputs(
    flag((one) => one.placesExact === true),
    read,
  );
  const firstCorrect = {
    reached: columns.problems(
      flag((one) => one.text!.firstRight !== null),
      both,
    ),
    tokens: columns.problems((one) => one.text!.firstRight!, reached),
    after: columns.problems((one) => one.tokens! - one.text!.firstRight!, reached),
    wasted: columns.ratio(
      (one) => one.tokens! - one.text!.firstRight!,
      (one) => one.tokens!,
      reached,
    ),
  };
  const flips = {
    wrongToRight: columns.outputs((one) => one.text!.wrongToRight, both),
    rightToWrong: columns.outputs((one) => one.text!.rightToWrong, both),
    wrongToWrong: columns.outputs((one) => one.text!.wrongToWrong, both),
    any: columns.outputs(
      flag(({ text }) => text!.wrongToRight + text!.rightToWrong > 0),
      both,
    ),
  };
  yield;
  const share = (one: FigureSample) => (one.text!.firstRight === null ? 0 : one.text!.firstRight / one.tokens!);
  const long = (one: FigureSample) => both(one) && (one.tokens ?? 0) > 0;
  const sumOf = (one: FigureSample) => one.text!.rounds.reduce((sum, round) => sum + round.tokens, 0);
  const efficiency = {
    outcome: columns.outputs(share, long),
    process: columns.outputs(
      (one) => one.text!.rounds.reduce((sum, { tokens, distinct }) => sum + (distinct ? tokens : 0), 0) / sumOf(one),
      (one) => read(one) && sumOf(one) > 0,
    ),
    underthinking: columns.outputs(
      (one) => (one.text!.firstRight === null ? 0 : 1 - share(one)),
      (one) => long(one) && !rightAt(one, Infinity),
    ),
  };
  const of = (value: (text: TextFigures) => number | null) =>
    columns.outputs(
      ({ text }) => value(text!)!,
      (one) => read(one) && value(one.text!) !== null,
    );
  const texts = {
    looping: of(({ loops }) => (loops > 0 ? 1 : 0)),
    lost: columns.ratio(
      (one) => one.text!.lost,
      (one) => one.tokens!,
      (one) => read(one) && known(one),
    ),
    trigrams: of((text) => text.trigrams),
    alike: of((text) => text.alike),
    otherScript: of((text) => text.otherScript),
    switched: of((text) => (text.switches > 0 ? 1 : 0)),
    garbled: of((text) => text.garbled),
    garbling: of((text) => (text.garbled > 0 ? 1 : 0)),
    unclosed: of((text) => (text.unclosed ? 1 : 0)),
    echo: of((text) => (text.echo ? 1 : 0)),
  };
  yield* columns.draw();
  const get = (at: number | null): Figure | null => (at === null ? null : columns.figure(at));
  const all = <T extends Record<string, number>>(ids: T) =>
    Object.fromEntries(Object.entries(ids).map(([name, at]) => [name, get(at)])) as { [N in keyof T]: Figure | null };
  const resolved = (list: { k: number; refused: string | null; at: number | null }[]): AtK[] =>
    list.map(({ k, refused, at }) => ({ k, value: get(at), refused }));
  const counts = countSet(samples, groups);
  return {
    ...counts,
    accuracy: get(accuracy),
    accuracyCutToo: get(accuracyCutToo),
    reward: get(reward),
    pass: resolved(pass),
    majority: resolved(majority),
    solved: resolved(solved),
    budgets: atBudget.map(({ budget, ...ids }) => ({ budget, ...all(ids) })),
    curve: thinned(budgetCurve(samples)),
    tokens: all(tokens),
    placesExact: get(placesExact),
    firstCorrect: all(firstCorrect),
    flips: all(flips),
    efficiency: all(efficiency),
    loops: { completions: get(texts.looping), lost: get(texts.lost) },
    repeats: { trigrams: get(texts.trigrams), alike: get(texts.alike) },
    language: { otherScript: get(texts.otherScript), switched: get(texts.switched) },
    garbled: { share: get(texts.garbled), completions: get(texts.garbling) },
    unclosed: get(texts.unclosed),
    echo: get(texts.echo),
  };
}

/** Why there is no figure for k samples; null: there is one, or nothing is graded. */
function tooFew(groups: readonly (readonly Sample[])[], k: number, name: string): string | null {
  const sizes = groups.map((group) => group.filter(isGraded).length).filter((n) => n > 0);
  const short = sizes.filter((n) => n < k);
  if (short.length === 0) return null;
  const some = short.length === sizes.length ? 'every problem has' : `${short.length} of ${sizes.length} problems have`;
  return `${name}@${k} needs ${k} samples of each problem; ${some} fewer, the least ${short.reduce((least, n) => Math.min(least, n), k)}`;
}

const MOST_POINTS = 200;

function thinned<T>(points: readonly T[]): T[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => (points.length - 1 - i) % Math.max(1, every) === 0);
}
