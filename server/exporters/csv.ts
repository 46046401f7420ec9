import type { Exporter } from './exporter.ts';
import type { ExportRow } from './rows.ts';

const columns = [
  'trace_id', 'run_id', 'stage', 'step', 'epoch', 'sample_index', 'group_id', 'set', 'problem_id', 'problem', 'gold', 'answer',
  'correct', 'checker', 'n_tokens', 'n_tokens_exact', 'finish_reason', 'reward', 'rewards', 'advantage', 'model', 'marker',
  'sampling', 'prompt', 'completion',
] as const satisfies (keyof ExportRow)[]; // prettier-ignore

/** Comma-separated values (RFC 4180): one row a trace, nested values as JSON, null as an empty cell. */
export const csv: Exporter = {
  name: 'csv',
  head: `${columns.join(',')}\r\n`,
  row: (row) => `${columns.map((column) => cell(row[column])).join(',')}\r\n`,
};

/**
 * A cell. Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula, and a trace is hostile input: such a text
 * gets an apostrophe before it, as OWASP advises. A number is left as it is.
 */
function cell(value: ExportRow[keyof ExportRow]): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const plain = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(?:\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
