/** The store's thread: `store-worker.ts` beside this file in the sources, `store-worker.mjs` beside the bundle. */
export function storeWorkerUrl(): URL {
  const fromSources = import.meta.url.endsWith('.ts');
  return new URL(fromSources ? './store-worker.ts' : './store-worker.mjs', import.meta.url);
}
