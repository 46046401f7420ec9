import type { Exporter } from './exporter.ts';

/** One object a line: what TRL and `datasets` load as it stands. */
export const jsonl: Exporter = {
  name: 'jsonl',
  head: '',
  row: (row) => `${JSON.stringify(row)}\n`,
};
