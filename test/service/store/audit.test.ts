import assert from 'node:assert/strict';
import { QUICK_CHECK_VERSION } from '../../../core/answers/quick-check.ts';
import { SIGHTING_VERSION } from '../../../core/answers/suspicions.ts';
import { AUDIT_LIMIT, type AuditQueue } from '../../../core/protocol/audit.ts';
import type { VerdictValue } from '../../../core/protocol/events.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { AuditQueues } from '../../../server/store/audit-queue.ts';
import { IndexFile } from '../../../server/store/index-file.ts';
import { indexPath } from '../../../server/store/paths.ts';
import { traceRowId } from '../../../server/store/schema.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { dumpIndex } from '../../support/index-dump.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

const key = { run: 'r', stage: 'eval', attempt: 1 };

interface Made {
  problem: string;
  gold: string | null;
  completion: string;
  verdict?: VerdictValue;
  finish?: 'stop' | 'length';
}

async function filled(store: TraceStore, root: string, made: readonly Made[]): Promise<void> {
  makeRun(root, 'r');
  await store.appendJournal({ type: 'run_created', run: 'r', kind: 'recipe' });
  const record = makeAttempt(root, key);
  await store.appendJournal({ type: 'attempt_created', ...key, resumed_from: null });
  record.batch(() => {
    for (const [sample, { problem, gold, completion, verdict, finish = 'stop' }] of made.entries())
      writeTrace(record, {
        ...{ step: 5, of: 'sft', set: 'math', sample, problem, gold, completion },
        facts: {
          ...{ tokens: 10, finish },
          ...(verdict && { verdict: { value: verdict, checker: 'math-verify', version: '0.9.0' } }),
        },
      });
  });
  record.close();
  await store.catchUp();
}

const filter = { run: 'r' };

async function whole(store: TraceStore): Promise<AuditQueue> {
  for (;;) {
    const queue = await store.audit('audit/queue', { filter });
    if (queue.waiting === 0) return queue;
  }
}

const reasonsOf = (queue: AuditQueue): Record<number, string> =>
  Object.fromEntries(
    queue.items.map(({ row, suspect, reasons }) => [
      row.sample,
      `${suspect}: ${reasons.map(({ reason }) => reason).join(' ')}`,
    ]),
  );

describe('store: the audit queue', () => {
  it('finds each kind of suspicious verdict with its reason, and nothing where nothing speaks against it', () =>
    withStore(async (store, root) => {
      await filled(store, root, [
        { problem: 'plain', gold: '4', completion: 'So \\boxed{4}.', verdict: 'right' },
        { problem: 'differ', gold: '1/2', completion: 'So \\boxed{0.5}.', verdict: 'wrong' },
        { problem: 'open', gold: '4', completion: 'So \\boxed{4}.', verdict: 'undecided' },
        {
          problem: 'turn',
          gold: '12',
          completion: '<think>It is \\boxed{12}.</think>So \\boxed{13}.',
          verdict: 'wrong',
        },
        {
          problem: 'lucky',
          gold: '13',
          completion: '<think>It is \\boxed{12}.</think>So \\boxed{13}.',
          verdict: 'right',
        },
        { problem: 'none', gold: null, completion: 'So \\boxed{4}.' },
        { problem: 'same', gold: '7', completion: 'So \\boxed{7}.', verdict: 'right' },
        { problem: 'same', gold: '7', completion: 'It is \\boxed{7}.', verdict: 'wrong' },
        ...[1, 2, 3].map(() => ({
          problem: 'gold',
          gold: '8',
          completion: 'So \\boxed{9}.',
          verdict: 'wrong' as const,
        })),
      ]);
      const queue = await whole(store);
      assert.deepEqual(reasonsOf(queue), {
        1: 'false_negative: checkers_differ',
        2: 'false_negative: undecided',
        3: 'false_negative: answers_differ gold_in_text',
        4: 'false_positive: answers_differ',
        6: 'false_positive: same_answer_differs',
        7: 'false_negative: checkers_differ same_answer_differs',
        8: 'false_negative: majority_differs',
        9: 'false_negative: majority_differs',
        10: 'false_negative: majority_differs',
      });
      assert.equal(queue.items[0]?.row.sample, 7, 'two strong reasons come first');
      const turn = queue.items.find(({ row }) => row.sample === 3)!;
      const at = turn.reasons.find(({ reason }) => reason === 'gold_in_text')?.at;
      const { text } = await store.read('traces/slice', { trace: turn.row.trace, in: 'completion', ...at! });
      assert.equal(text, '12');
      assert.deepEqual([queue.looked, queue.done, queue.total], [10, 0, 9]);

      // What a reader has judged is done, and the others are judged with it.
      await store.audit('traces/judge', { trace: queue.items[0].row.trace, verdict: 'right', by: 'anna' });
      const later = await whole(store);
      assert.deepEqual([later.done, later.total, later.reasons.same_answer_differs], [1, 7, undefined]);
    }));

  it('pages without a gap while verdicts are given, filters by reason, refuses a foreign cursor', () =>
    withStore(async (store, root) => {
      await filled(
        store,
        root,
        Array.from({ length: 120 }, (_, i) => ({
          problem: `p${i}`,
          gold: '1/2',
          completion: 'So \\boxed{0.5}.',
          verdict: i % 2 === 0 ? ('wrong' as const) : ('undecided' as const),
        })),
      );
      const first = await whole(store);
      assert.equal(first.items.length, 100);
      await store.audit('traces/judge', { trace: first.items[99]!.row.trace, verdict: 'right', by: 'anna' });
      const second = await store.audit('audit/queue', { filter, cursor: first.next! });
      const seen = [...first.items, ...second.items].map(({ row }) => row.trace);
      assert.equal(new Set(seen).size, 120);
      assert.equal(second.next, undefined);
      const only = await store.audit('audit/queue', { filter, reasons: ['undecided'], limit: 1 });
      assert.equal(only.total, only.reasons.undecided);
      assert.equal(only.total + (only.reasons.checkers_differ ?? 0), 119, 'one has been judged');
      await assert.rejects(store.audit('audit/queue', { filter: { run: 'r', stage: 'eval' }, cursor: first.next! }), {
        code: 'invalid_params',
      });
    }));

  it('answers other calls while it reads', () =>
    withStore(async (store, root) => {
      const text = 'We compute $x + 1 = 3$ and so on, the answer is 5. '.repeat(2000);
      await filled(
        store,
        root,
        Array.from({ length: 60 }, (_, i) => ({
          ...{ problem: `p${i}`, gold: '4', completion: `<think>${text}</think>\\boxed{4}` },
          verdict: 'wrong' as const,
        })),
      );
      const state = { finished: false };
      const reading = whole(store).finally(() => {
        state.finished = true;
      });
      let slowest = 0;
      let asked = 0;
      while (!state.finished) {
        const began = performance.now();
        await store.read('traces/get', { trace: 'r/eval/1/3' });
        slowest = Math.max(slowest, performance.now() - began);
        asked++;
      }
      assert.equal((await reading).total, 60);
      assert.ok(asked > 5, `${asked} calls were answered meanwhile`);
      // 50 ms on an idle machine; others may be at work on this one.
      assert.ok(slowest < 400, `one took ${slowest.toFixed(0)} ms`);
    }));
});

describe('store: the audit queue of very many traces', function () {
  this.timeout(60_000);

  /** Traces without a text, of which most were read, every tenth undecided; of every fifth problem no gold answer is known. */
  function many(root: string, n: number): IndexFile {
    const index = new IndexFile(indexPath(root));
    const first = traceRowId(1, 0);
    index.transaction(() => {
      index.run(
        `INSERT INTO attempts (id, run, stage, attempt, kind, digest) VALUES (1, 'r', 'eval', 1, 'evaluate', '{}')`,
      );
      for (let p = 0; p < 5; p++)
        index.run(
          `INSERT INTO problems VALUES (?, 1, ?, NULL, '""', ?, NULL, ?, '')`,
          p,
          `h${p}`,
          p === 4 ? null : '4',
          `p${p}`,
        );
      index.run(
        `INSERT INTO traces (id, attempt_id, problem_id, sample, seq, verdict, live, superseded)
         WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)
         SELECT ? + n, 1, n % 5, n, n, CASE WHEN n % 10 = 1 THEN 2 ELSE 0 END, 0, 0 FROM numbers`,
        n,
        first,
      );
      index.run(`INSERT INTO details (id, facts, begun) SELECT id, '{}', 0 FROM traces`);
      const version = `${SIGHTING_VERSION} ${QUICK_CHECK_VERSION}`;
      index.run(`INSERT INTO audits SELECT id, ?, 'null', 0 FROM traces WHERE id % 16 > 0`, version);
    });
    return index;
  }
  function asked(queues: AuditQueues, more: { cursor?: string } = {}): { queue: AuditQueue; slices: number } {
    const work = queues.page({ filter, ...more });
    for (let slices = 1; ; slices++) {
      const step = work.next();
      if (step.done) return { queue: step.value, slices };
    }
  }

  it('says how many lie beyond those it looks at, and gives further pages without looking again', () =>
    withFolder((root) => {
      const index = many(root, 1.5 * AUDIT_LIMIT);
      const queues = new AuditQueues(index, root);
      let last = asked(queues);
      for (let waited = Infinity; last.queue.waiting > 0; last = asked(queues)) {
        assert.ok(last.queue.waiting < waited, 'each call says how many texts are left by now');
        waited = last.queue.waiting;
      }
      const { looked, beyond, total, next } = last.queue;
      assert.deepEqual(
        { looked, beyond, total },
        { looked: AUDIT_LIMIT, beyond: 0.2 * AUDIT_LIMIT, total: AUDIT_LIMIT / 8 },
      );
      const second = asked(queues, { cursor: next! });
      assert.equal(second.slices, 1);
      assert.equal(second.queue.items[0]?.row.sample, 10 * 100 + 1);
      index.run('UPDATE attempts SET last_seq = last_seq + 1');
      assert.ok(asked(queues).slices > 10, 'it looks again where something was said of the traces');
      index.close();
    }));
});

describe('store: re-scores', () => {
  const made: Made[] = [
    { problem: 'a', gold: '0.5', completion: 'So \\boxed{50\\%}.', verdict: 'right' },
    { problem: 'b', gold: '50', completion: 'So \\boxed{50\\%}.', verdict: 'right' },
    { problem: 'c', gold: '4', completion: 'So \\boxed{4}.', verdict: 'undecided' },
    { problem: 'd', gold: '4', completion: 'So \\boxed{5}.', verdict: 'wrong' },
    { problem: 'e', gold: '4', completion: 'So \\boxed{4}.', verdict: 'wrong' },
    { problem: 'f', gold: null, completion: 'So \\boxed{4}.' },
    { problem: 'g', gold: '4', completion: 'Nobody knows', verdict: 'wrong', finish: 'length' },
  ];
  const wish = { filter, policy: 'percent=hundredth' };

  it('previews what other rules change, applies it as one event, takes it back', () =>
    withStore(async (store, root) => {
      await filled(store, root, made);
      await store.audit('traces/judge', { trace: 'r/eval/1/4', verdict: 'wrong', by: 'anna' });
      await assert.rejects(store.audit('audit/apply', { ...wish, changes: 2 }), { code: 'not_runnable' });
      const before = dumpIndex(root);
      const preview = await store.audit('audit/rescore', wish);
      assert.deepEqual(dumpIndex(root), before, 'a preview changes nothing');
      assert.deepEqual(
        preview.changes.map(({ row, from, to }) => `${row.sample} ${from} ${to}`),
        ['1 right wrong', '2 undecided right'],
      );
      assert.deepEqual([preview.done, preview.waiting, preview.total], [6, 0, 2]);
      assert.equal(preview.kept.reader, 1);
      assert.match(preview.version, /percent=hundredth/);
      const [set] = preview.sets;
      assert.deepEqual([set?.problems, set?.before.mean.toFixed(3), set?.difference.mean], [6, '0.333', 0]);
      assert.ok(set!.difference.ci95[0] < 0 && set!.difference.ci95[1] > 0);

      const only = await store.audit('audit/rescore', { ...wish, over: ['undecided'] });
      assert.equal(only.total, 1);

      const { rescore } = await store.audit('audit/apply', { ...wish, changes: 2, by: 'anna' });
      const counted = async () =>
        (await store.read('traces/page', { filter })).rows.map(({ verdict }) => verdict?.[0]).join('');
      assert.equal(await counted(), 'rwrwwnw');
      const detail = await store.read('traces/get', { trace: 'r/eval/1/1' });
      assert.deepEqual([detail.rescored?.policy, detail.rescored?.by], ['percent=hundredth', 'anna']);
      assert.equal(detail.verdictBy?.value, 'right', 'the checker keeps its word');
      await store.reindex();
      assert.equal(await counted(), 'rwrwwnw');
      const [listed] = (await store.audit('audit/rescores', { run: 'r' })).rescores;
      assert.deepEqual([listed?.rescore, listed?.changes, listed?.undone], [rescore, 2, false]);

      await store.audit('audit/undo', { run: 'r', rescore, by: 'anna' });
      assert.equal(await counted(), 'rruwwnw');
      await assert.rejects(store.audit('audit/undo', { run: 'r', rescore }), { code: 'not_runnable' });
      await store.reindex();
      assert.equal(await counted(), 'rruwwnw');
    }));

  it('refuses rules that are none, and a preview that no longer holds', () =>
    withStore(async (store, root) => {
      await filled(store, root, made);
      await assert.rejects(store.audit('audit/rescore', { filter, policy: 'percent=maybe' }), {
        code: 'invalid_params',
        message: /percent takes both, hundredth, number/,
      });
      await assert.rejects(store.audit('audit/rescore', { ...wish, filter: {} }), { code: 'invalid_params' });
      const { total } = await store.audit('audit/rescore', wish);
      await store.audit('traces/judge', { trace: 'r/eval/1/1', verdict: 'right', by: 'anna' });
      await assert.rejects(store.audit('audit/apply', { ...wish, changes: total }), { code: 'not_runnable' });
    }));

  it('keeps the newest verdicts of the engine’s checker, however many there were before', () =>
    withStore(async (store, root) => {
      await filled(store, root, [{ problem: 'p', gold: '4', completion: 'So \\boxed{5}.', verdict: 'right' }]);
      const wish = { filter, checker: 'engine' as const, policy: 'default' };
      const { rows, left } = await store.rescoreRows(wish, -1, true);
      assert.equal(left, 1);
      // Of other stages of the run, by ids that are nobody's.
      const before = Array.from({ length: AUDIT_LIMIT }, (_, i): [number, VerdictValue] => [-1 - i, 'wrong']);
      await store.giveVerdicts('r', ['math-verify 0'], before);
      await store.giveVerdicts('r', ['math-verify 0'], [[rows[0]!.id, 'wrong']]);
      assert.equal((await store.rescoreRows(wish, -1, true)).left, 0);
      assert.equal((await store.audit('audit/rescore', wish)).total, 1);
    }));
});
