import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atOnce } from '../../../core/metrics/slices.ts';
import type { Exit } from '../../../core/protocol/files.ts';
import type { TraceFilter } from '../../../core/protocol/traces.ts';
import { queryOf } from '../../../server/store/filters.ts';
import { IndexFile } from '../../../server/store/index-file.ts';
import { indexPath } from '../../../server/store/paths.ts';
import { SearchPlaces, type SearchScope } from '../../../server/store/search-places.ts';
import type { SearchPage } from '../../../server/store/search-page.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

const key = { run: 'r', stage: 'grpo', attempt: 1 };
const filters: TraceFilter[] = [{}, { run: 'r' }, { run: 'r', live: true }, { run: 'r', superseded: true }];
const queries = ['', 'verdict:right', 'is:live', 'has:labels', 'behaviour.backtracking:>0', 'step:2..'];

type PageOf = (after: number) => Promise<SearchPage | null>;

async function pagesOf(page: PageOf): Promise<SearchPage[]> {
  const found: SearchPage[] = [];
  for (;;) {
    const next = await page(found.at(-1)?.ids.at(-1) ?? -1);
    if (!next) return found;
    found.push(next);
  }
}

/** What the store says again and again is what an index says that nobody asked before, and its traces are those of the list. */
async function same(store: TraceStore): Promise<number> {
  const index = new IndexFile(indexPath(store.root));
  const fresh = new SearchPlaces(index, store.root);
  let traces = 0;
  for (const filter of filters)
    for (const query of queries)
      for (const prompts of [false, true]) {
        const scope: SearchScope = { filter, query: queryOf(query), prompts };
        const kept = await pagesOf((after) => store.searchPage({ ...scope, after }));
        const wanted = await pagesOf((after) => Promise.resolve(atOnce(fresh.page({ ...scope, after }))));
        assert.deepEqual(kept, wanted, `${JSON.stringify(filter)} ${query}`);
        const ids = kept.flatMap((page) => [...page.ids]);
        const { rows } = await store.read('traces/page', { filter, query });
        const listed = await store.searchedRows(ids);
        assert.deepEqual(listed.map(({ trace }) => trace).toSorted(), rows.map(({ trace }) => trace).toSorted());
        const { total } = await store.beginSearch(scope);
        assert.equal(total, ids.length);
        traces += ids.length;
      }
  index.close();
  return traces;
}

describe('places of the texts that are searched', () => {
  it('are kept, and known anew whenever anything of the traces is', () =>
    withStore(async (store, root) => {
      makeRun(root, key.run);
      const record = makeAttempt(root, key);
      const steps: [what: string, change: () => Promise<unknown>][] = [
        ['nothing is written', () => Promise.resolve()],
        ['a trace', async () => writeTrace(record, { step: 1, completion: 'Wait, so it is \\boxed{4}.' })],
        ['another one, with another prompt', async () => writeTrace(record, { step: 2, prompt: 'Add 2 to 2.' })],
        [
          'one that grows',
          async () => {
            const trace = record.traceBegin(record.problem('What is 2 + 3?'), null, { sample: 1, step: 3 });
            record.traceText(trace, 'So ');
          },
        ],
        ['its next words', async () => record.traceText(2, 'it is 5.')],
        ['the texts are read', () => store.sliced('traces/readTexts', { filter: {}, query: 'behaviour:>0' })],
        ['a verdict', () => store.audit('traces/judge', { trace: 'r/grpo/1/1', verdict: 'right', by: 'anna' })],
        [
          'labels',
          () => {
            const edits = [{ op: 'add' as const, start: 0, end: 4, label: 'backtracking' as const }];
            return store.editLabels({ trace: 'r/grpo/1/0', by: 'anna', base: 0, edits });
          },
        ],
        [
          'the end of the first, that only its runner tells of',
          async () => {
            const exit: Exit = {
              ...{ v: 1, outcome: 'failed', reason: 'killed', message: null, code: null, signal: 'SIGKILL' },
              ...{ started: 0, ended: 1, cpu_s: 1, peak_rss: 1, survivors: [] },
            };
            writeFileSync(join(record.folder, 'exit.json'), JSON.stringify(exit));
          },
        ],
        [
          'a newer attempt that begins anew',
          async () => writeTrace(makeAttempt(root, { ...key, attempt: 2 }), { step: 1, completion: 'No.' }),
        ],
        ['the index made anew', () => store.reindex()],
        ['the run deleted', () => store.deleteRun('r')],
        [
          'another one of that name',
          async () => {
            makeRun(root, key.run);
            writeTrace(makeAttempt(root, key), { step: 2, completion: 'Something else.' });
          },
        ],
      ];
      const seen: number[] = [];
      for (const [what, change] of steps) {
        await change();
        await store.catchUp();
        try {
          seen.push(await same(store), await same(store));
        } catch (error) {
          throw new Error(`after: ${what}`, { cause: error });
        }
      }
      assert.ok(Math.max(...seen) > 20, seen.join(' '));
    }));
});
