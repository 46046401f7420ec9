/**
 * Answers by the hash of their question, in two files under the root: when the newer one is full it takes the place of the older one,
 * whose answers are forgotten. Appended line by line, so that a killed service loses nothing that was answered; a torn last line is
 * left behind and never read.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Message } from '../../core/judge/prompt.ts';
import type { Answered } from './endpoint.ts';
import { endWithLine } from './records.ts';

/** Bytes of both files. */
export const CACHE_LIMIT = 128 * 2 ** 20;

interface Place {
  old: boolean;
  position: number;
  bytes: number;
}

interface Line extends Answered {
  v: 1;
  key: string;
  /** Which model at which address, as a hash: for the time of its answers. */
  who: string;
}

/** How long answers took. */
export interface Pace {
  n: number;
  ms: number;
  output: number;
}

export class AnswerCache {
  readonly limit: number;
  readonly #folder: string;
  readonly #places = new Map<string, Place>();
  readonly #paces = new Map<string, Pace>();
  #bytes = { old: 0, new: 0 };
  /** Opened for the first answer. */
  #file: number | null = null;

  private constructor(root: string, limit: number) {
    this.limit = limit;
    this.#folder = join(root, 'judge-cache');
  }

  /** Reads which answers there are. */
  static async open(root: string, limit = CACHE_LIMIT): Promise<AnswerCache> {
    const cache = new AnswerCache(root, limit);
    for (const old of [true, false]) await cache.#load(old);
    return cache;
  }

  get bytes(): number {
    return this.#bytes.old + this.#bytes.new;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  /** Null where there is none, or it can no longer be read. */
  get(key: string): Answered | null {
    const place = this.#places.get(key);
    if (!place) return null;
    try {
      const file = openSync(this.#path(place.old), 'r');
      try {
        const buffer = Buffer.alloc(place.bytes);
        readSync(file, buffer, 0, place.bytes, place.position);
        const line = JSON.parse(buffer.toString('utf8')) as Line;
        return line.key === key ? line : null;
      } finally {
        closeSync(file);
      }
    } catch {
      return null;
    }
  }

  /** Kept when it returns. @throws the system's error where it cannot be written */
  put(key: string, who: string, { text, cut, input, output, ms }: Answered): void {
    const line: Line = { v: 1, key, who, text, cut, input, output, ms: Math.round(ms) };
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    if (this.#bytes.new > 0 && this.#bytes.new + bytes.length > this.limit / 2) this.#turn();
    this.#file ??= this.#openNew();
    writeSync(this.#file, bytes);
    this.#places.set(key, { old: false, position: this.#bytes.new, bytes: bytes.length - 1 });
    this.#bytes.new += bytes.length;
    this.#learn(line);
  }

  /** How long this model's answers took here; null where there are none. */
  pace(who: string): Pace | null {
    return this.#paces.get(who) ?? null;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #path(old: boolean): string {
    return join(this.#folder, old ? 'answers-old.jsonl' : 'answers-new.jsonl');
  }

  #openNew(): number {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = openSync(this.#path(false), 'a+', 0o600);
    this.#bytes.new = endWithLine(file);
    return file;
  }

  #turn(): void {
    this.close();
    renameSync(this.#path(false), this.#path(true));
    for (const [key, place] of this.#places) {
      if (place.old) this.#places.delete(key);
      else place.old = true;
    }
    this.#bytes = { old: this.#bytes.new, new: 0 };
  }

  #learn({ who, ms, output }: Pick<Line, 'who' | 'ms' | 'output'>): void {
    const pace = this.#paces.get(who) ?? { n: 0, ms: 0, output: 0 };
    pace.n += 1;
    pace.ms += ms;
    pace.output += output ?? 0;
    this.#paces.set(who, pace);
  }

  async #load(old: boolean): Promise<void> {
    const path = this.#path(old);
    if (!existsSync(path)) return;
    // One that was made under a greater limit.
    if (statSync(path).size > this.limit) {
      rmSync(path);
      return;
    }
    let position = 0;
    let rest = Buffer.alloc(0);
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      let from = 0;
      for (let end = rest.indexOf(10, from); end >= 0; end = rest.indexOf(10, from)) {
        this.#take(rest.subarray(from, end), old, position + from);
        from = end + 1;
      }
      position += from;
      rest = rest.subarray(from);
    }
    this.#bytes[old ? 'old' : 'new'] = position + rest.length;
  }

  #take(bytes: Buffer, old: boolean, position: number): void {
    try {
      const line = JSON.parse(bytes.toString('utf8')) as Line;
      if (line.v !== 1 || typeof line.key !== 'string' || typeof line.text !== 'string') return;
      this.#places.set(line.key, { old, position, bytes: bytes.length });
      this.#learn(line);
    } catch {
      // A torn line.
    }
  }
}

/** Everything that an answer depends on, but the question. */
export interface JudgeIdentity {
  url: string;
  model: string;
  maxTokens: number;
  prompt: string;
}

/** SHA-256, as 32 hexadecimal digits. */
export const hashOf = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

export const judgeKey = ({ url, model, maxTokens, prompt }: JudgeIdentity): string =>
  hashOf('judge', prompt, url, model, maxTokens, { temperature: 0 });

export const questionKey = (judge: string, messages: readonly Message[]): string => hashOf(judge, messages);
