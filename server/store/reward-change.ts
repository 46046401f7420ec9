/** Why the mean reward of a stage changed between two windows of its steps: which completions, and what is known of their problems. */
import { rewardChangeSteps, type RewardChangeFigures } from '../../core/metrics/reward-change.ts';
import type { CompletionState } from '../../core/metrics/reward-factors.ts';
import { componentKind, type RewardComponent, type RewardedCompletion } from '../../core/metrics/reward-table.ts';
import { fifths } from '../../core/metrics/windows.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { RewardWindow, StepWindow } from '../../core/protocol/reward-change.ts';
import { attemptsOf } from './filters.ts';
import { stageRewards } from './groups.ts';
import type { IndexFile } from './index-file.ts';
import { traceRows } from './rows.ts';
import { scan } from './scan.ts';
import { finishCodes, verdictCodes } from './schema.ts';

/** Most completions of a window that are read. */
const MOST = 50_000;
/** Graded completions of a problem outside of both windows from which on its difficulty is known. */
const LEAST_GRADED = 4;
const DECIDED = [verdictCodes.indexOf('right'), verdictCodes.indexOf('wrong')];
/** Completions between two yields. */
const SLICE = 5000;
/** What of a total its parts do not explain. */
const REST = '(not in the parts)';

type Answer = Result<'metrics/rewardChange'>;

/** Answers `metrics/rewardChange`. Yields every few milliseconds. @throws `invalid_params` */
export function* rewardChangeOf(
  index: IndexFile,
  root: string,
  { run, stage, before, after }: Params<'metrics/rewardChange'>,
): Generator<void, Answer> {
  const counts = yield* rewardedSteps(index, run, stage);
  const steps = [...counts.keys()].toSorted((a, b) => a - b);
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const ends = fifths(steps);
  const windows = [
    before ?? { from: first, to: ends.first.at(-1)! },
    after ?? { from: ends.last[0]!, to: last },
  ] as const;
  const inside = windows.map((window) => steps.filter((step) => step >= window.from && step <= window.to));
  check(windows, inside, `${first} to ${last}`);
  const read = inside.map((all) => thinned(all, counts));
  const found = yield* completionsOf(index, root, { run, stage, before, after }, read);
  const difficulty = yield* difficultyOf(index, run, stage, windows, found.rows);
  const figures = yield* rewardChangeSteps(found.sets[0]!, found.sets[1]!, found.components, { difficulty });
  if (!figures) return null;
  const window = (i: 0 | 1): RewardWindow => ({
    ...figures[i === 0 ? 'before' : 'after'],
    from: windows[i].from,
    to: windows[i].to,
    steps: inside[i]!.length,
    stepsRead: read[i]!.length,
  });
  return {
    steps: { step: steps, mean: steps.map((step) => counts.get(step)!.sum / counts.get(step)!.n) },
    before: window(0),
    after: window(1),
    change: figures.change,
    interval: figures.interval,
    components: found.components,
    parts: partsOf(index, figures, found.rows),
    strata: figures.strata,
    resamples: figures.resamples,
  };
}

type Counts = ReadonlyMap<number, { n: number; sum: number }>;

/** Completions with a reward by step, and the sum of their rewards. */
function* rewardedSteps(index: IndexFile, run: string, stage: string): Generator<void, Counts> {
  const counts = new Map<number, { n: number; sum: number }>();
  yield* scan<{ step: number; reward: number }>(
    index,
    attemptsOf(index, { run, stage }).map(({ id }) => id),
    { columns: 't.step, t.reward', condition: 't.step IS NOT NULL AND t.reward IS NOT NULL', values: [] },
    (rows) => {
      for (const { step, reward } of rows) {
        const own = counts.get(step) ?? { n: 0, sum: 0 };
        own.n += 1;
        own.sum += reward;
        counts.set(step, own);
      }
    },
  );
  return counts;
}

function check(windows: readonly StepWindow[], inside: readonly number[][], range: string): void {
  for (const [i, { from, to }] of windows.entries()) {
    if (from > to)
      throw new LonghandError('invalid_params', `A window cannot end at step ${to} when it begins at ${from}.`);
    if (inside[i]!.length === 0)
      throw new LonghandError(
        'invalid_params',
        `No completion of steps ${from} to ${to} has a reward; there are rewards from step ${range}.`,
      );
  }
  const [one, other] = windows;
  if (one!.from <= other!.to && other!.from <= one!.to)
    throw new LonghandError('invalid_params', 'The two windows overlap: choose steps that belong to one of them only.');
}

/** Steps of a window, evenly spread where all of them have more completions than are read. */
function thinned(steps: readonly number[], counts: Counts): number[] {
  const total = steps.reduce((sum, step) => sum + counts.get(step)!.n, 0);
  if (total <= MOST) return [...steps];
  const kept = Math.max(1, Math.floor((steps.length * MOST) / total));
  return Array.from({ length: kept }, (_, i) => steps[Math.floor(((i + 0.5) * steps.length) / kept)]!);
}

interface Row {
  id: number;
  step: number;
  hash: string;
  verdict: number | null;
  recorded: VerdictValue | null;
  answered: number;
  finish: number | null;
  tokens: number | null;
  reward: number;
  rewards: string | null;
}

interface Found {
  sets: RewardedCompletion[][];
  /** In the order of the completions of each set. */
  rows: Row[][];
  components: (RewardComponent & { weight: number })[];
}

function* completionsOf(
  index: IndexFile,
  root: string,
  { run, stage }: Params<'metrics/rewardChange'>,
  read: readonly number[][],
): Generator<void, Found> {
  const side = new Map(read.flatMap((steps, i) => steps.map((step) => [step, i])));
  const rows: Row[][] = [[], []];
  const attempts = attemptsOf(index, { run, stage }).map(({ id }) => id);
  const all = read.flat();
  yield* scan<Row>(
    index,
    attempts,
    {
      columns: `t.id, t.step, p.hash, t.verdict, json_extract(d.facts, '$.verdict.value') AS recorded,
        t.answered, t.finish, t.tokens, t.reward,
        json_extract(d.facts, '$.rewards') AS rewards`,
      condition: 't.step BETWEEN ? AND ? AND t.reward IS NOT NULL',
      values: [Math.min(...all), Math.max(...all)],
    },
    (found) => {
      for (const row of found) {
        const at = side.get(row.step);
        if (at !== undefined) rows[at]!.push(row);
      }
    },
  );
  const weights = stageRewards(index, root, run, stage);
  const parsed: Record<string, number | null>[][] = [[], []];
  const names = new Set(Object.keys(weights));
  for (const [s, some] of rows.entries()) {
    for (const [i, { rewards }] of some.entries()) {
      const parts = rewards === null ? {} : (JSON.parse(rewards) as Record<string, number | null>);
      for (const name of Object.keys(parts)) names.add(name);
      parsed[s]!.push(parts);
      if (i % SLICE === SLICE - 1) yield;
    }
  }
  const of = (values: Readonly<Record<string, number | null>>, name: string): number | null =>
    Object.hasOwn(values, name) ? values[name]! : null;
  const components = [...names].map((name) => ({ name, kind: componentKind(name), weight: of(weights, name) ?? 1 }));
  let rest = 0;
  const sets: (RewardedCompletion & { parts: number[] })[][] = [[], []];
  for (const [s, some] of rows.entries()) {
    for (const [i, row] of some.entries()) {
      const parts = components.map(({ name, weight }) => weight * (of(parsed[s]![i]!, name) ?? 0));
      const left = row.reward - parts.reduce((sum, part) => sum + part, 0);
      rest = Math.max(rest, Math.abs(left));
      parts.push(left);
      sets[s]!.push({ problem: row.hash, state: stateOf(row), parts, tokens: row.tokens });
      if (i % SLICE === SLICE - 1) yield;
    }
  }
  // What rounding left is nothing; then the parts are the whole total.
  if (rest > 1e-6) components.push({ name: names.size === 0 ? 'reward' : REST, kind: 'value', weight: 1 });
  else for (const set of sets) for (const { parts } of set) parts.pop();
  return { sets, rows, components };
}

/** By the verdict that the reward was given for, which a later relabel leaves as it was. */
function stateOf({ verdict, recorded, finish, answered }: Row): CompletionState {
  const value = recorded ?? (verdict === null ? null : verdictCodes[verdict]);
  if (value === 'right' || value === 'undecided') return value;
  if (value !== 'wrong') return 'ungraded';
  if (finish !== null && finishCodes[finish] === 'length') return 'cut';
  return answered === 1 ? 'wrong' : 'unanswered';
}

/**
 * How easy the problems of one window only are, as a share of right answers, by the run's completions outside of both windows: the mean
 * over all of these, and how much more of the problem's own are right than of all in the same steps. So a problem that came late, when
 * the model was better, is not taken for an easy one.
 */
function* difficultyOf(
  index: IndexFile,
  run: string,
  stage: string,
  windows: readonly [StepWindow, StepWindow],
  rows: readonly Row[][],
): Generator<void, Map<string, number>> {
  const [one, other] = rows.map((some) => new Set(some.map(({ hash }) => hash))) as [Set<string>, Set<string>];
  const single = new Set([...one, ...other].filter((hash) => one.has(hash) !== other.has(hash)));
  const difficulty = new Map<string, number>();
  if (single.size === 0) return difficulty;
  const own = new Set(attemptsOf(index, { run, stage }).map(({ id }) => id));
  const all = new Rate();
  const bySteps = new Map<string, Rate>();
  const graded = new Map<string, { rate: Rate; steps: Map<string, number> }>();
  const outside = (step: number | null) => windows.every(({ from, to }) => step === null || step < from || step > to);
  for (const { id } of attemptsOf(index, { run })) {
    yield* scan<{ hash: string; verdict: number; step: number | null }>(
      index,
      [id],
      { columns: 'p.hash, t.verdict, t.step', condition: `t.verdict IN (${DECIDED.join(', ')})`, values: [] },
      (some) => {
        for (const { hash, verdict, step } of some) {
          if (own.has(id) && !outside(step)) continue;
          const right = verdict === DECIDED[0];
          // Attempts of a stage go on with its steps; a new one counts for itself.
          const place = `${id}/${step}`;
          all.add(right);
          rateOf(bySteps, place).add(right);
          if (!single.has(hash)) continue;
          let found = graded.get(hash);
          if (!found) graded.set(hash, (found = { rate: new Rate(), steps: new Map() }));
          found.rate.add(right);
          found.steps.set(place, (found.steps.get(place) ?? 0) + 1);
        }
      },
    );
  }
  for (const [hash, { rate, steps }] of graded) {
    if (rate.n < LEAST_GRADED) continue;
    let expected = 0;
    for (const [place, n] of steps) expected += (n * bySteps.get(place)!.share) / rate.n;
    difficulty.set(hash, Math.max(0, Math.min(1, all.share + rate.share - expected)));
  }
  return difficulty;
}

class Rate {
  n = 0;
  right = 0;

  add(right: boolean): void {
    this.n += 1;
    if (right) this.right += 1;
  }

  get share(): number {
    return this.right / this.n;
  }
}

function rateOf(rates: Map<string, Rate>, place: string): Rate {
  let found = rates.get(place);
  if (!found) rates.set(place, (found = new Rate()));
  return found;
}

/** The parts with the rows of their exemplars. */
function partsOf(
  index: IndexFile,
  { parts }: RewardChangeFigures,
  rows: readonly Row[][],
): NonNullable<Answer>['parts'] {
  const idOf = ({ side, at }: { side: 'before' | 'after'; at: number }) => rows[side === 'before' ? 0 : 1]![at]!.id;
  const ids = [...new Set(parts.flatMap(({ exemplars }) => exemplars.map(idOf)))];
  const shown = new Map(
    ids.length === 0
      ? []
      : traceRows(index, `WHERE t.id IN (${ids.join(', ')})`).map(({ rowId, ...row }) => [rowId, row]),
  );
  return parts.map((part) => ({
    ...part,
    exemplars: part.exemplars.flatMap((exemplar) => {
      const row = shown.get(idOf(exemplar));
      return row ? [{ side: exemplar.side, moved: exemplar.moved, row }] : [];
    }),
  }));
}
