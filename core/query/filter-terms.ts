/** A filter of traces as terms, so that what a chart opened can be shown as text and changed like what a reader typed. */
import type { TraceFilter } from '../protocol/traces.ts';
import type { Field, FieldTerm, Term, Value } from './types.ts';

const text = (value: string): Value => ({ is: 'text', text: value });
const texts = (...values: string[]): Value[] => values.map(text);
const number = (n: number): Value => ({ is: 'number', op: '=', n });
const named = (value: string | null): Value[] => [value === null ? { is: 'none' } : text(value)];

/** One term for each field of the filter but `run`; all of them together find what the filter finds. */
export function termsOfFilter(filter: TraceFilter): Term[] {
  const terms: FieldTerm[] = [];
  const add = (field: Field, values: Value[] | undefined, negated = false): void => {
    if (values && values.length > 0) terms.push({ kind: 'field', field, values, negated, start: 0, end: 0 });
  };
  const { stepFrom, stepTo, marker, answered, live } = filter;
  if (filter.stage !== undefined) add('stage', texts(filter.stage));
  if (filter.of !== undefined) add('of', named(filter.of));
  if (filter.attempt !== undefined) add('attempt', [number(filter.attempt)]);
  if (filter.step !== undefined) add('step', [filter.step === null ? { is: 'none' } : number(filter.step)]);
  if (stepFrom !== undefined || stepTo !== undefined) add('step', [between(stepFrom, stepTo)]);
  if (filter.problem !== undefined) add('problem', texts(filter.problem));
  if (filter.group !== undefined) add('group', texts(filter.group));
  if (filter.set !== undefined) add('set', named(filter.set));
  if (marker !== undefined) add('marker', named(marker));
  if (filter.behaviour !== undefined) add('behaviour', texts(filter.behaviour));
  add('verdict', filter.verdict?.map(text));
  add('finish', filter.finish?.map(text));
  if (answered !== undefined) add('has', texts('answer'), !answered);
  if (filter.text !== undefined && filter.text.trim() !== '') add('about', texts(filter.text));
  if (live !== undefined) add('is', texts('live'), !live);
  if (filter.superseded) add('is', texts('superseded', 'current'));
  return terms;
}

function between(from: number | undefined, to: number | undefined): Value {
  if (from === undefined) return { is: 'number', op: '<=', n: to ?? 0 };
  if (to === undefined) return { is: 'number', op: '>=', n: from };
  return { is: 'range', from, to };
}
