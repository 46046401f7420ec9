import { MAX_ROW_BYTES } from './importer.ts';

export interface Line {
  /** Counted from 1. */
  line: number;
  /** Without the line's end; null when it is longer than a row may be. */
  bytes: Buffer | null;
  length: number;
  /** False for a last line that no line feed ends. */
  ended: boolean;
}

/** Splits a stream of bytes at line feeds, in batches: one a chunk. A carriage return before the line feed is not part of the line. */
export async function* lines(chunks: AsyncIterable<Buffer>, limit = MAX_ROW_BYTES): AsyncGenerator<Line[]> {
  let line = 1;
  let kept: Buffer[] = [];
  let length = 0;

  const take = (last: Buffer, ended: boolean): Line => {
    length += last.length;
    let bytes: Buffer | null = null;
    if (length <= limit) {
      bytes = kept.length > 0 ? Buffer.concat([...kept, last]) : last;
      if (bytes.at(-1) === 13) bytes = bytes.subarray(0, -1);
    }
    const found = { line: line++, bytes, length, ended };
    kept = [];
    length = 0;
    return found;
  };

  for await (const chunk of chunks) {
    const batch: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      batch.push(take(chunk.subarray(start, end), true));
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    length += rest.length;
    if (length <= limit) kept.push(rest);
    else kept = [];
    if (batch.length > 0) yield batch;
  }
  if (length > 0) yield [take(Buffer.alloc(0), false)];
}
