/**
 * The store itself, in its own thread: the index, the journal, the attempts that are followed, and the answers to questions.
 * Synchronous except where it waits for files to be read to their end.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { JournalEvent } from '../../core/protocol/files.ts';
import type { Cursor, EventBatch, Params, Result } from '../../core/protocol/methods.ts';
import { Annotator } from './annotate.ts';
import {
  attemptId,
  attemptRecords,
  countTraces,
  endAttempt,
  loadAttempt,
  readExit,
  registerAttempt,
} from './attempts.ts';
import { budgets, pairs, traceSets } from './comparison.ts';
import { IndexFile, removeIndex } from './index-file.ts';
import { Ingest } from './ingest.ts';
import { Journal } from './journal.ts';
import { Pages } from './pages.ts';
import {
  attemptFolder,
  eventsPath,
  indexPath,
  isSegment,
  journalPath,
  parseStream,
  runFolder,
  runsFolder,
  streamOf,
} from './paths.ts';
import { replay } from './replay.ts';
import { forgetRun, registerRun, runRecord, runRecords } from './runs.ts';
import { metricsSnapshot, runTable } from './series.ts';
import { supersede } from './supersede.ts';
import { Tails } from './tails.ts';
import { TextReader } from './text.ts';
import { traceDetail, traceGroup, traceSlice } from './traces.ts';
import type { AttemptKey, AttemptRecord, NewJournalEvent, RunRecord, StoreFault, StoreMethod } from './trace-store.ts';
import type { TailOutcome } from './tails.ts';

/** How often the folders are looked through for runs and events that came in from elsewhere. */
const DISCOVER = 15_000;

export interface StoreEvents {
  batch: (batch: EventBatch) => void;
  attempts: (attempts: AttemptKey[]) => void;
  fault: (fault: StoreFault) => void;
}

/** Everything that hangs on one open index. */
interface Parts {
  index: IndexFile;
  journal: Journal;
  ingest: Ingest;
  texts: TextReader;
  pages: Pages;
  annotator: Annotator;
}

export class Store {
  readonly root: string;
  private readonly events: StoreEvents;
  private parts: Parts;
  private tails: Tails;
  private readonly timer: NodeJS.Timeout;
  /** What listeners had been told before the index was made anew: not told again. */
  private announced = new Map<string, number>();

  constructor(root: string, events: StoreEvents) {
    this.root = root;
    this.events = events;
    mkdirSync(runsFolder(root), { recursive: true });
    this.parts = this.open();
    this.tails = this.newTails();
    this.begin();
    this.timer = setInterval(() => this.safely(() => this.discover()), DISCOVER);
  }

  private open(): Parts {
    const index = new IndexFile(indexPath(this.root));
    const texts = new TextReader(index);
    return {
      index,
      journal: new Journal(this.root, index),
      ingest: new Ingest(index, this.root),
      texts,
      pages: new Pages(index),
      annotator: new Annotator(index, this.root, texts),
    };
  }

  private newTails(): Tails {
    return new Tails(
      (id) => this.read(id),
      (error) => this.report(error),
    );
  }

  private begin(): void {
    this.parts.journal.catchUp(
      (event) => this.applyJournal(event),
      (fault) => this.events.fault(fault),
    );
    this.discover();
  }

  private safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.report(error);
    }
  }

  private report(error: unknown): void {
    const { code, path } = error as NodeJS.ErrnoException;
    const file = path === undefined ? 'index.sqlite' : path.slice(this.root.length + 1);
    this.events.fault({
      file,
      line: null,
      kind: 'storage',
      message: `${code ?? ''} ${(error as Error).message}`.trim(),
    });
  }

  // ---- files into the index ------------------------------------------------------------------------------------------

  private read(id: number): TailOutcome {
    const result = this.parts.ingest.chunk(id);
    if (!result) return { more: false, later: false, ended: this.settle(id) };
    const { attempt, events, faults, more, later, changed } = result;
    for (const fault of faults) this.events.fault(fault);
    this.announce({ stream: streamOf(attempt), events });
    const ended = more || later ? false : this.settle(id);
    if (changed) this.events.attempts([{ run: attempt.run, stage: attempt.stage, attempt: attempt.attempt }]);
    return { more, later, ended };
  }

  private announce({ stream, events }: EventBatch): void {
    const floor = this.announced.get(stream) ?? -1;
    const news = floor < 0 ? events : events.filter((event) => event.seq > floor);
    if (news.length > 0) this.events.batch({ stream, events: news });
  }

  /** At the end of an attempt's events: takes exit.json in, and closes an attempt that is over. Returns whether it is. */
  private settle(id: number): boolean {
    const { index, ingest } = this.parts;
    const attempt = loadAttempt(index, this.root, id);
    if (!attempt) return true;
    const row = index.get<{ exit: string | null; outcome: string | null; newer: number }>(
      `SELECT exit, outcome, EXISTS (SELECT 1 FROM attempts n WHERE n.run = a.run AND n.stage = a.stage AND n.attempt > a.attempt) AS newer
       FROM attempts a WHERE id = ?`,
      id,
    );
    const exit = row?.exit ? null : readExit(attempt.folder);
    const over =
      exit !== null || row?.exit != null || row?.outcome != null || row?.newer === 1 || attempt.digest.end !== null;
    if (exit || (over && !attempt.ended)) {
      index.transaction(() => {
        if (exit) index.run('UPDATE attempts SET exit = ? WHERE id = ?', JSON.stringify(exit), id);
        if (over) endAttempt(index, id);
      });
      ingest.traces.clear();
      this.events.attempts([{ run: attempt.run, stage: attempt.stage, attempt: attempt.attempt }]);
    }
    return over;
  }

  /** Takes in what lies on disk and nobody has told of, and what was going on before a restart. */
  private discover(): void {
    const { index } = this.parts;
    for (const run of folders(runsFolder(this.root)).filter(isSegment)) {
      const known = index.get<{ deleted: number; created_seq: number | null }>(
        'SELECT deleted, created_seq FROM runs WHERE run = ?',
        run,
      );
      if (known?.deleted) {
        // The journal says deleted: the service was killed before the folder was gone.
        rmSync(runFolder(this.root, run), { recursive: true, force: true });
        continue;
      }
      if (!known) index.transaction(() => registerRun(index, this.root, run, null));
      this.discoverAttempts(run);
    }
  }

  private discoverAttempts(run: string): void {
    const { index } = this.parts;
    const stages = join(runFolder(this.root, run), 'stages');
    const keys = folders(stages)
      .filter(isSegment)
      .flatMap((stage) =>
        folders(join(stages, stage)).flatMap((name) => {
          const attempt = /^attempt-([1-9]\d{0,8})$/.exec(name)?.[1];
          return attempt ? [{ run, stage, attempt: Number(attempt) }] : [];
        }),
      );
    const known = new Map(
      index
        .all<{ id: number; stage: string; attempt: number; position: number; ended: number; exited: number }>(
          'SELECT id, stage, attempt, position, ended, exit IS NOT NULL AS exited FROM attempts WHERE run = ?',
          run,
        )
        .map((row) => [`${row.stage}/${row.attempt}`, row]),
    );
    const unknown = keys
      .filter((key) => !known.has(`${key.stage}/${key.attempt}`))
      .map((key) => ({ key, made: modified(join(attemptFolder(this.root, key), 'spec.json')) }))
      .sort((a, b) => a.made - b.made || a.key.stage.localeCompare(b.key.stage) || a.key.attempt - b.key.attempt);
    if (unknown.length > 0) this.addAttempts(unknown.map(({ key }) => key));
    for (const key of keys) {
      const row = known.get(`${key.stage}/${key.attempt}`);
      const folder = attemptFolder(this.root, key);
      if (!row) continue;
      const isNews = size(eventsPath(folder)) !== row.position || (!row.exited && size(join(folder, 'exit.json')) > 0);
      if (!row.ended || isNews) this.tails.follow(row.id, folder);
    }
  }

  private addAttempts(keys: AttemptKey[]): void {
    const { index, ingest } = this.parts;
    index.transaction(() => {
      for (const key of keys) this.register(key, null);
      for (const run of new Set(keys.map((key) => key.run))) supersede(index, run);
    });
    ingest.traces.clear();
    for (const key of keys) this.follow(key);
  }

  private register(key: AttemptKey, journal: JournalEvent | null): void {
    const { missing } = registerAttempt(this.parts.index, this.root, key, journal);
    if (missing !== null) {
      const file = `runs/${key.run}/stages/${key.stage}/attempt-${key.attempt}/spec.json`;
      this.events.fault({ file, line: null, kind: 'missing_file', message: missing });
    }
  }

  private follow(key: AttemptKey): void {
    const id = attemptId(this.parts.index, key);
    if (id !== null) this.tails.follow(id, attemptFolder(this.root, key));
  }

  // ---- journal -------------------------------------------------------------------------------------------------------

  appendJournal(event: NewJournalEvent): JournalEvent {
    const full = this.parts.journal.append(event, (written) => this.applyJournal(written));
    this.events.batch({ stream: 'journal', events: [full] });
    if (full.type === 'attempt_created' || full.type === 'attempt_ended') {
      const key = { run: full.run, stage: full.stage, attempt: full.attempt };
      this.follow(key);
      this.events.attempts([key]);
    }
    return full;
  }

  /** Within a transaction. */
  private applyJournal(event: JournalEvent): void {
    const { index, ingest } = this.parts;
    switch (event.type) {
      case 'run_created': {
        const missing = registerRun(index, this.root, event.run, event.seq);
        if (missing !== null)
          this.events.fault({ file: `runs/${event.run}/run.json`, line: null, kind: 'missing_file', message: missing });
        return;
      }
      case 'run_deleted':
        forgetRun(index, event.run);
        ingest.traces.clear();
        return;
      case 'run_renamed':
        index.run('UPDATE runs SET name = ? WHERE run = ?', event.name, event.run);
        return;
      case 'run_wanted':
        index.run('UPDATE runs SET wanted = ? WHERE run = ?', event.wanted, event.run);
        return;
      case 'attempt_created':
        // Older ones that nobody journaled come first, so that a stage's traces keep their order in every index.
        for (let attempt = 1; attempt < event.attempt; attempt++) {
          const older = { run: event.run, stage: event.stage, attempt };
          if (attemptId(index, older) === null && existsSync(attemptFolder(this.root, older))) this.register(older, null);
        }
        this.register(event, event);
        supersede(index, event.run);
        ingest.traces.clear();
        return;
      case 'attempt_ended':
        index.run(
          'UPDATE attempts SET outcome = ? WHERE run = ? AND stage = ? AND attempt = ?',
          event.outcome,
          event.run,
          event.stage,
          event.attempt,
        );
        return;
      default:
        return;
    }
  }

  deleteRun(run: string): void {
    const { index, texts, annotator } = this.parts;
    const folder = runFolder(this.root, run);
    const ids = index.all<{ id: number }>('SELECT id FROM attempts WHERE run = ?', run);
    if (ids.length === 0 && !index.get('SELECT 1 FROM runs WHERE run = ? AND deleted = 0', run)) {
      throw new LonghandError('not_found', `There is no run ${run}.`);
    }
    for (const { id } of ids) this.tails.letGo(id);
    this.appendJournal({ type: 'run_deleted', run });
    texts.forget();
    annotator.forget();
    rmSync(folder, { recursive: true, force: true });
  }

  // ---- questions -----------------------------------------------------------------------------------------------------

  answer<M extends StoreMethod>(method: M, params: Params<M>): Result<M> {
    return this.answers[method](params as never) as Result<M>;
  }

  private readonly answers: { [M in StoreMethod]: (params: Params<M>) => Result<M> } = {
    'traces/page': (params) => this.parts.pages.page(params),
    'traces/get': ({ trace }) => traceDetail(this.parts.index, this.root, trace),
    'traces/slice': (params) => traceSlice(this.parts.index, this.root, this.parts.texts, params),
    'traces/annotations': ({ trace }) => this.parts.annotator.annotations(trace),
    'traces/group': ({ trace }) => traceGroup(this.parts.index, this.root, trace),
    'traces/sets': ({ run }) => ({ sets: traceSets(this.parts.index, this.known(run)) }),
    'traces/pairs': (params) => {
      this.known(params.before.run);
      this.known(params.after.run);
      return pairs(this.parts.index, params);
    },
    'metrics/snapshot': (params) =>
      metricsSnapshot(this.parts.index, this.root, { ...params, run: this.known(params.run) }),
    'metrics/budgets': (params) => budgets(this.parts.index, { ...params, run: this.known(params.run) }),
    'runs/table': ({ run }) => runTable(this.parts.index, this.root, this.known(run)),
  };

  /** @throws `not_found` */
  private known(run: string): string {
    if (this.parts.index.get('SELECT 1 FROM runs WHERE run = ? AND deleted = 0', run)) return run;
    throw new LonghandError('not_found', `There is no run ${run}.`);
  }

  runs(cursor: string | undefined, limit: number | undefined): { runs: RunRecord[]; next?: string } {
    return runRecords(this.parts.index, this.root, cursor, limit);
  }

  run(run: string): RunRecord {
    return runRecord(this.parts.index, this.root, run);
  }

  attempt(key: AttemptKey): AttemptRecord {
    const [record] = attemptRecords(this.parts.index, this.root, key.run, key);
    if (!record) throw new LonghandError('not_found', `There is no attempt ${streamOf(key)}.`);
    return record;
  }

  async catchUp(key?: AttemptKey): Promise<void> {
    if (key === undefined) {
      this.discover();
      return this.tails.drained();
    }
    if (attemptId(this.parts.index, key) === null) this.addAttempts([key]);
    this.follow(key);
    const id = attemptId(this.parts.index, key);
    return id === null ? undefined : this.tails.drained(id);
  }

  // ---- events --------------------------------------------------------------------------------------------------------

  cursor(run?: string): Cursor {
    const rows = this.parts.index.all<AttemptKey & { last_seq: number }>(
      'SELECT run, stage, attempt, last_seq FROM attempts WHERE ?1 IS NULL OR run = ?1 ORDER BY id',
      run ?? null,
    );
    return {
      journal: this.parts.journal.lastSeq,
      ...Object.fromEntries(rows.map((row) => [streamOf(row), row.last_seq])),
    };
  }

  /** Where a subscription with this cursor starts, stream by stream, and how far each stream goes by now. */
  startOf(cursor: Cursor, run?: string): { start: Cursor; last: Cursor } {
    const last = this.cursor(run);
    const seen = cursor['journal'];
    const made = new Map(
      this.parts.index
        .all<AttemptKey & { created_seq: number | null }>(
          'SELECT run, stage, attempt, created_seq FROM attempts WHERE ?1 IS NULL OR run = ?1',
          run ?? null,
        )
        .map((row) => [streamOf(row), row.created_seq]),
    );
    const start: Cursor = {};
    for (const [stream, newest] of Object.entries(last)) {
      const createdSeq = made.get(stream) ?? null;
      const isLater = seen !== undefined && createdSeq !== null && createdSeq > seen;
      start[stream] = isLater ? -1 : (cursor[stream] ?? newest);
    }
    return { start, last };
  }

  replay(stream: string, after: number, limit = 1000): { events: EventBatch['events']; done: boolean } {
    const { index, journal } = this.parts;
    const most = Math.max(1, Math.min(limit, 10_000));
    if (stream === 'journal') return replay(index, journalPath(this.root), 0, after, journal.lastSeq, most);
    const key = parseStream(stream);
    const id = attemptId(index, key);
    const attempt = id === null ? null : loadAttempt(index, this.root, id);
    if (!attempt) throw new LonghandError('not_found', `There is no stream ${stream}.`);
    return replay(index, eventsPath(attempt.folder), attempt.id, after, attempt.last_seq, most);
  }

  // ---- keeping house -------------------------------------------------------------------------------------------------

  async reindex(
    progress: (done: number, total: number, current: string) => void,
  ): Promise<{ attempts: number; events: number; traces: number }> {
    this.tails.stop();
    this.announced = new Map(Object.entries(this.cursor()));
    this.parts.index.close();
    removeIndex(indexPath(this.root));
    this.parts = this.open();
    this.tails = this.newTails();
    this.begin();
    const { index } = this.parts;
    const all = index.all<AttemptKey & { id: number }>('SELECT id, run, stage, attempt FROM attempts ORDER BY id');
    for (const [i, row] of all.entries()) {
      progress(i, all.length, streamOf(row));
      await this.tails.drained(row.id);
    }
    // What came in later in the file may change what counts; told once more over everything.
    index.transaction(() => {
      for (const run of new Set(all.map((row) => row.run))) supersede(index, run);
      for (const row of all) countTraces(index, row.id);
    });
    this.parts.ingest.traces.clear();
    this.announced.clear();
    progress(all.length, all.length, '');
    const totals = index.get<{ events: number; traces: number }>(
      'SELECT coalesce(sum(last_seq + 1), 0) AS events, (SELECT count(*) FROM traces) AS traces FROM attempts',
    );
    return { attempts: all.length, events: totals?.events ?? 0, traces: totals?.traces ?? 0 };
  }

  get index(): IndexFile {
    return this.parts.index;
  }

  close(): void {
    clearInterval(this.timer);
    this.tails.stop();
    this.parts.index.close();
  }
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function size(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
