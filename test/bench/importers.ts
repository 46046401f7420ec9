/** How fast files become runs, and how much memory that takes. The files are made here: rows as an evaluation writes them. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectImport } from '../../server/importers/inspect.ts';
import { runImport } from '../../server/importers/run.ts';
import { openFile } from '../../server/importers/source.ts';
import { openStore } from '../../server/store/client.ts';
import type { Figure } from './run.ts';

const MEBI = 2 ** 20;
const SIZE = 200 * MEBI;

/** Writes about `size` bytes: completions of about 12,000 characters, four a problem. Gives the number of rows. */
function writeRows(path: string, size: number, array: boolean): number {
  const file = openSync(path, 'w');
  const step = 'Wait, let me check: $\\frac{a}{b} = 2$, so "x" is 4.\nThen α + β = π, and the sum is \\(12 + 3n\\).\n';
  let rows = 0;
  let written = 0;
  if (array) writeSync(file, '[\n');
  while (written < size) {
    const n = rows++;
    const row = {
      id: n,
      question: `What is the ${n >> 2}th of these numbers, and why? ${'Think about it. '.repeat(8)}`,
      response: `<think>\nOkay, so I need number ${n}. ${step.repeat(120)}</think>\nIt is \\boxed{${n}}.`,
      answer: String(n >> 2),
      is_correct: n % 3 === 0,
      finish_reason: 'stop',
    };
    const text = `${array && n > 0 ? ',\n' : ''}${JSON.stringify(row)}${array ? '' : '\n'}`;
    written += writeSync(file, text);
  }
  if (array) writeSync(file, '\n]\n');
  closeSync(file);
  return rows;
}

export async function bench(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'longhand-bench-'));
  const figures: Figure[] = [];
  const add = (name: string, value: number, unit: string, target: string | null): void => {
    figures.push({ name, value: Math.round(value * 10) / 10, unit, target });
  };
  try {
    for (const [kind, array] of [
      ['jsonl', false],
      ['json', true],
    ] as const) {
      const path = join(folder, `rows.${kind}`);
      const rows = writeRows(path, SIZE, array);
      const source = await openFile(path);

      const asked = performance.now();
      await inspectImport(source, path);
      add(`import ${kind}: what is it, 200 MiB`, performance.now() - asked, 'ms', '<=1000');

      // Reading alone: nothing is kept of what it gives.
      const nothing: Parameters<typeof runImport>[2] = {
        beginImport: ({ run }) =>
          Promise.resolve({
            existed: false,
            writer: {
              run,
              append: () => Promise.resolve(),
              finish: () => Promise.resolve({ traces: rows, metrics: 0 }),
              abort: () => Promise.resolve(),
            },
          }),
        run: () => Promise.reject(new Error('nothing is stored')),
      };
      const before = process.memoryUsage().rss;
      let peak = before;
      const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
      const started = performance.now();
      const result = await runImport([source], {}, nothing);
      const seconds = (performance.now() - started) / 1000;
      clearInterval(watch);
      if (result.rows !== rows || result.traces !== rows) throw new Error(`${result.traces} of ${rows} rows were read`);
      add(`import ${kind}: hash and read`, source.size / MEBI / seconds, 'MiB/s', null);
      add(`import ${kind}: memory above the start while reading 200 MiB`, (peak - before) / MEBI, 'MiB', '<=256');

      const store = await openStore({ root: join(folder, `root-${kind}`) });
      try {
        const begun = performance.now();
        const stored = await runImport([source], {}, store);
        const all = (performance.now() - begun) / 1000;
        if (stored.traces !== rows) throw new Error(`${stored.traces} of ${rows} traces were stored`);
        add(`import ${kind}: hash, read, copy and index`, source.size / MEBI / all, 'MiB/s', '>=100');
      } finally {
        await store.close();
        await source.close();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return figures;
}
