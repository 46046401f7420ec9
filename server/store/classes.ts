/** Which class the documents of a synthesis are of, from the table of its report: the verdicts alone do not say which draw was taken. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import { tableRowSchema } from '../../core/protocol/report.ts';

const CHUNK = 1 << 18;

/** A completion's document: its number in the table, and the class of its two answers. */
export interface InDocument {
  document: number;
  class: string;
}

/** Reads `tables/documents.jsonl` of attempts, and keeps what it read last. */
export class DocumentClasses {
  private kept: { key: string; classes: Map<string, InDocument> } | null = null;

  /**
   * The document of each completion that stands in one, by the trace's id; empty where the attempt has no such table (yet).
   * Yields after each stretch that was read. @throws `corrupt` for a line that is no row
   */
  *of(folder: string): Generator<void, Map<string, InDocument>> {
    const path = join(folder, 'tables', 'documents.jsonl');
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
      throw error;
    }
    try {
      const { size, mtimeMs } = fstatSync(file);
      const key = `${path} ${size} ${mtimeMs}`;
      if (this.kept?.key === key) return this.kept.classes;
      const classes = new Map<string, InDocument>();
      let rest = Buffer.alloc(0);
      let document = 0;
      for (let position = 0; position < size;) {
        const chunk = Buffer.alloc(Math.min(CHUNK, size - position));
        const got = readSync(file, chunk, 0, chunk.length, position);
        if (got === 0) break;
        position += got;
        rest = Buffer.concat([rest, chunk.subarray(0, got)]);
        for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
          document += 1;
          take(classes, rest.toString('utf8', 0, end), document, path);
          rest = rest.subarray(end + 1);
        }
        yield;
      }
      this.kept = { key, classes };
      return classes;
    } finally {
      closeSync(file);
    }
  }
}

function take(classes: Map<string, InDocument>, line: string, document: number, path: string): void {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new LonghandError('corrupt', `${path}, row ${document}: it is not JSON.`);
  }
  const row = tableRowSchema.safeParse(value);
  if (!row.success) throw new LonghandError('corrupt', `${path}, row ${document}: it is no row of a report.`);
  const kind = row.data.cells['class'];
  if (typeof kind !== 'string') return;
  for (const { trace } of row.data.parts ?? []) if (trace !== undefined) classes.set(trace, { document, class: kind });
}
