/** Imports into memory: what the store would have been given. */
import { runImport, type ImportOptions } from '../../server/importers/run.ts';
import { memorySource, type ByteSource } from '../../server/importers/source.ts';
import type { ImportResult } from '../../core/protocol/imports.ts';
import type { ImportedTrace } from '../../server/store/trace-store.ts';

export interface Collected {
  result: ImportResult;
  traces: ImportedTrace[];
  warnings: { code: string; message: string }[];
}

/** A store that keeps imports in memory. `aborted` lists the runs that were begun and removed again. */
export function collectingStore() {
  const traces: ImportedTrace[] = [];
  const warnings: { code: string; message: string }[] = [];
  const begun: string[] = [];
  const aborted: string[] = [];
  const store: Parameters<typeof runImport>[2] = {
    beginImport: ({ run }) => {
      begun.push(run);
      return Promise.resolve({
        existed: false,
        writer: {
          run,
          append(batch) {
            traces.push(...(batch.traces ?? []));
            warnings.push(...(batch.warnings ?? []));
            return Promise.resolve();
          },
          finish: () => Promise.resolve({ traces: traces.length, metrics: 0 }),
          abort() {
            aborted.push(run);
            return Promise.resolve();
          },
        },
      });
    },
    run: () => Promise.reject(new Error('nothing exists in this store')),
  };
  return { store, traces, warnings, begun, aborted };
}

export async function collect(
  sources: ByteSource | readonly ByteSource[],
  options: ImportOptions = {},
): Promise<Collected> {
  const { store, traces, warnings } = collectingStore();
  const list = 'name' in sources ? [sources] : sources;
  const result = await runImport(list, options, store);
  return { result, traces, warnings };
}

/** A file in memory: text as UTF-8, bytes as they are, values as JSON lines. */
export function file(name: string, content: string | Uint8Array | readonly unknown[]): ByteSource {
  if (typeof content === 'string') return memorySource(name, Buffer.from(content));
  if (content instanceof Uint8Array) return memorySource(name, content);
  return memorySource(name, Buffer.from(content.map((row) => `${JSON.stringify(row)}\n`).join('')));
}
