import assert from 'node:assert/strict';
import { atOnce } from '../../../core/metrics/slices.ts';
import type { Params } from '../../../core/protocol/methods.ts';
import { traceSortKeys } from '../../../core/protocol/traces.ts';
import { IndexFile } from '../../../server/store/index-file.ts';
import { orderBy, orderOf } from '../../../server/store/list-order.ts';
import { Pages } from '../../../server/store/pages.ts';
import { indexPath } from '../../../server/store/paths.ts';
import { traceRowId } from '../../../server/store/schema.ts';
import { fill, readAll } from '../../support/queried-traces.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

type Page = Params<'traces/page'>;

const titles = ['aime/9', 'Aime/10', 'é', 'z', '\u{1d4b3}', '\uff21', 'aime/9 again'];

/** An index of two attempts with many traces, every fact now and then unknown. */
function many(root: string, traces: number): IndexFile {
  const index = new IndexFile(indexPath(root));
  index.transaction(() => {
    index.run(`INSERT INTO runs (run, kind, name, source, created) VALUES ('r', 'recipe', 'r', '', 0)`);
    for (const attempt of [1, 2])
      index.run(
        `INSERT INTO attempts (id, run, stage, attempt, kind, digest, traces) VALUES (?, 'r', 'grpo', ?, 'grpo', '{}', ?)`,
        attempt,
        attempt,
        traces / 2,
      );
    for (const [i, title] of titles.entries())
      index.run(`INSERT INTO problems VALUES (?, 1, ?, NULL, '""', NULL, NULL, ?, '')`, i + 1, `h${i}`, title);
    for (let i = 0; i < traces; i++) {
      const attempt = i < traces / 2 ? 1 : 2;
      const id = traceRowId(attempt, i % (traces / 2));
      index.run(
        `INSERT INTO traces (id, attempt_id, problem_id, sample, step, seq, verdict, answer, tokens, reward, live, superseded, counted, spans)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)`,
        ...[id, attempt, 1 + (i % titles.length), i % 8, i % 5 === 0 ? null : i % 90, i, i % 3],
        ...[i % 4 === 0 ? null : titles[(i * 7) % 5]!, i % 6 === 0 ? null : (i * 7919) % 1000, ((i % 9) - 4) / 4],
        ...[i % 2 === 0 ? 1 : null, i % 2 === 0 ? i % 7 : null],
      );
      index.run(`INSERT INTO details (id, facts, begun) VALUES (?, '{}', 0)`, id);
    }
  });
  return index;
}

describe('store: long lists', () => {
  it('are the same as short ones, by every sort key, page by page, at any place', () =>
    withFolder(async (root) => {
      await withStore(async (store) => {
        await fill(store, root);
        await readAll(store, { filter: { run: 'r' }, query: 'behaviour:>0 after:>0' });
      }, root);
      const index = new IndexFile(indexPath(root));
      const [short, long] = [new Pages(index, Infinity), new Pages(index, 0)];
      const same = (params: Page): string | undefined => {
        const [wanted, found] = [atOnce(short.page(params)), atOnce(long.page(params))];
        assert.deepEqual(found, wanted, JSON.stringify(params));
        return found.next;
      };
      const filter = { run: 'r' };
      for (const query of ['', 'verdict:wrong', 'is:superseded,current -truncated', 'stage:nowhere'])
        for (const key of query === '' ? traceSortKeys : (['order', 'problem', 'flips'] as const))
          for (const descending of [false, true]) {
            const list = { filter, ...(query && { query }), sort: { key, descending }, limit: 60 };
            for (let cursor = same(list); cursor !== undefined;) cursor = same({ ...list, cursor });
            for (const offset of [41, 1000]) same({ ...list, offset });
            for (const n of [88, 5000]) same({ ...list, around: `r/grpo/1/${n}` });
          }
      index.close();
    }));

  it('are made in slices of some milliseconds, over many rows as over few', () =>
    withFolder(async (root) => {
      const index = many(root, 24_000);
      const [short, long] = [new Pages(index, Infinity), new Pages(index)];
      let most = 0;
      for (const params of [
        { filter: { run: 'r' }, sort: { key: 'problem', descending: false }, offset: 11_950 },
        { filter: { run: 'r' }, sort: { key: 'answer', descending: true }, around: 'r/grpo/2/777' },
        { filter: { run: 'r' }, sort: { key: 'tokens', descending: true }, query: 'behaviour:>=2', offset: 2000 },
        { filter: { run: 'r' }, query: 'verdict:wrong', offset: 7000 },
      ] satisfies Page[]) {
        const wanted = atOnce(short.page(params));
        assert.ok(wanted.rows.length > 0);
        const work = long.page(params);
        let slices = 1;
        let step = work.next();
        for (; !step.done; step = work.next()) slices += 1;
        assert.deepEqual(step.value, wanted);
        most = Math.max(most, slices);
        assert.equal(long.page({ ...params, limit: 5 }).next().done, true, 'it is known while nothing is written');
      }
      // A quick machine may make one or another of them within a slice.
      assert.ok(most > 1, 'all were one piece');
      index.close();
    }));

  it('begin with the same rows as one statement over all of them, page by page', () =>
    withFolder(async (root) => {
      const index = many(root, 44_000);
      const pages = new Pages(index);
      for (const key of ['order', 'tokens', 'answer', 'problem', 'reward'] as const)
        for (const descending of [false, true]) {
          const order = orderOf({ key, descending });
          const wanted = index
            .all<{ id: number }>(
              `SELECT t.id, ${order.column ?? 'NULL'} AS v FROM traces t ${order.join} WHERE t.verdict = 1 ORDER BY ${orderBy(order)}`,
            )
            .map(({ id }) => id);
          const list = {
            filter: { run: 'r' },
            query: 'verdict:wrong',
            sort: { key, descending },
            limit: 300,
          } satisfies Page;
          let cursor: string | undefined;
          for (let from = 0; from < 1200; from += 300) {
            const page = atOnce(pages.page({ ...list, ...(cursor !== undefined && { cursor }) }));
            assert.equal(page.total, wanted.length);
            const shown = page.rows.map(({ trace, attempt }) => traceRowId(attempt, Number(trace.split('/')[3])));
            assert.deepEqual(shown, wanted.slice(from, from + 300), `${key} ${descending} from ${from}`);
            cursor = page.next;
          }
        }
      index.close();
    }));

  it('go on where they were while rows come in and change, and begin anew where a run was deleted', () =>
    withFolder(async (root) => {
      const index = many(root, 24_000);
      const pages = new Pages(index);
      const list = { filter: { run: 'r' }, sort: { key: 'tokens', descending: false }, limit: 500 } satisfies Page;
      atOnce(pages.page({ ...list, offset: 5000 }));
      const seen = new Set<string>();
      let writes = 0;
      for (let cursor: string | undefined; ;) {
        const page = atOnce(pages.page({ ...list, ...(cursor !== undefined && { cursor }) }));
        for (const { trace } of page.rows) {
          assert.ok(!seen.has(trace), `${trace} came twice`);
          seen.add(trace);
        }
        cursor = page.next;
        if (cursor === undefined) break;
        const { id, v } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { id: number; v: number | null };
        // The very row that the cursor is of grows shorter, so that it lies before it.
        if (v !== null && v > 0 && writes++ < 3)
          index.transaction(() => index.run('UPDATE traces SET tokens = 0 WHERE id = ?', id));
      }
      assert.equal(seen.size, 24_000);
      const work = pages.page({ ...list, sort: { key: 'reward', descending: true }, offset: 5000 });
      work.next();
      index.transaction(() => index.run('DELETE FROM traces WHERE attempt_id = 1'));
      index.transaction(() => index.run('DELETE FROM attempts WHERE id = 1'));
      pages.forget();
      const page = atOnce(work);
      assert.equal(page.total, 12_000);
      assert.ok(page.rows.every(({ attempt }) => attempt === 2));
      index.close();
    }));
});
