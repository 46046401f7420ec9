/**
 * Writes the record of an attempt as a worker does (contract: core/protocol/events.ts): whole lines to `events.jsonl`, raw
 * text to `text/part-*.txt` before the event that names it. Synchronous; one process owns a record.
 *
 * Opened again, it goes on where the last whole line ended; a torn line was never acknowledged and is cut off.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Extent, StageEvent, TraceFacts } from '../../core/protocol/events.ts';
import { normalizeProblem } from '../../core/traces/problem-id.ts';
import { readLines } from './lines.ts';
import { eventsPath, textPart, tokensPart } from './paths.ts';

const PART_BYTES = 64 * 2 ** 20;

type Fields<E> = E extends unknown ? Omit<E, 'v' | 'seq' | 't'> : never;
export type NewStageEvent = Fields<StageEvent>;
export type TraceWhere = Omit<
  Extract<NewStageEvent, { type: 'trace_begin' }>,
  'type' | 'trace' | 'problem' | 'prompt'
> & {
  source?: { file: string; line: number };
  replaced?: number;
};

/** The first 16 hexadecimal digits of the SHA-256 of the normalised text, as every writer of records names a problem. */
export function problemId(text: string): string {
  return createHash('sha256').update(normalizeProblem(text.toWellFormed())).digest('hex').slice(0, 16);
}

export class RecordWriter {
  readonly folder: string;
  private readonly events: number;
  private seq = 0;
  private nextTrace = 0;
  private nextPrompt = 0;
  private readonly problems = new Set<string>();
  private readonly prompts = new Map<string, number>();
  private readonly texts: Parts;
  private readonly tokens: Parts;
  private pending: string[] = [];
  private buffered = false;

  constructor(folder: string, options: { partBytes?: number } = {}) {
    this.folder = folder;
    const partBytes = options.partBytes ?? PART_BYTES;
    this.texts = new Parts(join(folder, 'text'), /^part-(\d+)\.txt$/, (part) => textPart(folder, part), partBytes);
    this.tokens = new Parts(join(folder, 'tokens'), /^part-(\d+)\.bin$/, (part) => tokensPart(folder, part), partBytes);
    mkdirSync(join(folder, 'text'), { recursive: true });
    this.events = openSync(eventsPath(folder), 'a+');
    this.recover();
  }

  private recover(): void {
    let position = 0;
    for (;;) {
      const chunk = readLines(this.events, position);
      for (const { text } of chunk.lines) {
        const event = JSON.parse(text) as StageEvent;
        this.seq = event.seq + 1;
        if (event.type === 'problem') this.problems.add(event.problem);
        if (event.type === 'prompt') this.nextPrompt = event.prompt + 1;
        if (event.type === 'trace_begin') this.nextTrace = event.trace + 1;
      }
      position = chunk.next;
      if (chunk.atEnd) break;
    }
    if (fstatSync(this.events).size > position) ftruncateSync(this.events, position);
  }

  /** Appends one event and returns its seq. NaN and infinities become null, lone surrogates U+FFFD. */
  event(event: NewStageEvent): number {
    const seq = this.seq;
    const line = JSON.stringify({ v: 1, seq, t: Date.now(), ...event }, plain);
    if (this.buffered) this.pending.push(line);
    else writeAll(this.events, Buffer.from(line + '\n'));
    this.seq = seq + 1;
    return seq;
  }

  /** Writes the events that `work` appends in one go at its end: for bulk. Text is on disk before them all the same. */
  batch(work: () => void): void {
    this.buffered = true;
    try {
      work();
    } finally {
      this.buffered = false;
      const lines = this.pending;
      this.pending = [];
      if (lines.length > 0) writeAll(this.events, Buffer.from(lines.join('\n') + '\n'));
    }
  }

  problem(
    text: string,
    options: { gold?: string | null; sourceId?: string | null; goldOrigin?: 'given' | 'trace' | 'joined' } = {},
  ): string {
    const problem = problemId(text);
    if (!this.problems.has(problem)) {
      this.event({
        type: 'problem',
        problem,
        text,
        source_id: options.sourceId ?? null,
        gold: options.gold ?? null,
        ...(options.goldOrigin && { gold_origin: options.goldOrigin }),
      });
      this.problems.add(problem);
    }
    return problem;
  }

  /** The same text again gives the same number. */
  prompt(problem: string, text: string, tokens?: number): number {
    const key = createHash('sha256').update(problem).update(text).digest('base64');
    let prompt = this.prompts.get(key);
    if (prompt === undefined) {
      prompt = this.nextPrompt++;
      this.event({ type: 'prompt', prompt, problem, ...this.append(text), ...(tokens !== undefined && { tokens }) });
      this.prompts.set(key, prompt);
    }
    return prompt;
  }

  traceBegin(problem: string, prompt: number | null, where: TraceWhere): number {
    const trace = this.nextTrace++;
    this.event({ type: 'trace_begin', trace, problem, prompt, ...where });
    return trace;
  }

  traceText(trace: number, text: string): void {
    if (text !== '') this.event({ type: 'trace_text', trace, ...this.append(text) });
  }

  /** `tail`: bytes at the end of its text that ended it (a stop text, an end token). `scores`: a stretch of `core/traces/token-scores.ts`. */
  traceEnd(trace: number, facts: TraceFacts, { tail = 0, scores }: { tail?: number; scores?: Uint8Array } = {}): void {
    this.event({
      ...{ type: 'trace_end', trace, facts },
      ...(tail > 0 && { tail }),
      ...(scores && { scores: this.tokens.append(scores) }),
    });
  }

  /** Puts raw text into a part and says where it lies; a text never spans two parts. */
  append(text: string | Buffer): Extent {
    return this.texts.append(typeof text === 'string' ? Buffer.from(text) : text);
  }

  /** Waits until all of it is on disk. */
  sync(): void {
    this.texts.sync();
    this.tokens.sync();
    fsyncSync(this.events);
  }

  close(): void {
    this.texts.close();
    this.tokens.close();
    closeSync(this.events);
  }
}

/** Files of bytes, one after the other; goes on in the last one. */
class Parts {
  private readonly folder: string;
  private readonly pathOf: (part: number) => string;
  private readonly most: number;
  private part: number;
  private size = 0;
  private fd = -1;

  constructor(folder: string, name: RegExp, pathOf: (part: number) => string, most: number) {
    this.folder = folder;
    this.pathOf = pathOf;
    this.most = most;
    const parts = existsSync(folder) ? readdirSync(folder).flatMap((file) => name.exec(file)?.[1] ?? []) : [];
    this.part = Math.max(0, ...parts.map(Number));
  }

  append(bytes: Uint8Array): Extent {
    if (this.fd < 0) this.open(Math.max(1, this.part));
    if (this.size > 0 && this.size + bytes.length > this.most) this.open(this.part + 1);
    const extent = { part: this.part, offset: this.size, length: bytes.length };
    if (bytes.length > 0) writeAll(this.fd, bytes);
    this.size += bytes.length;
    return extent;
  }

  private open(part: number): void {
    this.sync();
    this.close();
    mkdirSync(this.folder, { recursive: true });
    this.fd = openSync(this.pathOf(part), 'a');
    this.part = part;
    this.size = fstatSync(this.fd).size;
  }

  sync(): void {
    if (this.fd >= 0) fsyncSync(this.fd);
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

const plain = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && !value.isWellFormed() ? value.toWellFormed() : value;

/** Writes all of it at the end of the file, or leaves the file as it was and throws (a full disk, most often). */
export function writeAll(fd: number, bytes: Uint8Array): void {
  const before = fstatSync(fd).size;
  let sent = 0;
  try {
    while (sent < bytes.length) sent += writeSync(fd, bytes, sent, bytes.length - sent);
  } catch (error) {
    if (sent > 0) ftruncateSync(fd, before);
    throw error;
  }
}
