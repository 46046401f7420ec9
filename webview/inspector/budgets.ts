/** The token limits that mean something for a trace: those of its evaluation, and the limit that it was sampled with. */
import type { TraceDetail } from '../../core/protocol/traces.ts';
import type { Host } from '../host.ts';

const known = new Map<string, Promise<number[]>>();
const usual = [4_000, 8_000, 16_000, 32_000];

/** The usual ones and the run's own, ascending; those beyond the trace's length are of no use to the ruler and are left out there. */
export async function budgetsOf(host: Host, detail: TraceDetail): Promise<number[]> {
  const key = `${detail.run}/${detail.stage}`;
  if (!known.has(key)) {
    known.set(
      key,
      host
        .call('metrics/snapshot', { run: detail.run, names: [] })
        .then(({ evaluations }) => {
          const own = evaluations.filter((one) => one.stage === detail.stage);
          return own.flatMap((one) => one.budgets.map(({ budget }) => budget));
        })
        .catch(() => {
          known.delete(key);
          return [];
        }),
    );
  }
  const budgets = new Set([...usual, ...((await known.get(key)) ?? [])]);
  if (detail.sampling?.max_tokens) budgets.add(detail.sampling.max_tokens);
  return [...budgets].sort((a, b) => a - b);
}
