/** A query on the command line: what is wrong with it, under the place where it is. */
import { parseQuery } from '../../core/query/parse.ts';
import { textTerms, type Query, type QueryError } from '../../core/query/types.ts';
import { UsageError, type Context } from './command.ts';

/** @throws UsageError that shows each error in its place */
export function readQuery(text: string): Query {
  const { query, errors } = parseQuery(text);
  if (errors.length > 0)
    throw new UsageError(['the query is not valid', ...errors.map((error) => shown(text, error))].join('\n'));
  return query;
}

/**
 * `--query` of a command that makes something of the traces that fit.
 * @throws UsageError also for what is looked for in texts
 */
export function listQuery(context: Pick<Context, 'text'>): { query?: string } {
  const query = context.text('query');
  if (query === undefined) return {};
  if (textTerms(readQuery(query)).length > 0)
    throw new UsageError('longhand search looks for words and expressions in the texts; here they cannot be answered.');
  return { query };
}

const AROUND = 60;

/** The part of the query around the error, marked, and what is wrong with it. */
export function shown(text: string, { start, end, message, suggestion }: QueryError): string {
  const from = Math.max(0, start - AROUND);
  const to = Math.min(text.length, Math.max(end, start + 1) + AROUND);
  // One column a character, so that the mark stands below its place.
  const part = text
    .slice(from, to)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '·');
  const mark = ' '.repeat(start - from) + '^'.repeat(Math.max(1, Math.min(end, to) - start));
  const instead = suggestion === undefined ? '' : ` Did you mean ${suggestion}?`;
  return `  ${part}\n  ${mark}\n  ${message}${instead}`;
}
