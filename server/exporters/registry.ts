/** The formats that can be written. A new one is a file beside this one and a line here. */
import { csv } from './csv.ts';
import type { Exporter } from './exporter.ts';
import { jsonl } from './jsonl.ts';

export const exporters: readonly Exporter[] = [jsonl, csv];
