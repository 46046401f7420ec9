import type { ExportRow } from './rows.ts';

/** One format to write: an exporter is one file with one of these, and one line in `registry.ts`. */
export interface Exporter {
  /** The word for `--to`. */
  readonly name: string;
  /** What stands before the first row; empty for nothing. */
  readonly head: string;
  /** A row with its end. */
  row(row: ExportRow): string;
}
