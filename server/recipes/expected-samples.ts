/** What a `reject` stage may cost, as far as it is known before anything runs: samples of all its problems together. */
import type { PlanStage } from './plan-file.ts';
import { stageReference } from './references.ts';

/**
 * A sentence for the plan; null where nothing says how many problems there will be. Problems of a built-in task are counted;
 * of sources that are sampled, or are the data of another stage, there may be fewer.
 */
export function expectedSamples({ kind, config, inputs }: PlanStage, stages: readonly PlanStage[]): string | null {
  const { data } = inputs;
  const rounds: unknown = config['rounds'];
  if (kind !== 'reject' || typeof data !== 'string' || !Array.isArray(rounds)) return null;
  const found = problemsOf(data, stages);
  if (!found) return null;
  const [first, most] = [Number(rounds[0]), rounds.reduce((sum: number, n) => sum + Number(n), 0)];
  const words = (n: number) => n.toLocaleString('en');
  return `${found.exact ? '' : 'At most '}${words(found.n)} problems: from ${words(found.n * first)} samples (all solved in the first round) to ${words(found.n * most)} (none solved).`;
}

function problemsOf(data: unknown, stages: readonly PlanStage[]): { n: number; exact: boolean } | null {
  const reference = stageReference(data);
  const from = reference && stages.find(({ id }) => id === reference.stage);
  if (from?.kind !== 'dataset') return null;
  const { config, inputs } = from;
  const task = config['task'] as Record<string, unknown> | undefined;
  if (task)
    return typeof task[reference!.output] === 'number' ? { n: task[reference!.output] as number, exact: true } : null;
  const sources = (config['sources'] ?? []) as { sample?: unknown }[];
  let n = 0;
  for (const [i, { sample }] of sources.entries()) {
    const most = typeof sample === 'number' ? sample : problemsOf(inputs[`sources.${i}.path`], stages)?.n;
    if (most === undefined) return null;
    n += most;
  }
  return n > 0 ? { n, exact: false } : null;
}
