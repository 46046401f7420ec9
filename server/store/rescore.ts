/**
 * What other rules would make of verdicts that are there: the quick check under a policy, over stored answers. A preview is worked out in
 * slices, a fraction of a second a call, and kept in memory until it is whole; applying it is one event of the journal.
 */
import { parsePolicy, policyName, type Policy } from '../../core/answers/policy.ts';
import { quickCheck, quickCheckVersion } from '../../core/answers/quick-check.ts';
import {
  AUDIT_LIMIT,
  RESCORE_LIMIT,
  type RescoreChange,
  type RescorePreview,
  type RescoreSet,
  type RescoreWish,
} from '../../core/protocol/audit.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { FoundAnswer, TraceFacts, VerdictValue } from '../../core/protocol/events.ts';
import { PAGE_LIMIT, type Params } from '../../core/protocol/methods.ts';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { traceRows } from './rows.ts';
import { JOIN_READER } from './rulings.ts';
import { setsOf, type Sums } from './rescore-sets.ts';
import { finishCodes, traceRowId, verdictCodes } from './schema.ts';
import { Slices, stampOf, tracePages } from './slices.ts';
import type { NewJournalEvent } from './trace-store.ts';
import { listQueryOf } from './unread.ts';

/** Milliseconds of judging in one call. */
const JUDGING_MS = 400;
const MOST_SETS = 50;
/** Rows that the engine's checker is given at once. */
const ENGINE_ROWS = 500;
const DEFAULT_LIMIT = 100;
const STOPPED = finishCodes.indexOf('stop');

interface Row {
  id: number;
  attempt_id: number;
  stage: string;
  attempt: number;
  hash: string;
  gold: string;
  verdict: number | null;
  finish: number | null;
  of: string | null;
  step: number | null;
  set_name: string | null;
  marker: string | null;
  answer: string | null;
  found: string | null;
  reader: number | null;
}

const SELECT = `t.id, t.attempt_id, a.stage, a.attempt, p.hash, p.gold, t.verdict, t.finish, t.of, t.step, t.set_name, t.marker,
  json_extract(d.facts, '$.answer') AS answer, d.found, r.value AS reader`;
const JOINS = `JOIN attempts a ON a.id = t.attempt_id JOIN problems p ON p.id = t.problem_id AND p.gold IS NOT NULL JOIN details d ON d.id = t.id
  ${JOIN_READER}`;

interface Change {
  id: number;
  attempt_id: number;
  stage: string;
  attempt: number;
  from: number | null;
  to: number;
  gold: string;
  reason: string;
}

interface Job {
  /** Verdicts of the engine's checker by row id; null: the quick check judges. */
  given: ReadonlyMap<number, number> | null;
  checker: string;
  version: string;
  stamp: string;
  pages: Generator<Row[], void>;
  policy: Policy;
  done: number;
  /** What is left, as it was counted when the job began. */
  all: number;
  beyond: number;
  finished: boolean;
  changes: Change[];
  kept: { undecided: number; reader: number };
  sums: Map<string, Sums>;
  sets: RescoreSet[];
  busy: boolean;
}

/** A row that the engine's checker has not judged yet. */
export interface EngineRow {
  id: number;
  gold: string;
  answer: string;
}

/** What the engine's checker said of one run's traces so far. */
interface Given {
  run: string;
  /** The checkers that have spoken, each with its version. */
  names: Set<string>;
  verdicts: Map<number, number>;
}

export class Rescores {
  private readonly index: IndexFile;
  /** Of the run that was asked about last: at most {@link AUDIT_LIMIT}. */
  private given: Given | null = null;
  private readonly jobs = new Lru<string, Job>(2);

  constructor(index: IndexFile) {
    this.index = index;
  }

  /** @throws `invalid_params` for a filter without a run, or rules that are none */
  *preview(params: Params<'audit/rescore'>): Generator<void, RescorePreview> {
    const job = this.job(params);
    if (!job.finished && !job.busy) {
      job.busy = true;
      try {
        yield* this.work(job, params.over);
      } finally {
        job.busy = false;
      }
    }
    return this.answer(job, params);
  }

  private job(wish: RescoreWish): Job {
    const policy = policyOf(wish.policy);
    if (wish.filter.run === undefined)
      throw new LonghandError('invalid_params', 'A re-score is of one run: name it in the filter.');
    const isEngine = wish.checker === 'engine';
    const given = isEngine ? this.givenOf(wish.filter.run) : null;
    const key = keyOf(wish, policy);
    const known = this.jobs.get(key);
    // One that is under way goes on with what it began with; a finished one is made anew when anything was said of the traces since.
    const stamp = stampOf(this.index, wish.filter.run);
    if (known && (!known.finished || known.stamp === stamp)) return known;
    const filter = { ...wish.filter, live: false };
    const { terms } = listQueryOf(wish.query);
    let all = 0;
    for (const rows of tracePages<{ id: number }>(this.index, filter, 't.id', '', { terms })) all += rows.length;
    const job: Job = {
      given: isEngine ? (given?.verdicts ?? new Map<number, number>()) : null,
      checker: isEngine ? 'engine' : 'quick',
      version: isEngine ? [...(given?.names ?? [])].toSorted().join(', ') : quickCheckVersion(policy),
      stamp,
      pages: tracePages<Row>(this.index, filter, SELECT, JOINS, { terms }),
      policy,
      done: 0,
      all,
      beyond: 0,
      finished: false,
      changes: [],
      kept: { undecided: 0, reader: 0 },
      sums: new Map(),
      sets: [],
      busy: false,
    };
    this.jobs.set(key, job);
    return job;
  }

  private *work(job: Job, over: readonly VerdictValue[] | undefined): Generator<void> {
    const slices = new Slices();
    const wanted = over ? new Set(over.map((value) => verdictCodes.indexOf(value))) : null;
    let spent = 0;
    while (spent <= JUDGING_MS) {
      const next = job.pages.next();
      if (next.done) {
        job.sets = yield* setsOf(job.sums);
        job.sums.clear();
        job.finished = true;
        return;
      }
      for (const row of next.value) {
        if (job.done >= AUDIT_LIMIT) {
          job.beyond += 1;
          continue;
        }
        job.done += 1;
        const began = performance.now();
        judge(job, row, wanted);
        spent += performance.now() - began;
        yield* slices.breath();
      }
    }
  }

  /** The next rows that the engine's checker has not judged, and how many there are in all where `count` asks for it. */
  *lacking(wish: RescoreWish, after: number, count: boolean): Generator<void, { rows: EngineRow[]; left: number }> {
    const known = this.givenOf(wish.filter.run ?? '')?.verdicts;
    const wanted = wish.over ? new Set(wish.over.map((value) => verdictCodes.indexOf(value))) : null;
    const { terms } = listQueryOf(wish.query);
    const slices = new Slices();
    const found: EngineRow[] = [];
    let left = 0;
    let seen = 0;
    for (const rows of tracePages<Row>(this.index, { ...wish.filter, live: false }, SELECT, JOINS, {
      beyond: after,
      terms,
    })) {
      for (const row of rows) {
        if ((seen += 1) > AUDIT_LIMIT) break;
        if (row.reader !== null || known?.has(row.id)) continue;
        if (wanted && (row.verdict === null || !wanted.has(row.verdict))) continue;
        const answer = answerOf(row);
        if (answer === null) continue;
        left += 1;
        if (found.length < ENGINE_ROWS) found.push({ id: row.id, gold: row.gold, answer });
      }
      if (seen > AUDIT_LIMIT || (!count && found.length >= ENGINE_ROWS)) break;
      yield* slices.breath();
    }
    return { rows: found, left };
  }

  /** Keeps what the engine's checkers said, with their names and versions; what was said of another run is forgotten. */
  give(run: string, names: readonly string[], verdicts: readonly (readonly [number, VerdictValue])[]): void {
    let { given } = this;
    if (given?.run !== run) this.given = given = { run, names: new Set(), verdicts: new Map() };
    for (const name of names) given.names.add(name);
    const kept = given.verdicts;
    for (const [id, value] of verdicts) kept.set(id, verdictCodes.indexOf(value));
    // Those of what was asked about before make room.
    for (const oldest of kept.keys()) {
      if (kept.size <= AUDIT_LIMIT) break;
      kept.delete(oldest);
    }
    this.jobs.clear();
  }

  private givenOf(run: string): Given | null {
    return this.given?.run === run ? this.given : null;
  }

  private answer(job: Job, { cursor = 0, limit, policy }: Params<'audit/rescore'>): RescorePreview {
    const size = Math.min(limit ?? DEFAULT_LIMIT, PAGE_LIMIT);
    const moves = new Map<string, RescorePreview['moves'][number]>();
    for (const { from, to } of job.changes) {
      const key = `${from} ${to}`;
      const known = moves.get(key);
      if (known) known.n += 1;
      else moves.set(key, { from: valueOf(from), to: valueOf(to)!, n: 1 });
    }
    return {
      checker: job.checker,
      version: job.version,
      policy: policyName(policyOf(policy)),
      done: job.done,
      waiting: job.finished ? 0 : Math.max(1, Math.min(job.all, AUDIT_LIMIT) - job.done),
      beyond: job.beyond,
      moves: [...moves.values()].toSorted((a, b) => b.n - a.n),
      kept: { ...job.kept },
      sets: job.sets.slice(0, MOST_SETS),
      moreSets: Math.max(0, job.sets.length - MOST_SETS),
      changes: this.changes(job.changes.slice(cursor, cursor + size)),
      total: job.changes.length,
      ...(cursor + size < job.changes.length && { next: cursor + size }),
    };
  }

  private changes(shown: readonly Change[]): RescoreChange[] {
    const ids = JSON.stringify(shown.map(({ id }) => id));
    const found = traceRows(this.index, 'WHERE t.id IN (SELECT value FROM json_each(?))', ids);
    const rows = new Map(found.map(({ rowId, ...row }) => [rowId, row]));
    return shown.flatMap(({ id, from, to, gold, reason }) => {
      const row = rows.get(id);
      return row ? [{ row, from: valueOf(from), to: valueOf(to)!, gold, reason }] : [];
    });
  }

  /**
   * The event that makes a preview count.
   * @throws `not_runnable` where it is not whole, has changed since, or is too large
   */
  event(params: Params<'audit/apply'>, by: string): NewJournalEvent & { type: 'rescored' } {
    const policy = policyOf(params.policy);
    const job = this.jobs.get(keyOf(params, policy));
    const stamp = stampOf(this.index, params.filter.run);
    if (!job?.finished || job.stamp !== stamp || job.changes.length !== params.changes)
      throw new LonghandError(
        'not_runnable',
        'The traces have changed since the preview. Look at it again, then apply.',
      );
    if (job.changes.length === 0) throw new LonghandError('not_runnable', 'These rules change no verdict.');
    if (job.changes.length > RESCORE_LIMIT)
      throw new LonghandError(
        'not_runnable',
        `${job.changes.length} verdicts would change, and at most ${RESCORE_LIMIT} can at once. Narrow the filter, and apply in parts.`,
      );
    const groups = Map.groupBy(job.changes, ({ stage, attempt, from, to }) =>
      JSON.stringify([stage, attempt, from, to]),
    );
    return {
      type: 'rescored',
      run: params.filter.run!,
      by,
      checker: job.checker,
      version: job.version,
      policy: policyName(policy),
      filter: { ...params.filter },
      ...(params.query !== undefined && { query: params.query }),
      over: params.over ?? null,
      changes: [...groups.values()].map((group) => {
        const { stage, attempt, from, to, attempt_id: id } = group[0]!;
        const traces = group.map((change) => change.id - traceRowId(id, 0));
        return { stage, attempt, from: valueOf(from), to: valueOf(to)!, traces };
      }),
    };
  }
}

const valueOf = (code: number | null): VerdictValue | null => (code === null ? null : (verdictCodes[code] ?? null));

const keyOf = ({ filter, query, over, checker = 'quick' }: RescoreWish, policy: Policy): string =>
  JSON.stringify([filter, query ?? '', policyName(policy), over ?? null, checker]);

function policyOf(name: string): Policy {
  try {
    return parsePolicy(name);
  } catch (error) {
    throw new LonghandError('invalid_params', (error as Error).message);
  }
}

/** One trace: what it is, what it would be, and what that does to the accuracy of its set. */
function judge(job: Job, row: Row, wanted: ReadonlySet<number> | null): void {
  const before = row.verdict;
  let after = before;
  if (row.reader !== null) job.kept.reader += 1;
  else if (!wanted || (before !== null && wanted.has(before))) {
    const said = job.given ? givenOpinion(job, row.id) : ownOpinion(row, job.policy);
    if (!said || said.value === 'undecided') job.kept.undecided += 1;
    else {
      after = verdictCodes.indexOf(said.value);
      if (after !== before) {
        const { id, attempt_id, stage, attempt, gold } = row;
        job.changes.push({ id, attempt_id, stage, attempt, from: before, to: after, gold, reason: said.reason });
      }
    }
  }
  const { stage, of, step, set_name: set, marker } = row;
  const key = JSON.stringify([stage, of, step, set, marker]);
  let sums = job.sums.get(key);
  if (!sums) job.sums.set(key, (sums = { of: { stage, of, step, set, marker }, problems: new Map() }));
  let problem = sums.problems.get(row.hash);
  if (!problem) sums.problems.set(row.hash, (problem = { n: 0, before: 0, after: 0 }));
  problem.n += 1;
  if (counts(before, row.finish)) problem.before += 1;
  if (counts(after, row.finish)) problem.after += 1;
}

function ownOpinion(row: Row, policy: Policy): { value: VerdictValue; reason: string } | null {
  const answer = answerOf(row);
  return answer === null ? null : quickCheck(row.gold, answer, policy);
}

function givenOpinion({ given, version }: Job, id: number): { value: VerdictValue; reason: string } | null {
  const value = valueOf(given?.get(id) ?? null);
  return value === null ? null : { value, reason: `by ${version}` };
}

/** Right, and not cut: a file that says nothing of how its completions ended has none that were. */
const counts = (verdict: number | null, finish: number | null): boolean =>
  verdict === verdictCodes.indexOf('right') && (finish === null || finish === STOPPED);

/** Our own extraction, as the quick check uses it; the record's where there is none. */
function answerOf({ found, answer }: Row): string | null {
  const own = found === null ? null : (JSON.parse(found) as FoundAnswer | null);
  if (own) return own.text;
  return answer === null ? null : ((JSON.parse(answer) as TraceFacts['answer'])?.text ?? null);
}
