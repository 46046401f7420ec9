/**
 * Which verdicts of a filter's traces may be wrong. Texts are read when they are asked for, a fraction of a second a call, and what was
 * seen in them is kept in the index; what the checkers and the other samples say is put together anew for each ranking.
 */
import { createHash } from 'node:crypto';
import { normalise } from '../../core/answers/normalise.ts';
import { QUICK_CHECK_VERSION } from '../../core/answers/quick-check.ts';
import {
  SIGHTING_VERSION,
  sight,
  suspicions,
  Votes,
  type Judged,
  type Sighting,
} from '../../core/answers/suspicions.ts';
import { AUDIT_LIMIT, auditReasons, type AuditItem, type AuditQueue, type Suspect } from '../../core/protocol/audit.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { FoundAnswer, TraceFacts, Verdict } from '../../core/protocol/events.ts';
import { PAGE_LIMIT, type Params } from '../../core/protocol/methods.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { Term } from '../../core/query/types.ts';
import type { IndexFile } from './index-file.ts';
import { attemptsOf, where } from './filters.ts';
import { countOf } from './long-lists.ts';
import { Lru } from './lru.ts';
import { attemptFolder } from './paths.ts';
import { Reading } from './reading.ts';
import { traceRows } from './rows.ts';
import { JOIN_READER } from './rulings.ts';
import { verdictCodes } from './schema.ts';
import { type Slices, STILL_THERE, stampOf, tracePages } from './slices.ts';
import { readText } from './text.ts';
import { listQueryOf, readsOf } from './unread.ts';

const VERSION = `${SIGHTING_VERSION} ${QUICK_CHECK_VERSION}`;
/** UTF-16 units of a completion that are read: some 300,000 tokens. */
const TEXT_LIMIT = 2 ** 20;
const DEFAULT_LIMIT = 100;

interface Row {
  id: number;
  attempt_id: number;
  run: string;
  stage: string;
  attempt: number;
  hash: string;
  gold: string;
  verdict: number | null;
  of: string | null;
  step: number | null;
  set_name: string | null;
  marker: string | null;
  facts: string;
  quick: string | null;
  found: string | null;
  version: string | null;
  sighting: string | null;
  cut: number | null;
  reader: number | null;
}

const SELECT = `t.id, t.attempt_id, a.run, a.stage, a.attempt, p.hash, p.gold, t.verdict, t.of, t.step, t.set_name, t.marker, d.facts, d.quick, d.found,
  x.version, x.found AS sighting, x.cut, r.value AS reader`;
/** Of these one call reads texts: what is said of them otherwise is not looked at. */
const TEXTS = `JOIN attempts a ON a.id = t.attempt_id JOIN problems p ON p.id = t.problem_id AND p.gold IS NOT NULL
  LEFT JOIN audits x ON x.trace = t.id`;
const JOINS = `${TEXTS} JOIN details d ON d.id = t.id ${JOIN_READER}`;
type TextRow = Pick<Row, 'id' | 'run' | 'stage' | 'attempt' | 'gold' | 'version'>;

/** A ranking as long as nothing is said anew of the traces: order and reasons as numbers, the votes to make the words from. */
interface Ranking {
  stamp: string;
  /** Texts that had not been read when it was made. */
  waiting: number;
  ranked: { id: number; score: number; suspect: Suspect; mask: number }[];
  votes: Map<string, Votes>;
  looked: number;
  done: number;
  unreadable: number;
  cut: number;
  beyond: number;
}

/** The traces that are looked at. */
interface Scope {
  filter: TraceFilter;
  terms: readonly Term[];
}

export class AuditQueues {
  private readonly index: IndexFile;
  private readonly root: string;
  private readonly rankings = new Lru<string, Ranking>(2);

  constructor(index: IndexFile, root: string) {
    this.index = index;
    this.root = root;
  }

  *page(params: Params<'audit/queue'>): Generator<void, AuditQueue> {
    const scope: Scope = { filter: { ...params.filter, live: false }, terms: listQueryOf(params.query).terms };
    const name = createHash('sha256')
      .update(JSON.stringify([scope.filter, params.query ?? '']))
      .digest('base64url')
      .slice(0, 12);
    const known = this.rankings.get(name);
    // What is found in texts changes without a word of workers or journal.
    const isWhole = known?.waiting === 0 && readsOf(scope).size === 0;
    if (isWhole && known.stamp === stampOf(this.index, scope.filter.run)) return this.answer(known, name, params);
    const slices = new Reading();
    yield* this.readTexts(scope, slices);
    const { waiting } = slices;
    let ranking = this.rankings.get(name);
    const stamp = stampOf(this.index, scope.filter.run);
    if (ranking?.stamp !== stamp || isOutdated(ranking, waiting)) {
      ranking = yield* this.rank(scope, slices, { stamp, waiting });
      this.rankings.set(name, ranking);
    }
    return this.answer({ ...ranking, waiting }, name, params);
  }

  /** Reads texts that were not yet, as far as there is time. */
  private *readTexts({ filter, terms }: Scope, work: Reading): Generator<void> {
    let seen = 0;
    const select = 't.id, a.run, a.stage, a.attempt, p.gold, x.version';
    for (const rows of tracePages<TextRow>(this.index, filter, select, TEXTS, { terms })) {
      const news: { id: number; run: string; found: string | null; cut: boolean }[] = [];
      for (const row of rows) {
        if ((seen += 1) > AUDIT_LIMIT) break;
        if (row.version === VERSION || !work.hasTime()) continue;
        news.push({ run: row.run, ...(yield* work.read(this.read(row))) });
        yield* work.breath();
      }
      if (news.length > 0)
        this.index.transaction(() => {
          for (const { id, run, found, cut } of news)
            this.index.run(`INSERT OR REPLACE INTO audits SELECT :trace, :version, :found, :cut WHERE ${STILL_THERE}`, {
              trace: id,
              run,
              version: VERSION,
              found,
              cut: cut ? 1 : 0,
            });
        });
      if (seen > AUDIT_LIMIT) break;
      yield* work.breath();
    }
  }

  /** `found` null: its text is gone. */
  private *read(row: TextRow): Generator<void, { id: number; found: string | null; cut: boolean }> {
    const text = readText(this.index, attemptFolder(this.root, row), 0, row.id, TEXT_LIMIT + 1);
    if (text === null) return { id: row.id, found: null, cut: false };
    const cut = text.length > TEXT_LIMIT;
    return { id: row.id, found: JSON.stringify(yield* sight(text.slice(0, TEXT_LIMIT), row.gold)), cut };
  }

  private *rank(
    { filter, terms }: Scope,
    slices: Slices,
    at: Pick<Ranking, 'stamp' | 'waiting'>,
  ): Generator<void, Ranking> {
    const ranking: Ranking = {
      ...at,
      ranked: [],
      votes: new Map(),
      looked: 0,
      done: 0,
      unreadable: 0,
      cut: 0,
      beyond: 0,
    };
    const normals = knownNormals();
    let last = -1;
    for (const rows of tracePages<Row>(this.index, filter, SELECT, JOINS, { terms })) {
      for (const row of rows.slice(0, AUDIT_LIMIT - ranking.looked)) {
        ranking.looked += 1;
        last = row.id;
        const { normal, answer, verdict } = judgedOf(row, normals);
        let votes = ranking.votes.get(groupOf(row));
        if (!votes) ranking.votes.set(groupOf(row), (votes = new Votes()));
        if (normal !== null && answer) votes.add(normal, answer.text, verdict);
        yield* slices.breath();
      }
      if (ranking.looked >= AUDIT_LIMIT) break;
      yield* slices.breath();
    }
    if (ranking.looked >= AUDIT_LIMIT) ranking.beyond = yield* this.countBeyond({ filter, terms }, last);
    let seen = 0;
    for (const rows of tracePages<Row>(this.index, filter, SELECT, JOINS, { terms })) {
      for (const row of rows) {
        if ((seen += 1) > AUDIT_LIMIT) break;
        if (row.reader !== null) ranking.done += 1;
        if (row.version === VERSION && row.sighting === null) ranking.unreadable += 1;
        if (row.cut === 1) ranking.cut += 1;
        if (row.reader !== null) continue;
        const found = this.suspicionsOf(row, ranking, normals);
        if (found) {
          const mask = found.reasons.reduce((sum, { reason }) => sum | (1 << auditReasons.indexOf(reason)), 0);
          ranking.ranked.push({ id: row.id, score: found.score, suspect: found.suspect, mask });
        }
        yield* slices.breath();
      }
      if (seen > AUDIT_LIMIT) break;
      yield* slices.breath();
    }
    ranking.ranked.sort((a, b) => b.score - a.score || a.id - b.id);
    return ranking;
  }

  private countBeyond({ filter, terms }: Scope, last: number): Generator<void, number> {
    const { sql, values } = where(this.index, filter, terms);
    const hasGold = 'EXISTS (SELECT 1 FROM problems p WHERE p.id = t.problem_id AND p.gold IS NOT NULL)';
    return countOf(this.index, attemptsOf(this.index, filter), { sql: `${sql} AND ${hasGold}`, values }, last);
  }

  private suspicionsOf(row: Row, { votes }: Ranking, normals = knownNormals()) {
    const sighting =
      row.version === VERSION && row.sighting !== null ? (JSON.parse(row.sighting) as Sighting | null) : null;
    return suspicions(judgedOf(row, normals), sighting, votes.get(groupOf(row)) ?? null);
  }

  private answer(ranking: Ranking, name: string, params: Params<'audit/queue'>): AuditQueue {
    const wanted = params.reasons?.reduce((sum, reason) => sum | (1 << auditReasons.indexOf(reason)), 0) ?? ~0;
    const suspect = ranking.ranked.filter((one) => params.suspect === undefined || one.suspect === params.suspect);
    const fit = suspect.filter(({ mask }) => (mask & wanted) !== 0);
    const after = params.cursor === undefined ? null : readCursor(params.cursor, name);
    const from = after
      ? fit.findIndex(({ id, score }) => score < after.score || (score === after.score && id > after.id))
      : 0;
    const size = Math.min(params.limit ?? DEFAULT_LIMIT, PAGE_LIMIT);
    const shown = from < 0 ? [] : fit.slice(from, from + size);
    const last = shown.at(-1);
    const reasons: AuditQueue['reasons'] = {};
    for (const { mask } of suspect)
      for (const [bit, reason] of auditReasons.entries())
        if ((mask & (1 << bit)) !== 0) reasons[reason] = (reasons[reason] ?? 0) + 1;
    const { looked, done, waiting, unreadable, cut, beyond } = ranking;
    return {
      items: this.items(shown, ranking),
      total: fit.length,
      reasons,
      ...{ looked, done, waiting, unreadable, cut, beyond },
      ...(last && from + size < fit.length && { next: writeCursor({ ...last, list: name }) }),
    };
  }

  private items(shown: readonly { id: number; suspect: Suspect }[], ranking: Ranking): AuditItem[] {
    const ids = JSON.stringify(shown.map(({ id }) => id));
    const list = 'WHERE t.id IN (SELECT value FROM json_each(?))';
    const rows = new Map(traceRows(this.index, list, ids).map(({ rowId, ...row }) => [rowId, row]));
    const details = this.index.all<Row>(`SELECT ${SELECT} FROM traces t ${JOINS} ${list}`, ids);
    const found = new Map(details.map((row) => [row.id, this.suspicionsOf(row, ranking)]));
    return shown.flatMap(({ id, suspect }) => {
      const row = rows.get(id);
      const reasons = found.get(id)?.reasons ?? [];
      if (!row) return [];
      return [
        { row, suspect, reasons: reasons.map(({ reason, detail, at }) => ({ reason, detail, ...(at && { at }) })) },
      ];
    });
  }
}

/**
 * To rank many traces takes longer than one call reads: while texts wait to be read, it is done again when half of those are read that
 * waited the last time.
 */
const isOutdated = (ranking: Ranking, waiting: number): boolean =>
  waiting !== ranking.waiting && (waiting === 0 || waiting > ranking.waiting || 2 * waiting <= ranking.waiting);

/** Samples of one problem in one evaluation or step, under one marker setting. */
const groupOf = ({ stage, of, step, set_name: set, marker, hash }: Row): string =>
  JSON.stringify([stage, of, step, set, marker, hash]);

/** Normal forms of answers, as samples give the same ones: of some million characters. */
const knownNormals = (): Lru<string, string> => new Lru(2 ** 21, (normal) => normal.length + 32);

function judgedOf(row: Row, normals: Lru<string, string>): Judged {
  const facts = JSON.parse(row.facts) as TraceFacts;
  const answer = facts.answer ?? (row.found === null ? null : (JSON.parse(row.found) as FoundAnswer | null));
  return {
    verdict: row.verdict === null ? null : (verdictCodes[row.verdict] ?? null),
    checker: facts.verdict ?? null,
    quick: row.quick === null ? null : (JSON.parse(row.quick) as Verdict),
    answer,
    cut: facts.finish === 'length',
    normal: answer ? normalOf(answer.text.slice(0, 1000), normals) : null,
  };
}

function normalOf(text: string, known: Lru<string, string>): string {
  let normal = known.get(text);
  if (normal === undefined) known.set(text, (normal = normalise(text)));
  return normal;
}

interface Place {
  id: number;
  score: number;
  list: string;
}

const writeCursor = ({ id, score, list }: Place): string =>
  Buffer.from(JSON.stringify({ id, score, list })).toString('base64url');

function readCursor(cursor: string, list: string): Place {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Place;
    if (place.list === list && Number.isSafeInteger(place.id) && typeof place.score === 'number') return place;
  } catch {
    // Said below.
  }
  throw new LonghandError('invalid_params', 'The cursor does not belong to this queue. Begin again at its first page.');
}
