/** What one format gives: an importer is one file with one of these, and one line in `registry.ts`. */
import type { ByteSource } from './source.ts';
import type { Probe } from './probe.ts';

/** A row as the file has it, not yet understood. */
export interface Row {
  kind: 'row';
  /** Where it begins, counted from 1; a format without lines counts rows. */
  line: number;
  /** Which of the rows that begin on this line, for messages: `element 3`. */
  where?: string;
  value: unknown;
  /** Bytes that were not valid in the file's encoding and became U+FFFD. */
  replaced: number;
}

/** Rows that could not be read. */
export interface BadRows {
  kind: 'bad';
  line: number;
  rows: number;
  why: string;
}

/** Something to be told that costs no row. `code` groups the like: of each only the first is told whole, the rest counted. */
export interface Remark {
  kind: 'remark';
  code: string;
  line: number;
  message: string;
}

/** What stands around the rows and holds for all of them: the model, the sampling, the name of the benchmark. */
export interface Surroundings {
  kind: 'surroundings';
  value: Record<string, unknown>;
}

export type Item = Row | BadRows | Remark | Surroundings;

export interface Reading {
  signal?: AbortSignal;
  /** Top-level columns that are wanted; absent: all. A format without columns may ignore it. */
  columns?: ReadonlySet<string>;
  /** Called with the bytes of the source that have been read so far. */
  onBytes?: (bytes: number) => void;
}

export interface Importer {
  /** The word for the command line and the protocol. */
  readonly name: string;
  /** 0 to 1: how sure the content is of this format; by content, never by the file's name. */
  sniff(probe: Probe): number;
  /** The rows in order, in batches. Throws `unreadable` only where nothing at all can be read. */
  rows(source: ByteSource, reading: Reading): AsyncGenerator<Item[]>;
  /** The number of rows where the file says so; absent or null: only reading tells. */
  count?(source: ByteSource): Promise<number | null>;
}

/** A row above this is skipped and named: it would have to be held whole. */
export const MAX_ROW_BYTES = 64 * 1024 * 1024;
