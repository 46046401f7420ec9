/** Queries over the traces of a fake host: the language is that of `core/query`, what it means is said here once more, in plain code. */
import { countSpans } from '../../core/behaviours/count.ts';
import { detect } from '../../core/behaviours/detect.ts';
import type { Label } from '../../core/behaviours/spans.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { TraceDetail, TraceFilter, TraceRow } from '../../core/protocol/traces.ts';
import { matchesGlob } from '../../core/query/glob.ts';
import { parseQuery } from '../../core/query/parse.ts';
import { textTerms, type FieldTerm, type Value } from '../../core/query/types.ts';
import { sortRows } from '../../webview/inspector/sort-rows.ts';
import type { FakeTrace } from './fake-host.ts';

type Known = string | number | null;

/** Answers `traces/page` as the service does. */
export function pageOf(
  traces: readonly FakeTrace[],
  { filter, query, sort, cursor, offset, around, limit = 200 }: Params<'traces/page'>,
  unread: number,
): Result<'traces/page'> {
  const found = queried(traces, filter, query).map(({ detail }) => ({ row: rowOf(detail) }));
  const rows = sortRows(found, sort ?? { key: 'order', descending: false }).map(({ row }) => row);
  const place = around === undefined ? -1 : rows.findIndex(({ trace }) => trace === around);
  const jump = around === undefined ? offset : Math.max(0, place - (place % limit));
  const from = jump ?? Number(cursor ?? 0);
  return {
    rows: rows.slice(from, from + limit),
    total: rows.length,
    ...(from + limit < rows.length && { next: String(from + limit) }),
    ...(unread > 0 && { unread }),
    ...(jump !== undefined && { offset: from }),
  };
}

/** The texts that a search goes through. */
export function searched(traces: readonly FakeTrace[], { filter, query }: Params<'traces/search'>) {
  return queried(traces, filter, query, 'left out').map(({ detail, ...texts }) => ({ row: rowOf(detail), ...texts }));
}

/** The traces of a filter and a query. */
function queried(
  traces: readonly FakeTrace[],
  filter: TraceFilter,
  query: string | undefined,
  texts: 'refused' | 'left out' = 'refused',
): FakeTrace[] {
  const fit = fitsQuery(query, texts);
  return traces.filter((trace) => fits(trace.detail, filter) && fit(trace));
}

function fits(row: TraceRow, filter: TraceFilter): boolean {
  const words = filter.text?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
  const hay = `${row.problemLabel} ${row.answer ?? ''}`.toLowerCase();
  return (
    (filter.stage === undefined || row.stage === filter.stage) &&
    (filter.step === undefined || row.step === filter.step) &&
    (filter.problem === undefined || row.problem === filter.problem) &&
    (!filter.verdict || (row.verdict !== null && filter.verdict.includes(row.verdict))) &&
    (!filter.finish || (row.finish !== null && filter.finish.includes(row.finish))) &&
    (filter.live === undefined || row.live === filter.live) &&
    words.every((word) => hay.includes(word))
  );
}

/** The terms of a list's query as a condition. @throws `invalid_query` as the service does */
function fitsQuery(text: string | undefined, texts: 'refused' | 'left out'): (trace: FakeTrace) => boolean {
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
  if (field === 'about') return `${detail.problemLabel} ${detail.answer ?? ''}`.toLowerCase().includes(word);
  return says(known(trace, field), value);
}

function known({ detail, completion }: FakeTrace, field: FieldTerm['field']): Known {
  if (field.startsWith('behaviour'))
    return countSpans(detect(completion))[field.slice('behaviour.'.length) as Label] ?? 0;
  if (field === 'after' || field === 'flips' || field === 'lost') return detail.figures?.[field] ?? null;
  return (detail as unknown as Record<string, Known>)[field] ?? null;
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

export function rowOf(detail: TraceDetail): TraceRow {
  const { trace, run, stage, of, attempt, step, epoch, problem, problemLabel, sample, group, verdict, answer } = detail;
  const { tokens, tokensExact, finish, reward, advantage, live, superseded, length } = detail;
  return {
    ...{
      trace,
      run,
      stage,
      of,
      attempt,
      step,
      epoch,
      set: detail.set,
      problem,
      problemLabel,
      sample,
      group,
      verdict,
      answer,
    },
    gold: detail.gold,
    ...{ tokens, tokensExact, finish, reward, advantage, live, superseded, length },
    ...(detail.figures && { figures: detail.figures }),
    ...(detail.behaviours && { behaviours: detail.behaviours }),
  };
}
