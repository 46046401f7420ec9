/** The attempts that either side can show: the groups of both traces, and what their runs have of the same problems. */
import type { TraceDetail, TraceRow } from '../../core/protocol/traces.ts';
import type { Host } from '../host.ts';

/** Rows that are asked for of each run. */
export const ATTEMPTS = 200;

export interface Attempts {
  rows: TraceRow[];
  /** Those that were not read. */
  more: number;
}

/** Attempts at the problems of the two traces; their own rows come first where they are not among those read. */
export async function readAttempts(host: Host, details: readonly TraceDetail[]): Promise<Attempts> {
  const filters = new Map(details.map(({ run, problem }) => [`${run} ${problem}`, { run, problem }]));
  const pages = await Promise.all(
    [...filters.values()].map((filter) => host.call('traces/page', { filter, limit: ATTEMPTS })),
  );
  const byTrace = new Map<string, TraceRow>();
  for (const row of [...pages.flatMap(({ rows }) => rows), ...details]) byTrace.set(row.trace, row);
  const more = pages.reduce((sum, { rows, total }) => sum + Math.max(0, total - rows.length), 0);
  return { rows: [...byTrace.values()], more };
}
