/** Lengths and behaviours of a set of completions, and of two sets on the same problems. */
import { labels, type Label, type SpanCounts } from '../behaviours/spans.ts';
import { intervalOf, resampledSums, type Interval } from './bootstrap.ts';

/** What is summed over the completions of one problem. */
interface ProblemSums {
  n: number;
  tokens: number;
  spans: Float64Array;
}

/** Sums by problem over one set of completions. Completions of unknown length are counted and left out of every mean and rate. */
export class BehaviourTally {
  readonly problems = new Map<string, ProblemSums>();
  completions = 0;
  unknownLength = 0;
  /** Spans by label over all completions, in the order of `labels`, and how many completions have one. */
  readonly spans = new Float64Array(labels.length);
  readonly having = new Float64Array(labels.length);

  add(problem: string, tokens: number | null, counts: SpanCounts): void {
    this.completions += 1;
    const own = labels.map((label) => counts[label] ?? 0);
    for (const [i, n] of own.entries()) {
      this.spans[i]! += n;
      if (n > 0) this.having[i]! += 1;
    }
    if (tokens === null) {
      this.unknownLength += 1;
      return;
    }
    let sums = this.problems.get(problem);
    if (!sums) this.problems.set(problem, (sums = { n: 0, tokens: 0, spans: new Float64Array(labels.length) }));
    sums.n += 1;
    sums.tokens += tokens;
    for (const [i, n] of own.entries()) sums.spans[i]! += n;
  }
}

export interface LabelFigures {
  label: Label;
  /** Spans, and completions that have at least one. */
  spans: number;
  completions: number;
  /** Spans a completion: the mean over problems of each problem's mean. Null where no length is known. */
  mean: Interval | null;
  /** Spans for each thousand tokens: mean spans over mean tokens, both over problems. */
  rate: Interval | null;
  /** The rate less that of the base, over the problems that both have. */
  change: Interval | null;
}

export interface LengthFigures {
  /** Mean tokens over problems; every output as long as it is, cut ones too. Null where no length is known. */
  tokens: Interval | null;
  /** Mean tokens over those of the base, over the problems that both have; null where there are none. */
  ratio: Interval | null;
  /** Problems that both have. */
  paired: number;
  labels: LabelFigures[];
}

/** Columns of means a problem: tokens, then spans by label. */
function columnsOf(tally: BehaviourTally, problems: readonly string[]): Float64Array[] {
  const columns = Array.from({ length: labels.length + 1 }, () => new Float64Array(problems.length));
  for (const [row, problem] of problems.entries()) {
    const { n, tokens, spans } = tally.problems.get(problem)!;
    columns[0]![row] = tokens / n;
    for (let i = 0; i < labels.length; i += 1) columns[i + 1]![row] = spans[i]! / n;
  }
  return columns;
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/**
 * Figures of a set with 95 % bootstrap intervals over problems (Efron and Tibshirani 1993, ch. 13); those against `base` are paired: each
 * draw takes the same problems of both. Yields every few milliseconds.
 */
export function* behaviourFigures(tally: BehaviourTally, base: BehaviourTally | null): Generator<void, LengthFigures> {
  const own = [...tally.problems.keys()];
  const both = base ? own.filter((problem) => base.problems.has(problem)) : [];
  const columns = columnsOf(tally, own);
  const drawn = own.length > 0 ? yield* resampledSums(columns) : [];
  const pair = both.length > 0 ? [columnsOf(tally, both), columnsOf(base!, both)] : null;
  const pairDrawn = pair ? yield* resampledSums(pair.flat()) : [];
  const width = labels.length + 1;
  return {
    tokens: own.length > 0 ? share(columns[0]!, drawn[0]!, own.length) : null,
    ratio: pair ? ratio(sum(pair[0]![0]!), sum(pair[1]![0]!), pairDrawn[0]!, pairDrawn[width]!) : null,
    paired: both.length,
    labels: labels.map((label, i) => {
      const at = i + 1;
      const change = () => {
        const [after, before] = [pair![0]!, pair![1]!];
        const difference = (a: number, at: number, b: number, bt: number) => 1000 * (a / at - b / bt);
        const values = pairDrawn[at]!.map((a, s) =>
          difference(a, pairDrawn[0]![s]!, pairDrawn[width + at]![s]!, pairDrawn[width]![s]!),
        );
        const mean = difference(sum(after[at]!), sum(after[0]!), sum(before[at]!), sum(before[0]!));
        return Number.isFinite(mean) ? intervalOf(mean, values) : null;
      };
      return {
        label,
        spans: tally.spans[i]!,
        completions: tally.having[i]!,
        mean: own.length > 0 ? share(columns[at]!, drawn[at]!, own.length) : null,
        rate:
          own.length > 0
            ? ratio(
                1000 * sum(columns[at]!),
                sum(columns[0]!),
                drawn[at]!.map((n) => 1000 * n),
                drawn[0]!,
              )
            : null,
        change: pair ? change() : null,
      };
    }),
  };
}

const share = (column: Float64Array, drawn: Float64Array, n: number): Interval =>
  intervalOf(
    sum(column) / n,
    drawn.map((value) => value / n),
  );

/** Null where there is nothing to divide by. */
const ratio = (above: number, below: number, drawnAbove: Float64Array, drawnBelow: Float64Array): Interval | null =>
  below === 0
    ? null
    : intervalOf(
        above / below,
        drawnAbove.map((value, s) => value / drawnBelow[s]!),
      );
