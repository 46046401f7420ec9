/** GRPO groups: the completions of one prompt in one step, with their rewards and advantages; their health by step. */
import { groupAdvantages, meanAndDeviation, type AdvantageScale } from '../../core/metrics/advantages.ts';
import type { TraceFacts } from '../../core/protocol/events.ts';
import { PAGE_LIMIT } from '../../core/protocol/methods.ts';
import type { GroupHealth, ProblemGroups } from '../../core/protocol/groups.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import { readSpec } from './attempts.ts';
import { attemptsOf, where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { attemptFolder, parseTraceId } from './paths.ts';
import { rangesOf } from './scan.ts';
import { finishCodes, traceRowId, verdictCodes } from './schema.ts';
import { Slices, tracePages } from './slices.ts';
import { findTrace, traceGroup } from './traces.ts';

const DEFAULT_PROBLEMS = 100;
const DEFAULT_STEPS = 200;
const RIGHT = verdictCodes.indexOf('right');
const WRONG = verdictCodes.indexOf('wrong');
const CUT = finishCodes.indexOf('length');

interface GroupRow {
  hash: string;
  label: string;
  attempt_id: number;
  grp: string;
  n: number;
  graded: number;
  right: number;
  firstStep: number | null;
  lastStep: number | null;
  first: number;
}

/** The problems of a stage that were sampled in groups, in the order in which they came first. */
export function* groupProblems(
  index: IndexFile,
  { run, stage, text, cursor, limit }: Params<'groups/problems'>,
): Generator<void, Result<'groups/problems'>> {
  const slices = new Slices();
  const filter = { run, stage, ...(text ? { text } : {}) };
  const condition = where(index, filter);
  const found = new Map<string, ProblemGroups & { first: number; seen: Set<string> }>();
  for (const { from, to } of rangesOf(index, attemptsOf(index, filter))) {
    // A group may lie on both sides of a range's end.
    for (const { hash, label, attempt_id: id, grp, first, ...row } of index.all<GroupRow>(
      `SELECT p.hash, p.label, t.attempt_id, t.grp, count(*) AS n, count(t.verdict IN (${RIGHT}, ${WRONG}) OR NULL) AS graded,
         count(t.verdict = ${RIGHT} OR NULL) AS right, min(t.step) AS firstStep, max(t.step) AS lastStep, min(t.id) AS first
       FROM traces t JOIN problems p ON p.id = t.problem_id
       WHERE ${condition.sql} AND t.grp IS NOT NULL AND t.id >= ? AND t.id < ? GROUP BY t.problem_id, t.grp ORDER BY first`,
      ...condition.values,
      from,
      to,
    )) {
      const group = `${id}/${grp}`;
      const known = found.get(hash);
      if (!known) {
        found.set(hash, { problem: hash, label, groups: 1, ...row, first, seen: new Set([group]) });
        continue;
      }
      known.groups = known.seen.add(group).size;
      known.n += row.n;
      known.graded += row.graded;
      known.right += row.right;
      known.firstStep = least(known.firstStep, row.firstStep);
      known.lastStep = most(known.lastStep, row.lastStep);
      if (label > known.label) known.label = label;
    }
    yield* slices.breath();
  }
  const size = Math.min(limit ?? DEFAULT_PROBLEMS, PAGE_LIMIT);
  const rows = [...found.values()].filter(({ first }) => first > (cursor ?? -1));
  const shown = rows.slice(0, size);
  return {
    problems: shown.map(({ first: _first, seen: _seen, ...problem }) => problem),
    total: found.size,
    ...(rows.length > size && { next: shown.at(-1)!.first }),
  };
}

const least = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
const most = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

/** The groups of one problem by step, at most {@link PAGE_LIMIT}. */
export function groupSteps(index: IndexFile, { run, stage, problem }: Params<'groups/steps'>): Result<'groups/steps'> {
  const condition = where(index, { run, stage, problem });
  const rows = index.all<Result<'groups/steps'>['groups'][number] & { attempt: number; first: number; base: number }>(
    `SELECT t.step, t.grp AS "group", a.attempt, t.attempt_id AS base, min(t.id) AS first, count(*) AS n,
       count(t.verdict = ${RIGHT} OR NULL) AS right, avg(t.reward) AS reward, avg(t.tokens) AS tokens
     FROM traces t JOIN attempts a ON a.id = t.attempt_id WHERE ${condition.sql} AND t.grp IS NOT NULL AND t.step IS NOT NULL
     GROUP BY t.attempt_id, t.step, t.grp ORDER BY t.step, first`,
    ...condition.values,
  );
  return {
    groups: rows.slice(0, PAGE_LIMIT).map(({ attempt, first, base, ...group }) => ({
      ...group,
      trace: `${run}/${stage}/${attempt}/${first - traceRowId(base, 0)}`,
    })),
    more: Math.max(0, rows.length - PAGE_LIMIT),
  };
}

/** The group of a trace, its advantages recomputed from the total rewards as the stage's configuration says. */
export function groupOf(index: IndexFile, root: string, { trace }: Params<'groups/get'>): Result<'groups/get'> {
  const { rows } = traceGroup(index, root, trace);
  const { key } = parseTraceId(trace);
  const settings = settingsOf(attemptFolder(root, key));
  const facts = new Map(
    rows.map((row) => {
      const { id } = findTrace(index, root, row.trace);
      const found = index.get<{ facts: string }>('SELECT facts FROM details WHERE id = ?', id);
      return [row.trace, JSON.parse(found?.facts ?? '{}') as TraceFacts];
    }),
  );
  const rewards = rows.map((row) => row.reward);
  const { mean, deviation } = meanAndDeviation(rewards);
  const { scale } = settings;
  const own =
    scale === 'recorded'
      ? rows.map((row) => facts.get(row.trace)?.advantage ?? null)
      : groupAdvantages(rewards, scale, scale === 'batch' ? batchDeviation(index, root, trace) : 0);
  return {
    problem: rows[0]?.problem ?? '',
    problemLabel: rows[0]?.problemLabel ?? '',
    step: rows[0]?.step ?? null,
    rewardMean: mean,
    rewardDeviation: mean === null ? null : deviation,
    scale,
    weights: settings.weights,
    members: rows.map((row, i) => ({
      row,
      rewards: facts.get(row.trace)?.rewards ?? {},
      advantage: row.reward === null ? null : (own[i] ?? null),
      advantageLogged: facts.get(row.trace)?.advantage_logged ?? null,
    })),
  };
}

function batchDeviation(index: IndexFile, root: string, trace: string): number {
  const { id, attemptId } = findTrace(index, root, trace);
  const rows = index.all<{ reward: number | null }>(
    'SELECT t.reward FROM traces t WHERE t.attempt_id = ? AND t.step IS (SELECT step FROM traces WHERE id = ?)',
    attemptId,
    id,
  );
  return meanAndDeviation(rows.map(({ reward }) => reward)).deviation;
}

interface HealthRow {
  id: number;
  attempt_id: number;
  attempt: number;
  step: number;
  grp: string | null;
  verdict: number | null;
  finish: number | null;
  tokens: number | null;
  reward: number | null;
  cosine: number | null;
}

/** Figures of each step's groups, from `stepFrom` on. Steps of which no completion has a reward yet are left out. */
export function* groupHealth(
  index: IndexFile,
  root: string,
  { run, stage, stepFrom, limit }: Params<'metrics/groups'>,
): Generator<void, Result<'metrics/groups'>> {
  const slices = new Slices();
  const size = Math.min(limit ?? DEFAULT_STEPS, PAGE_LIMIT);
  const asked = { run, stage, stepFrom: stepFrom ?? 0 };
  const steps = yield* stepsOf(index, asked, slices);
  const last = steps[size - 1] ?? steps.at(-1);
  if (last === undefined) return { steps: [] };
  const bySteps = new Map<number, HealthRow[]>();
  const ends = new Map<number, readonly number[]>();
  const select = `t.id, t.attempt_id, a.attempt, t.step, t.grp, t.verdict, t.finish, t.tokens, t.reward,
    json_extract(d.facts, '$.rewards.cosine') AS cosine`;
  const joins = 'JOIN attempts a ON a.id = t.attempt_id LEFT JOIN details d ON d.id = t.id';
  for (const rows of tracePages<HealthRow>(index, { ...asked, stepTo: last }, select, joins)) {
    for (const row of rows) {
      if (row.grp === null || row.reward === null) continue;
      const { attempt_id: id, attempt } = row;
      if (!ends.has(id)) ends.set(id, settingsOf(attemptFolder(root, { run, stage, attempt })).cosineEnds);
      const own = bySteps.get(row.step);
      if (own) own.push(row);
      else bySteps.set(row.step, [row]);
    }
    yield* slices.breath();
  }
  const found: GroupHealth[] = [];
  for (const [step, rows] of [...bySteps].toSorted(([a], [b]) => a - b)) {
    found.push(healthOf(step, rows, ends));
    yield* slices.breath();
  }
  return { steps: found, ...(steps.length > size && { next: steps[size]! }) };
}

/** Steps with groups, ascending. */
function* stepsOf(index: IndexFile, filter: TraceFilter, slices: Slices): Generator<void, number[]> {
  const condition = where(index, filter);
  const found = new Set<number>();
  for (const { from, to } of rangesOf(index, attemptsOf(index, filter))) {
    for (const { step } of index.all<{ step: number }>(
      `SELECT DISTINCT t.step FROM traces t WHERE ${condition.sql} AND t.grp IS NOT NULL AND t.id >= ? AND t.id < ?`,
      ...condition.values,
      from,
      to,
    ))
      found.add(step);
    yield* slices.breath();
  }
  return [...found].sort((a, b) => a - b);
}

function healthOf(step: number, rows: HealthRow[], ends: ReadonlyMap<number, readonly number[]>): GroupHealth {
  const groups = [...Map.groupBy(rows, ({ attempt_id: id, grp }) => `${id}/${grp}`).values()];
  const flat = groups.filter((group) => group.every(({ reward }) => reward === group[0]?.reward));
  const all = (verdict: number) => flat.filter((group) => group.every((row) => row.verdict === verdict)).length;
  const [right, wrong] = [RIGHT, WRONG].map((verdict) => rows.filter((row) => row.verdict === verdict)) as [
    HealthRow[],
    HealthRow[],
  ];
  const withCosine = rows.filter(({ cosine }) => cosine !== null);
  const atEnd = withCosine.filter((row) =>
    // A cosine is exactly its end value from there on; next to it, it differs by less than one would see.
    ends.get(row.attempt_id)?.some((end) => Math.abs(row.cosine! - end) < 1e-9),
  );
  const tokens = (some: HealthRow[]) => meanAndDeviation(some.map((row) => row.tokens)).mean;
  return {
    step,
    groups: groups.length,
    completions: rows.length,
    flat: { right: all(RIGHT), wrong: all(WRONG), other: flat.length - all(RIGHT) - all(WRONG) },
    cut: rows.filter(({ finish }) => finish === CUT).length,
    cosine: withCosine.length === 0 ? null : { n: withCosine.length, saturated: atEnd.length },
    right: right.length,
    wrong: wrong.length,
    tokensRight: tokens(right),
    tokensWrong: tokens(wrong),
  };
}

interface Settings {
  scale: AdvantageScale | 'recorded';
  weights: Record<string, number>;
  /** Values of the cosine reward at and beyond its `max_length`. */
  cosineEnds: readonly number[];
}

interface StageFile {
  config?: { scale_rewards?: unknown; multi_objective_aggregation?: unknown };
  rewards?: { name?: unknown; weight?: unknown; right?: unknown; wrong?: unknown }[];
}

/** Weights by the names of the parts as the record has them: a second reward of a name is `name_2`. */
function weightsOf(rewards: NonNullable<StageFile['rewards']>): Record<string, number> {
  const weights: Record<string, number> = {};
  for (const { name, weight } of rewards) {
    if (typeof name !== 'string') continue;
    let own = name;
    for (let n = 2; Object.hasOwn(weights, own); n += 1) own = `${name}_${n}`;
    weights[own] = typeof weight === 'number' ? weight : 1;
  }
  return weights;
}

/** Weights of the reward parts of a stage, by their names in the record; empty where it has no configuration (an import). */
export function stageRewards(index: IndexFile, root: string, run: string, stage: string): Record<string, number> {
  const newest = index.get<{ attempt: number }>(
    'SELECT max(attempt) AS attempt FROM attempts WHERE run = ? AND stage = ?',
    run,
    stage,
  );
  return newest ? settingsOf(attemptFolder(root, { run, stage, attempt: newest.attempt })).weights : {};
}

/** What the stage's configuration says of rewards and advantages; TRL's own defaults where it says nothing. */
function settingsOf(folder: string): Settings {
  const stage = (readSpec(folder).spec?.stage_config ?? {}) as StageFile;
  const rewards = Array.isArray(stage.rewards) ? stage.rewards : [];
  const { scale_rewards: scaled, multi_objective_aggregation: aggregation } = stage.config ?? {};
  const scale = scaled === false || scaled === 'none' ? 'none' : scaled === 'batch' ? 'batch' : 'group';
  const end = (range: unknown, fallback: number) =>
    Array.isArray(range) && typeof range[1] === 'number' ? range[1] : fallback;
  return {
    scale: aggregation === 'normalize_then_sum' ? 'recorded' : scale,
    weights: weightsOf(rewards),
    cosineEnds: rewards
      .filter(({ name }) => name === 'cosine')
      .flatMap(({ right, wrong }) => [end(right, 0.1), end(wrong, -0.1)]),
  };
}
