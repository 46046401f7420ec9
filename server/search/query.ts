/** The query of a search: what is looked for in texts, and what the index answers. */
import { LonghandError } from '../../core/protocol/errors.ts';
import { infoOf } from '../../core/query/fields.ts';
import { textTerms, type Query } from '../../core/query/types.ts';
import { queryOf } from '../store/filters.ts';
import { wantedOf, type SearchOptions, type Wanted } from './terms.ts';

/** A query taken apart: what is looked for in texts, and what the index answers. */
export interface AskedSearch {
  wanted: Wanted;
  metadata: Query;
}

/**
 * Reads the query of a search. `in:` says in which texts, `match:` how words are compared; each counts for all words of the query.
 * @throws LonghandError `invalid_query`: with `detail.errors` (places in the query) where it is wrong, without where nothing in it is
 *   looked for in texts
 */
export function readSearch(text: string): AskedSearch {
  const query = queryOf(text);
  const options: SearchOptions = { matchCase: null, wholeWord: false, texts: ['completion'] };
  const metadata: Query = { terms: [] };
  for (const term of query.terms) {
    if (term.kind !== 'field') continue;
    if (!infoOf(term.field).search) {
      metadata.terms.push(term);
      continue;
    }
    if (term.negated) {
      const error = { start: term.start, end: term.end, message: `${term.field}: cannot be negated.` };
      throw new LonghandError('invalid_query', `At character ${term.start + 1}: ${error.message}`, { errors: [error] });
    }
    const words = new Set(term.values.flatMap((value) => (value.is === 'text' ? [value.text] : [])));
    if (term.field === 'in') options.texts = (['prompt', 'completion'] as const).filter((name) => words.has(name));
    else {
      if (words.has('word')) options.wholeWord = true;
      if (words.has('case')) options.matchCase = true;
      else if (words.has('nocase')) options.matchCase = false;
    }
  }
  const wanted = textTerms(query);
  if (wanted.length === 0)
    throw new LonghandError('invalid_query', 'Nothing in the query is looked for in texts: traces/page answers it.');
  return { wanted: wantedOf(wanted, options), metadata };
}
