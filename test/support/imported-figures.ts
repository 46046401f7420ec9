/** Files of others through our own path: import, store, figures. */
import type { FigureSet } from '../../core/protocol/figures.ts';
import type { ImportResult } from '../../core/protocol/imports.ts';
import { prepare } from '../../server/importers/inspect.ts';
import { runImport } from '../../server/importers/run.ts';
import { openFile, type ByteSource, type FileSource } from '../../server/importers/source.ts';
import type { TraceStore } from '../../server/store/trace-store.ts';
import { withStore } from './temporary.ts';

export interface Imported {
  result: ImportResult;
  sets: FigureSet[];
  store: TraceStore;
}

/** Imports files as one run and hands its figures to `work`. */
export async function withFigures(
  files: readonly (string | ByteSource)[],
  work: (imported: Imported) => Promise<void> | void,
  asked: { budgets?: number[]; ks?: number[] } = {},
): Promise<void> {
  await withStore(async (store) => {
    const sources = await Promise.all(
      files.map((one) => (typeof one === 'string' ? openFile(one) : Promise.resolve(one))),
    );
    try {
      const result = await runImport(sources, {}, store);
      for (;;) {
        const { sets, waiting } = await store.setFigures({ of: { run: result.run }, ...asked });
        if (waiting > 0) continue;
        await work({ result, sets, store });
        return;
      }
    } finally {
      for (const source of sources) if ('close' in source) await (source as FileSource).close();
    }
  });
}

/** The rows of a file that holds problems and gold answers. */
export async function rowsOf(path: string): Promise<Record<string, unknown>[]> {
  const source = await openFile(path);
  try {
    const { importer } = await prepare(source, {});
    const rows: Record<string, unknown>[] = [];
    for await (const batch of importer.rows(source, {}))
      for (const item of batch) if (item.kind === 'row') rows.push(item.value as Record<string, unknown>);
    return rows;
  } finally {
    await source.close();
  }
}
