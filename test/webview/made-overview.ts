/** A host of the overview that answers from a store of real files. */
import type { SavedFile, View } from '../../core/protocol/webview.ts';
import type { TraceStore } from '../../server/store/trace-store.ts';
import { FakeHost } from './fake-host.ts';
import { madeRun } from './made-run.ts';

export function overviewHost(
  store: TraceStore,
  run: string,
  view: Partial<Extract<View, { page: 'overview' }>> = {},
): { host: FakeHost; saved: SavedFile[] } {
  const saved: SavedFile[] = [];
  const host = new FakeHost(
    {
      traces: [],
      run: { ...madeRun(), run, name: run },
      service: (method, params) => store.sliced(method, params),
      saved,
    },
    { page: 'overview', run, ...view },
  );
  return { host, saved };
}
