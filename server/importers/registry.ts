/** The formats that can be opened. A new one is a file beside this one and a line here. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Importer } from './importer.ts';
import { json } from './json.ts';
import { jsonl } from './jsonl.ts';
import { parquet } from './parquet.ts';
import { whatItIs, type Probe } from './probe.ts';

export const importers: readonly Importer[] = [parquet, jsonl, json];

/**
 * The importer for a file, by its content; by its name when the caller names one. Throws `unreadable` with what the file is
 * when none takes it, `invalid_params` for a name that is not known.
 */
export function importerFor(probe: Probe, format?: string): Importer {
  if (format !== undefined) {
    const named = importers.find((importer) => importer.name === format);
    if (named) return named;
    const names = importers.map((importer) => importer.name).join(', ');
    throw new LonghandError(
      'invalid_params',
      `There is no import format ${JSON.stringify(format)}; there are ${names}.`,
    );
  }
  let best: { importer: Importer; score: number } | null = null;
  for (const importer of importers) {
    const score = importer.sniff(probe);
    if (score > (best?.score ?? 0)) best = { importer, score };
  }
  if (best) return best.importer;
  throw new LonghandError('unreadable', `${probe.name} cannot be opened: it is ${whatItIs(probe.head)}.`);
}
