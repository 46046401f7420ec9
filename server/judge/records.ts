/** What a judge said of the traces of a run: `judge/traces.jsonl`, appended by the service and read as it grows. */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { judgedTraceSchema, type JudgedTrace } from '../../core/protocol/judge.ts';
import { runFolder } from '../store/paths.ts';

const CHUNK = 2 ** 20;
/** A longer line is nothing of ours. */
const LINE_LIMIT = 16 * 2 ** 20;

export const judgedPath = (root: string, run: string): string => join(runFolder(root, run), 'judge', 'traces.jsonl');
export const jobPath = (root: string, run: string): string => join(runFolder(root, run), 'judge', 'job.json');

/** Ends a torn last line of a file open for appending and reading, so that the next line is whole. The file's length then. */
export function endWithLine(file: number): number {
  const { size } = fstatSync(file);
  if (size === 0) return 0;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] === 10 ? size : size + writeSync(file, '\n');
}

/** Appends one record; it is in the file when this returns. @throws the system's error */
export function appendJudged(root: string, run: string, record: JudgedTrace): void {
  const path = judgedPath(root, run);
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a+', 0o600);
  try {
    endWithLine(file);
    writeSync(file, `${JSON.stringify(record)}\n`);
  } finally {
    closeSync(file);
  }
}

/** Null for what is no record: a line that a kill has torn, or another version's. */
export function parseJudged(line: string): JudgedTrace | null {
  try {
    return judgedTraceSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** A record's place in the file, and what says whether it still holds. */
export interface Place {
  position: number;
  bytes: number;
  model: string;
  prompt: string;
  key: string;
  length: number;
}

/** The newest record of each trace by each judge (model and version of the questions). Kept, and brought up to date when asked. */
export class JudgedRecords {
  readonly #path: string;
  readonly #places = new Map<string, Map<string, Place>>();
  #inode = -1n;
  #read = 0;

  constructor(root: string, run: string) {
    this.#path = judgedPath(root, run);
  }

  /** Traces that have a record. */
  get size(): number {
    return this.#places.size;
  }

  /** Reads what was appended since the last time. */
  refresh(): this {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#forget(-1n);
      return this;
    }
    try {
      const { ino, size } = fstatSync(file, { bigint: true });
      // Another file by now: the run was deleted and made again.
      if (ino !== this.#inode || size < BigInt(this.#read)) this.#forget(ino);
      if (size > BigInt(this.#read)) this.#readOn(file, Number(size));
    } finally {
      closeSync(file);
    }
    return this;
  }

  /** The judges that said something and of how many traces; the one that spoke last stands last. */
  judges(): { model: string; prompt: string; traces: number }[] {
    const found = new Map<string, { model: string; prompt: string; traces: number; last: number }>();
    for (const places of this.#places.values())
      for (const [name, { model, prompt, position }] of places) {
        const judge = found.get(name) ?? { model, prompt, traces: 0, last: 0 };
        judge.traces += 1;
        judge.last = Math.max(judge.last, position);
        found.set(name, judge);
      }
    const ordered = [...found.values()].sort((a, b) => a.last - b.last);
    return ordered.map(({ model, prompt, traces }) => ({ model, prompt, traces }));
  }

  traces(): IterableIterator<string> {
    return this.#places.keys();
  }

  of(trace: string): Place[] {
    return [...(this.#places.get(trace)?.values() ?? [])];
  }

  /** Null where it cannot be read any more. */
  record({ position, bytes }: Place): JudgedTrace | null {
    try {
      const file = openSync(this.#path, 'r');
      try {
        const buffer = Buffer.alloc(bytes);
        readSync(file, buffer, 0, bytes, position);
        return parseJudged(buffer.toString('utf8'));
      } finally {
        closeSync(file);
      }
    } catch {
      return null;
    }
  }

  #forget(inode: bigint): void {
    this.#inode = inode;
    this.#read = 0;
    this.#places.clear();
  }

  #readOn(file: number, size: number): void {
    let rest = Buffer.alloc(0);
    for (let at = this.#read; at < size;) {
      const chunk = Buffer.alloc(Math.min(CHUNK, size - at));
      const got = readSync(file, chunk, 0, chunk.length, at);
      if (got === 0) return;
      at += got;
      rest = Buffer.concat([rest, chunk.subarray(0, got)]);
      let from = 0;
      for (let end = rest.indexOf(10, from); end >= 0; end = rest.indexOf(10, from)) {
        this.#take(rest.subarray(from, end), this.#read + from);
        from = end + 1;
      }
      this.#read += from;
      rest = rest.subarray(from);
      if (rest.length > LINE_LIMIT) return;
    }
  }

  #take(bytes: Buffer, position: number): void {
    const parsed = parseJudged(bytes.toString('utf8'));
    if (!parsed) return;
    const { trace, judge, length } = parsed;
    const { model, prompt, key } = judge;
    let places = this.#places.get(trace);
    if (!places) this.#places.set(trace, (places = new Map()));
    places.set(`${model}\n${prompt}`, { position, bytes: bytes.length, model, prompt, key, length });
  }
}
