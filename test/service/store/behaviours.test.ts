import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DETECTOR } from '../../../core/behaviours/detect.ts';
import type { BehaviourSet } from '../../../core/protocol/comparison.ts';
import type { Params, Result } from '../../../core/protocol/methods.ts';
import { attemptFolder } from '../../../server/store/paths.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace, type TestTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

const CHECKED = 'So it is 4. Let me check that: 2 + 2 = 4. Wait, that is wrong. Let me redo this.';
const PLAIN = 'It is 4.';

type Answer = Result<'metrics/behaviours'>;

/** Asks until every text has been read. */
async function counted(store: TraceStore, params: Params<'metrics/behaviours'>): Promise<Answer> {
  for (;;) {
    const found = await store.behaviours(params);
    if (found.waiting === 0) return found;
  }
}

const trace = (problem: string, completion: string, tokens: number, where: TestTrace = {}): TestTrace => ({
  problem,
  completion,
  facts: { tokens, tokens_exact: true, finish: 'stop' },
  ...where,
});

/** A base and a trained model on two benchmarks; the trained one with and without a marker. */
async function fill(store: TraceStore, root: string): Promise<void> {
  makeRun(root, 'r');
  for (const set of ['aime', 'gsm']) {
    const base = makeAttempt(root, { run: 'r', stage: `eval-base-${set}`, attempt: 1 }, { kind: 'evaluate' });
    for (let p = 0; p < 6; p += 1) writeTrace(base, trace(`${set} ${p}`, PLAIN, 10 + p, { step: 0, set }));
    const after = makeAttempt(root, { run: 'r', stage: `eval-final-${set}`, attempt: 1 }, { kind: 'evaluate' });
    for (const marker of [null, '\n\nCheck it.'])
      for (let p = 0; p < 6; p += 1)
        writeTrace(
          after,
          trace(`${set} ${p}`, marker ? CHECKED : PLAIN, (marker ? 4 : 2) * (10 + p), { step: 8, set, marker }),
        );
  }
  await store.catchUp();
}

const rate = (set: BehaviourSet, label: string) => set.labels!.find((one) => one.label === label)!.rate!.mean;

describe('store: behaviours', () => {
  it('compares lengths and behaviours of each benchmark and marker with the untrained model', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const { sets, detector, more } = await counted(store, { of: { run: 'r' } });
      assert.deepEqual([detector, more], [{ ...DETECTOR }, 0]);
      assert.deepEqual(
        sets.map(({ set, stage, marker, base, ratio, traces, problems }) => ({
          ...{ set, stage, marker, traces, problems },
          base: base && [base.stage, base.paired],
          ratio: ratio && Math.round(ratio.mean * 1e9) / 1e9,
        })),
        ['aime', 'gsm'].flatMap((set) => [
          { set, stage: `eval-base-${set}`, marker: null, traces: 6, problems: 6, base: null, ratio: null },
          ...[null, '\n\nCheck it.'].map((marker) => ({
            ...{ set, stage: `eval-final-${set}`, marker, traces: 6, problems: 6 },
            base: [`eval-base-${set}`, 6],
            ratio: marker ? 4 : 2,
          })),
        ]),
      );
      const marked = sets[2]!;
      const { counts } = await store.read('traces/annotations', { trace: 'r/eval-final-aime/1/6' });
      assert.ok(counts.verification! > 0 && counts.backtracking! > 0);
      // The same detector as in the inspector, over the same problems: 6 completions of 50 tokens in the mean.
      assert.ok(Math.abs(rate(marked, 'verification') - (1000 * counts.verification!) / 50) < 1e-9);
      assert.equal(rate(sets[1]!, 'verification'), 0);
      assert.ok(marked.labels!.find(({ label }) => label === 'backtracking')!.change!.mean > 0);
    }));

  it('takes another base, and sides of one marker alone', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const plain = { run: 'r', stage: 'eval-final-aime', step: 8, marker: null };
      const marked = { ...plain, marker: '\n\nCheck it.' };
      const { sets } = await counted(store, { of: { sides: [marked] }, base: [plain] });
      assert.equal(sets.length, 1);
      assert.ok(Math.abs(sets[0]!.ratio!.mean - 2) < 1e-9);
      assert.deepEqual(sets[0]!.base, {
        run: 'r',
        stage: 'eval-final-aime',
        step: 8,
        set: 'aime',
        marker: null,
        paired: 6,
      });
      await assert.rejects(store.behaviours({ of: { run: 'gone' } }), { code: 'not_found' });
    }));

  it('opens the traces behind a number', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const filter = { run: 'r', stage: 'eval-final-gsm', behaviour: 'verification' as const };
      assert.equal((await store.read('traces/page', { filter })).total, 0, 'nothing was counted yet');
      await counted(store, { of: { run: 'r' } });
      const { rows } = await store.read('traces/page', { filter });
      assert.equal(rows.length, 6);
      const none = await store.read('traces/page', { filter: { ...filter, marker: null } });
      assert.equal(none.total, 0);
      const marker = '\n\nCheck it.';
      const marked = await store.read('traces/page', { filter: { run: 'r', stage: 'eval-final-gsm', marker } });
      assert.deepEqual(
        marked.rows.map(({ trace }) => trace),
        rows.map(({ trace }) => trace),
      );
      const { sets } = await store.read('traces/sets', { run: 'r', markers: true });
      assert.deepEqual(
        sets
          .filter(({ stage }) => stage === 'eval-final-gsm')
          .map(({ marker, traces, label }) => [marker, traces, label]),
        [
          [null, 6, 'eval-final-gsm · step 8 · gsm'],
          [marker, 6, 'eval-final-gsm · step 8 · gsm · “Check it.”'],
        ],
      );
      const before = { run: 'r', stage: 'eval-final-gsm', step: 8, marker: null };
      const { pairs } = await store.sliced('traces/pairs', { before, after: { ...before, marker } });
      assert.deepEqual([pairs.length, pairs[0]!.before.n, pairs[0]!.after.n], [6, 1, 1]);
    }));

  const texts = (root: string) => join(attemptFolder(root, { run: 'r', stage: 'eval-final-gsm', attempt: 1 }), 'text');

  it('keeps what it counted over a restart', () =>
    withStore(async (first, root) => {
      await fill(first, root);
      const before = await counted(first, { of: { run: 'r' } });
      await first.close();
      // With the texts gone only what was kept can answer.
      rmSync(texts(root), { recursive: true });
      await withStore(async (store) => {
        await store.catchUp();
        assert.deepEqual(await store.behaviours({ of: { run: 'r' } }), before);
      }, root);
    }));

  it('says of how many the text is gone', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      rmSync(texts(root), { recursive: true });
      const { sets } = await counted(store, { of: { run: 'r' } });
      assert.deepEqual(
        sets
          .filter(({ stage }) => stage === 'eval-final-gsm')
          .map(({ unreadable, traces, problems, tokens, ratio }) => [unreadable, traces, problems, tokens, ratio]),
        [
          [6, 6, 0, null, null],
          [6, 6, 0, null, null],
        ],
      );
    }));

  it('reads for a fraction of a second a call, says how much is left, and lets other calls pass', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'eval-long', attempt: 1 }, { kind: 'evaluate' });
      const long = CHECKED.concat('\n').repeat(1500);
      for (let p = 0; p < 40; p += 1) writeTrace(record, trace(`p${p}`, long, 100_000, { step: 0, set: 's' }));
      await store.catchUp();
      const first = await store.behaviours({ of: { run: 'r' } });
      assert.ok(first.waiting > 0 && first.waiting < 40, `${first.waiting} of 40 are left`);
      assert.deepEqual([first.sets[0]!.labels, first.sets[0]!.tokens, first.sets[0]!.traces], [null, null, 0]);
      let answers = 0;
      const reading = counted(store, { of: { run: 'r' } }).then((found) => ({ found, at: answers }));
      for (; answers < 5; answers += 1) await store.cursor();
      const { found, at } = await reading;
      assert.ok(at >= 1, 'the store answered while it read');
      assert.deepEqual([found.sets[0]!.cut, found.waiting], [0, 0]);
      assert.ok(rate(found.sets[0]!, 'verification') > 10);
    }));

  it('takes what ended a completion for no part of it', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'multi', attempt: 1 }, { kind: 'evaluate' });
      const ending = ' Lass uns prüfen: let me check that. Yes, 2 + 2 = 4.<|im_end|>';
      const asked = record.problem('live');
      const live = record.traceBegin(asked, null, { sample: 0, step: 0, set: 's' });
      record.traceText(live, `Größe: ${PLAIN}${ending}`);
      await store.catchUp();
      const said = async () => (await store.read('traces/annotations', { trace: `r/multi/1/${live}` })).counts;
      assert.ok((await said()).verification, 'while it is written, nobody knows what ends it');
      record.traceEnd(live, { tokens: 10, tokens_exact: true, finish: 'stop' }, { tail: Buffer.byteLength(ending) });
      writeTrace(record, trace('q', CHECKED, 10, { step: 0, set: 's', ending: '<|im_end|>' }));
      await store.catchUp();
      const { counts, spans } = await store.read('traces/annotations', { trace: 'r/multi/1/0' });
      assert.deepEqual([counts.verification, counts.marker], [undefined, 1]);
      assert.equal(spans.at(-1)?.evidence, '<|im_end|>');
      const { sets } = await counted(store, { of: { run: 'r' } });
      const [found] = sets[0]!.labels!.filter(({ label }) => label === 'verification');
      assert.deepEqual([found?.spans, found?.completions], [1, 1]);
    }));

  it('gives classes and turns of a synthesis by the documents of its report', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const key = { run: 'r', stage: 'multi', attempt: 1 };
      const record = makeAttempt(root, key, { kind: 'synthesize' });
      const draw = (set: string, p: number, text: string, tokens: number) =>
        `r/multi/1/${writeTrace(record, trace(`p${p}`, text, tokens, { set }))}`;
      const folder = join(attemptFolder(root, key), 'tables');
      mkdirSync(folder, { recursive: true });
      for (const [p, kind] of ['WR', 'WR', 'RR'].entries()) {
        draw('answer 1', p, CHECKED, 900); // drawn again: in no document
        const parts = [
          { label: 'Answer 1', trace: draw('answer 1', p, PLAIN, 10) },
          { label: 'Answer 2', trace: draw('answer 2', p, kind === 'WR' ? CHECKED : PLAIN, 30) },
        ];
        appendFileSync(
          join(folder, 'documents.jsonl'),
          `${JSON.stringify({ cells: { class: kind, kept: true }, parts })}\n`,
        );
      }
      await store.catchUp();
      const { sets } = await counted(store, { of: { sides: [{ run: 'r', stage: 'multi' }] }, classes: true });
      assert.deepEqual(
        sets.map((set) => [set.class, set.set, set.traces, set.tokens!.mean, rate(set, 'verification') > 0]),
        [
          ['RR', 'answer 1', 1, 10, false],
          ['RR', 'answer 2', 1, 30, false],
          ['RR', null, 1, 40, false],
          ['WR', 'answer 1', 2, 10, false],
          ['WR', 'answer 2', 2, 30, true],
          ['WR', null, 2, 40, true],
        ],
      );
    }));
});
