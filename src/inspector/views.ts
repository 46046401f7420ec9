/** Views: checking those that come from outside, comparing, naming. Pure. */
import type { TraceSort } from '../../core/protocol/traces.ts';
import type { TableRef } from '../../core/protocol/report.ts';
import type { StepWindow } from '../../core/protocol/reward-change.ts';
import type { CompareSide, View } from '../../core/protocol/webview.ts';
import { isObject } from '../shape.ts';

/** A view out of a webview's message or a saved state, or null where it is none. Filters are checked by the backend. */
export function asView(value: unknown): View | null {
  if (!isObject(value)) return null;
  switch (value['page']) {
    case 'dashboard':
      return typeof value['run'] === 'string' ? { page: 'dashboard', run: value['run'] } : null;
    case 'report':
      return asReport(value);
    case 'overview':
      return asOverview(value);
    case 'sides':
      return asSides(value);
    case 'compare': {
      const before = asSide(value['before']);
      const after = asSide(value['after']);
      if (!before || !after) return null;
      const view: View = { page: 'compare', title: text(value['title'], 'Comparison'), before, after };
      if (typeof value['problem'] === 'string') view.problem = value['problem'];
      return view;
    }
    case 'inspector': {
      if (!isObject(value['filter'])) return null;
      const view: View = { page: 'inspector', title: text(value['title'], 'Traces'), filter: value['filter'] };
      const { sort, trace, at, mode, query } = value;
      if (mode === 'audit' || mode === 'rescore') view.mode = mode;
      if (isSort(sort)) view.sort = sort;
      if (typeof query === 'string' && query !== '') view.query = query.slice(0, 10_000);
      if (typeof trace === 'string') view.trace = trace;
      if (
        isObject(at) &&
        typeof at['start'] === 'number' &&
        typeof at['end'] === 'number' &&
        (at['in'] === 'prompt' || at['in'] === 'completion')
      ) {
        view.at = { in: at['in'], start: at['start'], end: at['end'] };
      }
      return view;
    }
    default:
      return null;
  }
}

/** True where a panel that shows `a` can show `b` without becoming another one. */
export function samePlace(a: View, b: View): boolean {
  if (a.page === 'dashboard' && b.page === 'dashboard') return a.run === b.run;
  if (a.page === 'overview' && b.page === 'overview') return a.run === b.run;
  if (a.page === 'report' && b.page === 'report') return a.run === b.run && a.stage === b.stage;
  if (a.page === 'sides' && b.page === 'sides') return a.left === b.left && a.right === b.right;
  if (a.page === 'compare' && b.page === 'compare') return equal([a.before, a.after], [b.before, b.after]);
  if (a.page === 'inspector' && b.page === 'inspector') return a.title === b.title && equal(a.filter, b.filter);
  return false;
}

/** The runs whose events a view lives on. */
export function runsOf(view: View): string[] {
  switch (view.page) {
    case 'dashboard':
    case 'overview':
    case 'report':
      return [view.run];
    case 'compare':
      return [view.before.run, view.after.run];
    case 'sides':
      return [...new Set([view.left, view.right].map((trace) => trace.slice(0, trace.indexOf('/'))))];
    case 'inspector':
      return view.filter.run ? [view.filter.run] : [];
    default:
      return view satisfies never;
  }
}

/** @param nameOf the name of a run, where it is known */
export function titleOf(view: View, nameOf: (run: string) => string): string {
  if (view.page === 'report') return `${view.stage} · ${nameOf(view.run)}`;
  if (view.page === 'overview') return `Overview · ${nameOf(view.run)}`;
  return view.page === 'dashboard' ? nameOf(view.run) : view.title;
}

function asSides({ title, left, right, apart, branches, at }: Record<string, unknown>): View | null {
  if (typeof left !== 'string' || typeof right !== 'string') return null;
  const view: View = { page: 'sides', title: text(title, 'Side by side'), left, right };
  if (apart === true) view.apart = true;
  if (branches === 'text' || branches === 'steps') view.branches = branches;
  if (isObject(at)) {
    const { side, start, end } = at;
    if ((side === 'left' || side === 'right') && typeof start === 'number' && typeof end === 'number')
      view.at = { side, start, end };
  }
  return view;
}

function asReport({ run, stage, rows, row, problem, step, why }: Record<string, unknown>): View | null {
  if (typeof run !== 'string' || typeof stage !== 'string') return null;
  const view: View = { page: 'report', run, stage };
  if (isObject(rows) && typeof rows['table'] === 'string') {
    view.rows = { table: rows['table'] };
    if (isObject(rows['where'])) view.rows.where = scalars(rows['where']);
    if (typeof rows['label'] === 'string') view.rows.label = rows['label'].slice(0, 200);
    if (typeof rows['text'] === 'string') view.rows.text = rows['text'].slice(0, 200);
    const { sort } = rows;
    if (isObject(sort) && typeof sort['key'] === 'string')
      view.rows.sort = { key: sort['key'], descending: sort['descending'] === true };
  }
  if (typeof row === 'number' && row >= 0) view.row = row;
  if (typeof problem === 'string') view.problem = problem;
  if (typeof step === 'number') view.step = step;
  if (isObject(why)) {
    const [before, after] = [asWindow(why['before']), asWindow(why['after'])];
    view.why = { ...(before && { before }), ...(after && { after }) };
  }
  return view;
}

function asOverview({ run, set, stage, before, after }: Record<string, unknown>): View | null {
  if (typeof run !== 'string') return null;
  return {
    page: 'overview',
    run,
    ...(typeof set === 'string' && { set }),
    ...(typeof stage === 'string' && { stage }),
    ...(typeof before === 'string' && { before }),
    ...(typeof after === 'string' && { after }),
  };
}

function asWindow(value: unknown): StepWindow | null {
  if (!isObject(value)) return null;
  const { from, to } = value;
  return typeof from === 'number' && typeof to === 'number' ? { from, to } : null;
}

function scalars(value: Record<string, unknown>): NonNullable<TableRef['where']> {
  const isScalar = (one: unknown): one is string | number | boolean | null =>
    one === null || ['string', 'number', 'boolean'].includes(typeof one);
  const found: NonNullable<TableRef['where']> = {};
  for (const [key, one] of Object.entries(value)) {
    if (Array.isArray(one)) found[key] = one.filter(isScalar);
    else if (isScalar(one)) found[key] = one;
  }
  return found;
}

/** The key is checked by the backend, as the filter is. */
function isSort(value: unknown): value is TraceSort {
  return isObject(value) && typeof value['key'] === 'string' && typeof value['descending'] === 'boolean';
}

function asSide(value: unknown): CompareSide | null {
  if (!isObject(value)) return null;
  const { run, stage, step, marker, of, set } = value;
  if (typeof run !== 'string' || typeof stage !== 'string') return null;
  return {
    run,
    stage,
    step: typeof step === 'number' ? step : null,
    ...((marker === null || typeof marker === 'string') && { marker }),
    ...(typeof of === 'string' && { of }),
    ...(typeof set === 'string' && { set }),
  };
}

function text(value: unknown, fallback: string): string {
  return typeof value === 'string' && value ? value.slice(0, 200) : fallback;
}

function equal(a: unknown, b: unknown): boolean {
  return stable(a) === stable(b);
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([, v]) => v !== undefined)
            .toSorted(([x], [y]) => (x < y ? -1 : 1)),
        )
      : inner,
  );
}
