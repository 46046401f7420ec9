/**
 * From the files into the index: the journal, the folders of runs and attempts, the events of those that still write.
 * Everything that changes the index passes here.
 */
import { existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { JournalEvent } from '../../core/protocol/files.ts';
import type { EventBatch } from '../../core/protocol/methods.ts';
import { attemptId, endAttempt, loadAttempt, readExit, registerAttempt } from './attempts.ts';
import type { AttemptState } from './attempts.ts';
import { forgetRun } from './forget.ts';
import type { IndexFile } from './index-file.ts';
import { Ingest } from './ingest.ts';
import { Journal } from './journal.ts';
import { applyLabels } from './labels.ts';
import { attemptFolder, eventsPath, isSegment, runFolder, runsFolder, streamOf } from './paths.ts';
import { applyRuling, isRuling } from './rulings.ts';
import { registerRun } from './runs.ts';
import { Looking } from './looking.ts';
import { supersede } from './supersede.ts';
import { Tails } from './tails.ts';
import type { TailOutcome } from './tails.ts';
import type { AttemptKey, NewJournalEvent, StoreFault } from './trace-store.ts';

/** How often the folders are looked through for runs and events that came in from elsewhere. */
const DISCOVER = 15_000;
/** Begins the name of a folder whose run was deleted: no run has such a name. */
const DELETED = '.deleted-';

export interface IntakeEvents {
  batch: (batch: EventBatch) => void;
  attempts: (attempts: AttemptKey[]) => void;
  fault: (fault: StoreFault) => void;
}

export class Intake {
  /** Runs that this process is importing; an unfinished import of another one was interrupted. */
  readonly importing: Set<string>;
  private readonly index: IndexFile;
  private readonly root: string;
  private readonly events: IntakeEvents;
  private readonly journal: Journal;
  private readonly ingest: Ingest;
  private readonly tails: Tails;
  private readonly looking: Looking;
  private readonly timer: NodeJS.Timeout;

  /** Reads the journal, and begins to read whatever else is new. */
  constructor(index: IndexFile, root: string, events: IntakeEvents, importing = new Set<string>()) {
    this.importing = importing;
    this.index = index;
    this.root = root;
    this.events = events;
    this.journal = new Journal(root, index);
    this.ingest = new Ingest(index, root);
    this.tails = new Tails(
      (id) => this.read(id),
      (error) => this.report(error),
    );
    this.looking = new Looking(
      index,
      () => this.forget(),
      (error) => this.report(error),
    );
    this.journal.catchUp((event) => this.applyJournal(event), events.fault);
    for (const left of folders(runsFolder(root)).filter((name) => name.startsWith(DELETED)))
      void this.remove(join(runsFolder(root), left));
    this.discover();
    this.timer = setInterval(() => {
      try {
        this.discover();
      } catch (error) {
        this.report(error);
      }
    }, DISCOVER);
  }

  get journalSeq(): number {
    return this.journal.lastSeq;
  }

  close(): void {
    clearInterval(this.timer);
    this.tails.stop();
    this.looking.stop();
  }

  /** Resolves when what lay on disk when it was called has been read, and what follows from it is said of every trace. */
  async catchUp(key?: AttemptKey): Promise<void> {
    await this.readAll(key);
    await this.looking.done();
  }

  private async readAll(key?: AttemptKey): Promise<void> {
    if (key === undefined) {
      this.discover();
      return this.tails.drained();
    }
    if (attemptId(this.index, key) === null) {
      if (!existsSync(attemptFolder(this.root, key)))
        throw new LonghandError('not_found', `There is no attempt ${streamOf(key)}.`);
      this.addAttempts([key]);
    }
    this.follow(key);
    return this.tails.drained(attemptId(this.index, key) ?? undefined);
  }

  /** Resolves when an attempt that is followed has been read to its end. */
  drained(id: number): Promise<void> {
    return this.tails.drained(id);
  }

  /** Resolves when every trace has been looked at for whether it counts. */
  looked(): Promise<void> {
    return this.looking.done();
  }

  /** Forgets what is kept of traces between chunks: the tables were changed behind it. */
  forget(): void {
    this.ingest.traces.clear();
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

  private read(id: number): TailOutcome {
    const result = this.ingest.chunk(id);
    if (!result) return { more: false, later: false, ended: this.settle(id) };
    const { attempt, events, faults, more, later, changed } = result;
    for (const fault of faults) this.events.fault(fault);
    if (events.length > 0) this.events.batch({ stream: streamOf(attempt), events });
    if (changed) this.tell(attempt);
    this.looking.wake();
    return { more, later, ended: more || later ? false : this.settle(id) };
  }

  private tell({ run, stage, attempt }: AttemptKey): void {
    this.events.attempts([{ run, stage, attempt }]);
  }

  /** At the end of an attempt's events: takes exit.json in, and closes an attempt that is over. Returns whether it is. */
  private settle(id: number): boolean {
    const attempt = loadAttempt(this.index, this.root, id);
    if (!attempt) return true;
    const row = this.index.get<{ exit: string | null; outcome: string | null; newer: number }>(
      `SELECT exit, outcome, EXISTS (SELECT 1 FROM attempts n WHERE n.run = a.run AND n.stage = a.stage AND n.attempt > a.attempt) AS newer
       FROM attempts a WHERE id = ?`,
      id,
    );
    const exit = row?.exit ? null : readExit(attempt.folder);
    const over =
      exit !== null || row?.exit != null || row?.outcome != null || row?.newer === 1 || attempt.digest.end !== null;
    if (!over && this.wasInterrupted(attempt)) {
      this.appendJournal({
        type: 'attempt_ended',
        run: attempt.run,
        stage: attempt.stage,
        attempt: attempt.attempt,
        outcome: 'lost',
      });
      return false;
    }
    if (exit || (over && !attempt.ended)) {
      this.index.transaction(() => {
        if (exit) this.index.run('UPDATE attempts SET exit = ? WHERE id = ?', JSON.stringify(exit), id);
        if (over) endAttempt(this.index, id);
      });
      this.forget();
      this.tell(attempt);
    }
    return over;
  }

  /** An import has no runner that would say so. */
  private wasInterrupted({ kind, run }: AttemptState): boolean {
    return kind === 'import' && !this.importing.has(run);
  }

  // ---- folders -------------------------------------------------------------------------------------------------------

  /** Takes in what lies on disk and nobody has told of, and what was going on before a restart. */
  private discover(): void {
    for (const run of folders(runsFolder(this.root)).filter(isSegment)) {
      const known = this.index.get<{ deleted: number }>('SELECT deleted FROM runs WHERE run = ?', run);
      if (known?.deleted) {
        // The journal says deleted: the service was killed before the folder was gone.
        this.removeFolder(run).catch((error: unknown) => this.report(error));
        continue;
      }
      if (!known) this.index.transaction(() => registerRun(this.index, this.root, run, null));
      this.discoverAttempts(run);
    }
    // Also what a kill or a full disk has left.
    this.looking.wake();
  }

  private discoverAttempts(run: string): void {
    const stages = join(runFolder(this.root, run), 'stages');
    const keys = folders(stages)
      .filter(isSegment)
      .flatMap((stage) =>
        folders(join(stages, stage)).flatMap((name) => {
          const attempt = /^attempt-([1-9]\d{0,8})$/.exec(name)?.[1];
          return attempt ? [{ run, stage, attempt: Number(attempt) }] : [];
        }),
      );
    const rows = this.index.all<{
      id: number;
      stage: string;
      attempt: number;
      position: number;
      ended: number;
      exited: number;
    }>('SELECT id, stage, attempt, position, ended, exit IS NOT NULL AS exited FROM attempts WHERE run = ?', run);
    const known = new Map(rows.map((row) => [`${row.stage}/${row.attempt}`, row]));
    const unknown = keys
      .filter((key) => !known.has(`${key.stage}/${key.attempt}`))
      .map((key) => ({ key, made: modified(join(attemptFolder(this.root, key), 'spec.json')) }))
      .sort((a, b) => a.made - b.made || a.key.stage.localeCompare(b.key.stage) || a.key.attempt - b.key.attempt);
    if (unknown.length > 0) this.addAttempts(unknown.map(({ key }) => key));
    for (const key of keys) {
      const row = known.get(`${key.stage}/${key.attempt}`);
      if (!row) continue;
      const folder = attemptFolder(this.root, key);
      const isNews = size(eventsPath(folder)) !== row.position || (!row.exited && size(join(folder, 'exit.json')) > 0);
      if (!row.ended || isNews) this.tails.follow(row.id, folder);
    }
  }

  private addAttempts(keys: AttemptKey[]): void {
    this.index.transaction(() => {
      for (const key of keys) this.register(key, null);
      for (const run of new Set(keys.map((key) => key.run))) supersede(this.index, run);
    });
    this.forget();
    for (const key of keys) this.follow(key);
  }

  private register(key: AttemptKey, journal: JournalEvent | null): void {
    const { missing } = registerAttempt(this.index, this.root, key, journal);
    if (missing === null) return;
    const file = `runs/${key.run}/stages/${key.stage}/attempt-${key.attempt}/spec.json`;
    this.events.fault({ file, line: null, kind: 'missing_file', message: missing });
  }

  private follow(key: AttemptKey): void {
    const id = attemptId(this.index, key);
    if (id !== null) this.tails.follow(id, attemptFolder(this.root, key));
  }

  // ---- journal -------------------------------------------------------------------------------------------------------

  appendJournal(event: NewJournalEvent): JournalEvent {
    const full = this.journal.append(event, (written) => this.applyJournal(written));
    this.events.batch({ stream: 'journal', events: [full] });
    if (full.type === 'attempt_created' || full.type === 'attempt_ended') {
      this.follow(full);
      this.tell(full);
    }
    return full;
  }

  /** Within a transaction. */
  private applyJournal(event: JournalEvent): void {
    const { index } = this;
    if (isRuling(event)) {
      this.registerFound(event.run);
      applyRuling(index, event);
      this.forget();
      return;
    }
    switch (event.type) {
      case 'run_created': {
        const missing = registerRun(index, this.root, event.run, event.seq);
        if (missing !== null) {
          this.events.fault({ file: `runs/${event.run}/run.json`, line: null, kind: 'missing_file', message: missing });
        }
        return;
      }
      case 'run_deleted':
        forgetRun(index, event.run);
        this.forget();
        this.looking.wake();
        return;
      case 'run_renamed':
        this.registerFound(event.run);
        index.run('UPDATE runs SET name = ? WHERE run = ?', event.name, event.run);
        return;
      case 'run_wanted':
        this.registerFound(event.run);
        index.run('UPDATE runs SET wanted = ? WHERE run = ?', event.wanted, event.run);
        return;
      case 'attempt_created':
        this.registerOlder(event);
        this.register(event, event);
        supersede(index, event.run);
        this.forget();
        this.looking.wake();
        return;
      case 'run_judged':
        this.registerFound(event.run);
        return;
      case 'labels_edited':
        this.registerFound(event.run);
        try {
          applyLabels(index, event);
        } catch (error) {
          // An event that was lost took the span away that this one changes: the rest goes on without it.
          if (!LonghandError.is(error, 'invalid_params')) throw error;
          this.events.fault({
            file: 'journal.jsonl',
            line: null,
            kind: 'bad_line',
            message: `seq ${event.seq}: ${error.message}`,
          });
        }
        return;
      case 'attempt_ended':
        this.registerFound(event.run);
        this.registerOlder({ ...event, attempt: event.attempt + 1 });
        index.run(
          'UPDATE attempts SET outcome = ? WHERE run = ? AND stage = ? AND attempt = ?',
          event.outcome,
          event.run,
          event.stage,
          event.attempt,
        );
        return;
    }
  }

  /** A run whose folder was found, as after a kill between folder and journal: events about it may be all that the journal has. */
  private registerFound(run: string): void {
    const isKnown = this.index.get('SELECT 1 FROM runs WHERE run = ?', run) !== undefined;
    if (!isKnown && existsSync(runFolder(this.root, run))) registerRun(this.index, this.root, run, null);
  }

  /** Older attempts that nobody journaled come first, so that a stage's traces keep their order in every index. */
  private registerOlder({ run, stage, attempt: newest }: AttemptKey): void {
    for (let attempt = 1; attempt < newest; attempt++) {
      const key = { run, stage, attempt };
      if (attemptId(this.index, key) === null && existsSync(attemptFolder(this.root, key))) this.register(key, null);
    }
  }

  /**
   * Journals the deletion first: whatever is left of the folder after a kill is removed at the next start. Resolves when the folder is gone.
   * @throws `not_found`
   */
  deleteRun(run: string): Promise<void> {
    const ids = this.index.all<{ id: number }>('SELECT id FROM attempts WHERE run = ?', run);
    if (ids.length === 0 && !this.index.get('SELECT 1 FROM runs WHERE run = ? AND deleted = 0', run)) {
      throw new LonghandError('not_found', `There is no run ${run}.`);
    }
    for (const { id } of ids) this.tails.letGo(id);
    this.appendJournal({ type: 'run_deleted', run });
    return this.removeFolder(run);
  }

  /** Out of the way at once; what is in it is deleted without making anybody wait, checkpoints are large. */
  private async removeFolder(run: string): Promise<void> {
    const away = join(runsFolder(this.root), `${DELETED}${run}-${Date.now()}`);
    try {
      renameSync(runFolder(this.root, run), away);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    await this.remove(away);
  }

  private async remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => this.report(error));
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
