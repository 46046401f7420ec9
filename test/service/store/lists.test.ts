import assert from 'node:assert/strict';
import type { Params } from '../../../core/protocol/methods.ts';
import type { TraceFilter, TraceRow, TraceSortKey } from '../../../core/protocol/traces.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

const KEYS = [
  'order',
  'problem',
  'stage',
  'step',
  'verdict',
  'answer',
  'tokens',
  'finish',
  'after',
  'flips',
  'lost',
  'reward',
  'advantage',
] as const satisfies TraceSortKey[];
const verdicts = ['right', 'wrong', 'undecided', 'none'] as const;
const finishes = ['stop', 'length', 'error'] as const;

/** 300 traces in two stages, every fact now and then unknown. */
async function fill(store: TraceStore, root: string): Promise<void> {
  makeRun(root, 'r');
  for (const stage of ['grpo', 'sft']) {
    const record = makeAttempt(root, { run: 'r', stage, attempt: 1 });
    for (let i = 0; i < 150; i++) {
      const known = i % 5 !== 0;
      writeTrace(record, {
        problem: `Problem number ${i % 17}: what is ${i % 17}?`,
        sourceId: i % 2 === 0 ? `p-${i % 17}` : null,
        gold: String(i % 17),
        sample: i % 4,
        completion: i % 7 === 0 ? 'I do not know.' : `So \\boxed{${i % 6}}`,
        ...(i % 9 !== 0 && { step: i % 12 }),
        ...(stage === 'grpo' && { group: `g${i >> 2}` }),
        set: i % 3 === 0 ? 'test' : 'dev',
        facts: known
          ? {
              tokens: (i * 37) % 50,
              tokens_exact: i % 2 === 0,
              finish: finishes[i % 3]!,
              reward: (i % 8) / 4 - 1,
              advantage: i % 3 === 0 ? null : (i % 5) - 2,
              verdict: { value: verdicts[i % 4]!, checker: 'test', version: '1' },
            }
          : {},
      });
    }
    const problem = record.problem('A problem that is being answered');
    record.traceText(record.traceBegin(problem, null, { sample: 0, step: 3 }), 'still writing');
  }
  await store.catchUp();
}

async function allPages(store: TraceStore, params: Params<'traces/page'>): Promise<TraceRow[]> {
  const rows: TraceRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.read('traces/page', { ...params, ...(cursor !== undefined && { cursor }) });
    rows.push(...page.rows);
    assert.equal(page.total, (await store.read('traces/page', { ...params, limit: 1 })).total);
    cursor = page.next;
  } while (cursor !== undefined);
  return rows;
}

/** What a row is sorted by, as the store should see it. */
function valueOf(row: TraceRow, key: (typeof KEYS)[number]): string | number | null {
  if (key === 'order') return 0;
  if (key === 'problem') return row.problemLabel;
  if (key === 'verdict') return row.verdict === null ? null : verdicts.indexOf(row.verdict);
  if (key === 'finish') return row.finish === null ? null : finishes.indexOf(row.finish);
  if (key === 'after' || key === 'flips' || key === 'lost') return row.figures?.[key] ?? null;
  return row[key];
}

describe('store: lists', () => {
  it('begins a page at any row, and with the page that holds a trace, whatever is sorted by', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      for (const filter of [{ run: 'r' }, { run: 'r', set: 'test' }] satisfies TraceFilter[])
        for (const key of KEYS)
          for (const descending of [false, true]) {
            const list = { filter, sort: { key, descending } };
            const all = await allPages(store, { ...list, limit: 100 });
            for (const at of [0, 63, all.length - 1]) {
              const jump = await store.read('traces/page', { ...list, offset: at, limit: 20 });
              assert.deepEqual(jump.rows, all.slice(at, at + 20), `${key} from ${at}`);
              assert.equal(jump.offset, at);
              const around = await store.read('traces/page', { ...list, around: all[at]!.trace, limit: 20 });
              assert.equal(around.offset, at - (at % 20), `${key} around ${at}`);
              assert.ok(around.rows.some(({ trace }) => trace === all[at]!.trace));
            }
          }
      const other = { filter: { run: 'r', stage: 'grpo' }, limit: 20 };
      for (const around of ['r/sft/1/7', 'r/grpo/1/99999', 'gone/sft/1/7'])
        assert.equal((await store.read('traces/page', { ...other, around })).offset, 0);
    }));

  it('sorts by every key in both directions, nothing known last, equals in order, and pages through without a loss', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      while ((await store.setFigures({ of: { sides: [{ run: 'r' }] }, only: 'texts' })).waiting > 0);
      const inOrder = await allPages(store, { filter: { run: 'r' }, limit: 1000 });
      assert.equal(inOrder.length, 302);
      assert.ok(inOrder.some(({ figures }) => figures?.after != null));
      for (const key of KEYS) {
        for (const descending of [false, true]) {
          const paged = await allPages(store, { filter: { run: 'r' }, sort: { key, descending }, limit: 23 });
          const expected = inOrder
            .map((row, i) => ({ row, i }))
            .sort((a, b) => {
              const [x, y] = [valueOf(a.row, key), valueOf(b.row, key)];
              if (key === 'order') return descending ? b.i - a.i : a.i - b.i;
              if (x === null || y === null) return x === y ? a.i - b.i : x === null ? 1 : -1;
              const sign = x < y ? -1 : x > y ? 1 : 0;
              return sign === 0 ? a.i - b.i : descending ? -sign : sign;
            })
            .map(({ row }) => row.trace);
          assert.deepEqual(
            paged.map((row) => row.trace),
            expected,
            `${key} ${descending ? 'descending' : 'ascending'}`,
          );
        }
      }
    }));

  it('filters by every key', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const everything = await allPages(store, { filter: {}, limit: 1000 });
      const cases: [TraceFilter, (row: TraceRow) => boolean][] = [
        [{ run: 'r' }, () => true],
        [{ run: 'other' }, () => false],
        [{ stage: 'sft' }, (row) => row.stage === 'sft'],
        [{ run: 'r', stage: 'sft', attempt: 2 }, () => false],
        [{ step: 3 }, (row) => row.step === 3],
        [{ stepFrom: 3, stepTo: 5 }, (row) => row.step !== null && row.step >= 3 && row.step <= 5],
        [{ problem: everything[0]!.problem }, (row) => row.problem === everything[0]!.problem],
        [{ group: 'g3' }, (row) => row.group === 'g3'],
        [{ verdict: ['right', 'undecided'] }, (row) => row.verdict === 'right' || row.verdict === 'undecided'],
        [{ verdict: [] }, () => false],
        [{ finish: ['length'] }, (row) => row.finish === 'length'],
        [{ live: true }, (row) => row.live],
        [{ live: false }, (row) => !row.live],
        [{ text: 'NUMBER 12:' }, (row) => /^p-12$|number 12:/i.test(row.problemLabel)],
        [{ text: 'p-1' }, (row) => row.problemLabel.startsWith('p-1')],
        [{ text: '100% _\'";--' }, () => false],
        [
          { run: 'r', stage: 'grpo', verdict: ['wrong'], stepFrom: 4 },
          (row) => row.stage === 'grpo' && row.verdict === 'wrong' && (row.step ?? -1) >= 4,
        ],
      ];
      for (const [filter, keeps] of cases) {
        const rows = await allPages(store, { filter, limit: 100 });
        const expected = everything.filter(keeps).map((row) => row.trace);
        if (filter.text === 'NUMBER 12:' || filter.text === 'p-1') {
          // The label shows the source id alone; the words may be in the text behind it.
          for (const trace of expected)
            assert.ok(
              rows.some((row) => row.trace === trace),
              trace,
            );
          continue;
        }
        assert.deepEqual(
          rows.map((row) => row.trace),
          expected,
          JSON.stringify(filter),
        );
      }
      const set = await allPages(store, { filter: { set: 'test' }, limit: 100 });
      assert.equal(set.length, 100);
    }));

  it('finds words in any letter case beyond ASCII, in problem, source id and answer', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'sft', attempt: 1 });
      writeTrace(record, { problem: 'Wie groß ist der ÄRGER?', sourceId: 'Übung-1', completion: 'So \\boxed{ÉTÉ}' });
      writeTrace(record, { problem: 'Anderes', completion: 'So \\boxed{7}' });
      await store.catchUp();
      for (const text of ['ärger', 'ÜBUNG', 'été', 'GROSS ärger', 'wie ÉTÉ']) {
        const { rows } = await store.read('traces/page', { filter: { text } });
        assert.deepEqual(
          rows.map((row) => row.trace),
          text.startsWith('GROSS') ? [] : ['r/sft/1/0'],
          text,
        );
      }
    }));

  it('refuses a cursor of another list, and one that is none', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const { next } = await store.read('traces/page', { filter: { run: 'r' }, limit: 5 });
      const again = (params: Params<'traces/page'>) => store.read('traces/page', params);
      await assert.rejects(again({ filter: { run: 'r', stage: 'sft' }, cursor: next! }), { code: 'invalid_params' });
      await assert.rejects(again({ filter: { run: 'r' }, sort: { key: 'tokens', descending: true }, cursor: next! }), {
        code: 'invalid_params',
      });
      await assert.rejects(again({ filter: { run: 'r' }, cursor: 'nonsense' }), { code: 'invalid_params' });
    }));

  it('loses no row and shows none twice while rows come in', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const record = makeAttempt(root, { run: 'r', stage: 'sft', attempt: 1 });
      const before = new Set((await allPages(store, { filter: { run: 'r' }, limit: 1000 })).map((row) => row.trace));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.read('traces/page', {
          filter: { run: 'r' },
          sort: { key: 'tokens', descending: true },
          limit: 20,
          ...(cursor && { cursor }),
        });
        seen.push(...page.rows.map((row) => row.trace));
        cursor = page.next;
        writeTrace(record, { facts: { tokens: 49, finish: 'stop' } });
        await store.catchUp();
      } while (cursor !== undefined);
      assert.equal(new Set(seen).size, seen.length);
      for (const trace of before) assert.ok(seen.includes(trace));
    }));

  it('gives the group of a trace: the completions of its prompt in its step', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const { rows } = await store.read('traces/group', { trace: 'r/grpo/1/14' });
      const group = rows.map((row) => row.trace);
      assert.ok(group.includes('r/grpo/1/14'));
      assert.ok(rows.every((row) => row.group === 'g3'));
      const alone = await store.read('traces/group', { trace: 'r/sft/1/150' });
      assert.deepEqual(
        alone.rows.map((row) => row.trace),
        ['r/sft/1/150'],
      );
      await assert.rejects(store.read('traces/group', { trace: 'r/grpo/1/99999' }), { code: 'not_found' });
      await assert.rejects(store.read('traces/get', { trace: '../../etc/passwd' }), { code: 'invalid_params' });
    }));
});
