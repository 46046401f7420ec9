/** What makes two stages alike for an estimate of time: kind and configuration without seeds, paths and the amount of work. */

/** Differ from run to run without changing the time, or are paths once resolved. */
const ignored = new Set(['seed', 'data_seed', 'model', 'data', 'files', 'of', 'start']);
const amounts = ['max_steps', 'num_train_epochs'] as const;

/** `work` is in units that are the same for all of one `key`. */
export function stageFingerprint(kind: string, config: Record<string, unknown>): { key: string; work: number } {
  const trainer = (config['config'] ?? {}) as Record<string, unknown>;
  const [unit, work] = amountOf(trainer);
  const rest = sorted({ ...config, config: without(trainer, amounts) });
  return { key: JSON.stringify([kind, unit, rest]), work };
}

function amountOf(trainer: Record<string, unknown>): [string, number] {
  for (const name of amounts) {
    const value = trainer[name];
    if (typeof value === 'number' && value > 0) return [name, value];
  }
  return ['whole', 1];
}

function without(value: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

/** The same value with its keys in order and the ignored ones left out, so that its JSON can be compared. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !ignored.has(key));
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}
