import type { ImportSkip } from '../../core/protocol/imports.ts';
import type { BadRows, Remark } from './importer.ts';

/** Skips that are listed one by one; the rest is counted. */
export const LISTED = 200;

/** Counts what happened to the rows of an import. Every row is read or skipped: `rows = read + skippedRows`. */
export class Tally {
  rows = 0;
  read = 0;
  skippedRows = 0;
  traces = 0;
  /** Rows and single completions that were skipped; the first {@link LISTED}. */
  readonly skipped: ImportSkip[] = [];
  skippedMore = 0;
  readonly #remarks = new Map<string, { first: string; count: number }>();

  badRows(file: string, bad: BadRows): void {
    this.rows += bad.rows;
    this.skippedRows += bad.rows;
    this.#list({ file, line: bad.line, why: bad.why }, bad.rows);
  }

  /** A row that was read but made no trace. */
  emptyRow(file: string, line: number, why: string): void {
    this.rows++;
    this.skippedRows++;
    this.#list({ file, line, why }, 1);
  }

  readRow(): void {
    this.rows++;
    this.read++;
  }

  /** One completion of a row that was read. */
  completion(file: string, line: number, why: string): void {
    this.#list({ file, line, why }, 1);
  }

  remark(file: string, remark: Omit<Remark, 'kind'>): void {
    const known = this.#remarks.get(remark.code);
    if (known) known.count++;
    else {
      const place = remark.line > 0 ? `${file}, line ${remark.line}` : file;
      this.#remarks.set(remark.code, { first: `${place}: ${remark.message}`, count: 1 });
    }
  }

  /** A sentence for each kind of remark: the first one and how often the like was met. */
  notes(): string[] {
    return [...this.#remarks.values()].map(({ first, count }) =>
      count === 1 ? `${first}.` : `${first} (and ${count - 1} more like it).`,
    );
  }

  #list(skip: ImportSkip, rows: number): void {
    if (this.skipped.length < LISTED) {
      this.skipped.push(skip);
      this.skippedMore += rows - 1;
    } else this.skippedMore += rows;
  }
}
