/** `index.sqlite`: a thin hand on node:sqlite that keeps prepared statements. Synchronous; lives in the store's thread. */
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { matchesGlob } from '../../core/query/glob.ts';
import { Lru } from './lru.ts';
import { INDEX_VERSION, tables } from './schema.ts';

/** Values in the order of the question marks, or one object for names (`:run`). */
export type Bound = SQLInputValue[] | [Record<string, SQLInputValue>];

export class IndexFile {
  readonly path: string;
  /** True when nothing of an earlier index could be used. */
  readonly fresh: boolean;
  private readonly db: DatabaseSync;
  private readonly statements = new Lru<string, StatementSync>(256);
  /** Counts commits: a cheap way to know that nothing has changed. */
  commits = 0;

  /** Opens the index; one that is damaged or of another version is removed and made new, empty. */
  constructor(path: string) {
    this.path = path;
    let db = tryOpen(path);
    this.fresh = db === null;
    if (!db) {
      removeIndex(path);
      db = new DatabaseSync(path);
      prepare(db);
      db.exec(`BEGIN; ${tables} INSERT INTO meta VALUES ('version', '${INDEX_VERSION}'); COMMIT`);
    }
    this.db = db;
  }

  private statement(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (!statement) this.statements.set(sql, (statement = this.db.prepare(sql)));
    return statement;
  }

  /** `T` is what the statement selects; nothing checks it. */
  all<T>(sql: string, ...values: Bound): T[] {
    return this.statement(sql).all(...(values as SQLInputValue[])) as T[];
  }

  /** The first row, or undefined. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the row is, as in `all`
  get<T>(sql: string, ...values: Bound): T | undefined {
    return this.all<T>(sql, ...values)[0];
  }

  /** Returns the number of rows that changed. */
  run(sql: string, ...values: Bound): number {
    return Number(this.statement(sql).run(...(values as SQLInputValue[])).changes);
  }

  /** All of `work` or nothing. */
  transaction<T>(work: () => T): T {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.db.exec('COMMIT');
      this.commits++;
      return result;
    } catch (error) {
      try {
        this.db.exec('ROLLBACK');
      } catch {
        // SQLite has rolled it back by itself, as it does when the disk is full.
      }
      throw error;
    }
  }

  close(): void {
    this.statements.clear();
    this.db.close();
  }
}

/** True for errors of the disk or the database file, which no skipping of a line would cure. */
export function isStorageError(error: unknown): boolean {
  // SQLite's primary result codes: BUSY 5, NOMEM 7, READONLY 8, IOERR 10, CORRUPT 11, FULL 13, CANTOPEN 14, NOTADB 26.
  const code = (error as { errcode?: number }).errcode;
  return typeof code === 'number' && [5, 7, 8, 10, 11, 13, 14, 26].includes(code & 0xff);
}

export function removeIndex(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

function prepare(db: DatabaseSync): void {
  db.function('glob_matches', { deterministic: true }, (pattern, value) =>
    typeof value === 'string' && matchesGlob(String(pattern), value) ? 1 : 0,
  );
  // mmap makes cold reads of single rows forty times slower; NORMAL loses nothing here, as what a power cut takes is read again.
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536',
  );
}

function tryOpen(path: string): DatabaseSync | null {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path);
    prepare(db);
    const row = db.prepare("SELECT value FROM meta WHERE key = 'version'").get() as { value: string } | undefined;
    if (row?.value === String(INDEX_VERSION)) return db;
  } catch (error) {
    // Not a database, a damaged one, or one without our tables: made new by the caller. A locked one or a full disk: no reason to.
    const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
    if (code === 5 || code === 8 || code === 10 || code === 13 || code === 14) throw error;
  }
  try {
    db?.close();
  } catch {
    // It never opened.
  }
  return null;
}
