/** Queries over the traces of a fake host: the language is that of `core/query`, what it means is said here once more, in plain code. */
import { countSpans } from '../../core/behaviours/count.ts';
import { detect } from '../../core/behaviours/detect.ts';
import type { Label } from '../../core/behaviours/spans.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { matchesGlob } from '../../core/query/glob.ts';
import { parseQuery } from '../../core/query/parse.ts';
import { textTerms, type FieldTerm, type Value } from '../../core/query/types.ts';
import type { FakeTrace } from './fake-host.ts';

type Known = string | number | null;

/** The terms of a list's query as a condition. @throws `invalid_query` as the service does */
export function fitsQuery(
  text: string | undefined,
  texts: 'refused' | 'left out' = 'refused',
): (trace: FakeTrace) => boolean {
  const { query, errors } = parseQuery(text ?? '');
  const [first] = errors;
  if (first) throw new LonghandError('invalid_query', `At character ${first.start + 1}: ${first.message}`, { errors });
  if (texts === 'refused' && textTerms(query).length > 0)
    throw new LonghandError('invalid_query', 'Words and expressions are looked for in the texts: ask traces/search.');
  const fields = query.terms.filter(
    (term): term is FieldTerm => term.kind === 'field' && (term.field as string) !== 'in',
  );
  return (trace) => fields.every((term) => term.negated !== term.values.some((value) => holds(trace, term, value)));
}

function holds(trace: FakeTrace, { field }: FieldTerm, value: Value): boolean {
  const { detail } = trace;
  const word = value.is === 'text' ? value.text.toLowerCase() : '';
  if (field === 'is')
    return {
      live: detail.live,
      truncated: detail.finish === 'length',
      superseded: detail.superseded,
      current: !detail.superseded,
    }[word]!;
  if (field === 'has')
    return {
      answer: detail.answer !== null,
      gold: detail.gold !== null,
      reward: detail.reward !== null,
      verdict: detail.verdict !== null,
    }[word]!;
  if (field === 'problem') return [detail.problemLabel, detail.problem].some((one) => says(one, value));
  return says(known(trace, field), value);
}

function known({ detail, completion }: FakeTrace, field: FieldTerm['field']): Known {
  if (field.startsWith('behaviour'))
    return countSpans(detect(completion))[field.slice('behaviour.'.length) as Label] ?? 0;
  if (field === 'after' || field === 'flips' || field === 'lost') return detail.figures?.[field] ?? null;
  return ((detail as unknown as Record<string, Known>)[field] ?? null) as Known;
}

function says(have: Known, value: Value): boolean {
  switch (value.is) {
    case 'none':
      return have === null;
    case 'text':
      return String(have).toLowerCase() === value.text.toLowerCase();
    case 'glob':
      return matchesGlob(value.pattern, String(have));
    case 'range':
      return typeof have === 'number' && have >= value.from && have <= value.to;
    default: {
      if (typeof have !== 'number') return false;
      const { op, n } = value;
      return { '=': have === n, '>': have > n, '>=': have >= n, '<': have < n, '<=': have <= n }[op];
    }
  }
}
