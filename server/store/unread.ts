/**
 * Traces whose texts have to be read before a list is whole: behaviours and figures are found when somebody asks for them. They are
 * read for a fraction of a second a call, as for `metrics/behaviours`, and kept.
 */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { TraceFilter, TraceSort } from '../../core/protocol/traces.ts';
import { infoOf } from '../../core/query/fields.ts';
import { isText, textTerms, type Query, type QueryError, type Term } from '../../core/query/types.ts';
import type { Annotator } from './annotate.ts';
import { countText, type Unread } from './behaviours.ts';
import type { Figures } from './figures.ts';
import { attemptsOf, queryOf, termReads, where, type Reads, type Where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { countOf } from './long-lists.ts';
import { orderOf, type Order } from './list-order.ts';
import { Reading } from './reading.ts';
import { rangesOf } from './scan.ts';
import { IS_COUNTED, IS_FIGURED } from './text-columns.ts';

/** The query of a list, which has no term that is looked for in texts. @throws `invalid_query` */
export function listQueryOf(text: string | undefined): Query {
  const query = queryOf(text);
  const searched = textTerms(query).length > 0;
  const errors = query.terms.flatMap((term): QueryError[] => {
    const { start, end } = term;
    if (isText(term))
      return [
        {
          start,
          end,
          message: 'Words and expressions are not looked for here: traces/search finds them in the texts.',
        },
      ];
    if (!infoOf(term.field).search || searched) return [];
    return [{ start, end, message: `${term.field}: says how words are looked for in the texts, and there are none.` }];
  });
  if (errors.length > 0)
    throw new LonghandError('invalid_query', `At character ${errors[0]!.start + 1}: ${errors[0]!.message}`, { errors });
  return query;
}

/** What a list needs of texts. */
export function readsOf({
  filter,
  terms,
  order,
}: {
  filter: TraceFilter;
  terms: readonly Term[];
  order?: Order;
}): Set<Reads> {
  const reads = new Set(terms.flatMap((term) => termReads(term) ?? []));
  if (filter.behaviour !== undefined) reads.add('behaviours');
  if (order?.reads) reads.add(order.reads);
  return reads;
}

/** Finished traces that fit all that is known without their text, and whose text was not read, as a condition. */
export function unreadOf(
  index: IndexFile,
  { behaviour: _behaviour, ...filter }: TraceFilter,
  terms: readonly Term[],
  reads: ReadonlySet<Reads>,
): Where {
  const known = where(
    index,
    filter,
    terms.filter((term) => termReads(term) === null),
  );
  const lacks = [...reads].map((what) => `NOT ${isRead[what]}`);
  return { sql: `${known.sql} AND t.live = 0 AND (${lacks.join(' OR ') || '0'})`, values: known.values };
}

/** Figures that were found with another verdict than counts now are found again. */
const isRead: Record<Reads, string> = { behaviours: `(${IS_COUNTED})`, figures: IS_FIGURED };

interface Row extends Unread {
  /** 1: it has to be read for that. */
  behaviours: number;
  figures: number;
}

interface Parts {
  index: IndexFile;
  root: string;
  annotator: Annotator;
  figures: Figures;
}

/** Answers `traces/readTexts`. */
export function* readTexts(
  { index, root, annotator, figures }: Parts,
  { filter, query, sort }: Params<'traces/readTexts'>,
): Generator<void, Result<'traces/readTexts'>> {
  const { terms } = queryOf(query);
  const order: TraceSort = sort ?? { key: 'order', descending: false };
  const reads = readsOf({ filter, terms, order: orderOf(order) });
  const work = new Reading();
  if (reads.size === 0) return { unread: 0 };
  const unread = unreadOf(index, filter, terms, reads);
  const wants = (what: Reads): string => (reads.has(what) ? `NOT ${isRead[what]}` : '0');
  for (const { from, to } of rangesOf(index, attemptsOf(index, filter))) {
    for (const row of index.all<Row>(
      `SELECT t.id, t.attempt_id, a.run, a.stage, a.attempt, t.prompt, ${wants('behaviours')} AS behaviours,
         ${wants('figures')} AS figures
       FROM traces t JOIN attempts a ON a.id = t.attempt_id WHERE ${unread.sql} AND t.id >= ? AND t.id < ? ORDER BY t.id`,
      ...unread.values,
      from,
      to,
    )) {
      if (!work.hasTime()) return { unread: yield* countOf(index, attemptsOf(index, filter), unread) };
      if (row.behaviours === 1) yield* work.read(countText({ index, root, annotator }, row));
      if (row.figures === 1) yield* work.read(figures.readOne(row.id));
      yield* work.breath();
    }
    yield* work.breath();
  }
  return { unread: 0 };
}
