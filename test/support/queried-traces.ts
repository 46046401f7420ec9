/** Traces of which every fact is now and then unknown, and what a plain filter over them sees. */
import assert from 'node:assert/strict';
import type { Params } from '../../core/protocol/methods.ts';
import type { TraceDetail, TraceRow } from '../../core/protocol/traces.ts';
import type { TraceStore } from '../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from './attempt-writer.ts';

export const verdicts = ['right', 'wrong', 'undecided', 'none'] as const;
export const finishes = ['stop', 'length', 'error'] as const;
const texts = [
  'Let me check: 2 + 2 = 4. Wait, that is wrong. Let me try another way. So the answer is \\boxed{4}. Hmm, wait. The answer is \\boxed{5}.',
  'First, we need the sum. Let us verify: 3 + 1 = 4, correct. The answer is \\boxed{4}.',
  'I do not know.',
  `${'and so it goes on and on again. '.repeat(60)}The answer is \\boxed{3}.`,
  'Case 1: x is even. Case 2: x is odd. Alternatively, start over. \\boxed{4} Let me double-check. \\boxed{4}',
];

/** Three stages, every fact now and then unknown; an attempt that was begun again; a trace that is being written. */
export async function fill(store: TraceStore, root: string): Promise<void> {
  makeRun(root, 'r');
  const grpo = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 });
  const evaluation = makeAttempt(root, { run: 'r', stage: 'eval_Two', attempt: 1 });
  for (let i = 0; i < 160; i++) {
    const known = i % 5 !== 0;
    const record = i < 90 ? grpo : evaluation;
    writeTrace(record, {
      problem: `Problem number ${i % 17}: what is ${i % 17}?`,
      sourceId: i % 17 < 9 ? `AIME/${i % 17}` : null,
      gold: i % 17 === 3 ? null : '4',
      sample: i % 4,
      completion: texts[i % texts.length]!,
      ...(i % 9 !== 0 && { step: i % 12 }),
      ...(i % 8 !== 0 && { epoch: i / 80 }),
      ...(record === grpo ? { group: `g${i >> 2}` } : { of: i % 2 === 0 ? 'grpo' : 'sft' }),
      ...(i % 6 !== 0 && { set: i % 3 === 0 ? 'test set' : 'dev' }),
      ...(i % 4 === 0 && { marker: i % 8 === 0 ? 'Wait,\n' : '100%_*' }),
      facts: known
        ? {
            tokens: (i * 37) % 900,
            tokens_exact: i % 2 === 0,
            finish: finishes[i % 3]!,
            reward: (i % 8) / 4 - 1,
            ...(i % 3 !== 0 && { advantage: (i % 5) - 2 }),
            ...(i % 7 !== 0 && { verdict: { value: verdicts[i % 4]!, checker: 'test', version: '1' } }),
          }
        : {},
    });
  }
  for (let attempt = 1; attempt <= 2; attempt++) {
    const record = makeAttempt(root, { run: 'r', stage: 'sft', attempt });
    await store.appendJournal({ type: 'attempt_created', run: 'r', stage: 'sft', attempt, resumed_from: null });
    for (let i = 0; i < 6; i++) writeTrace(record, { step: i, facts: { finish: finishes[i % 3]! } });
    if (attempt === 2) record.traceText(record.traceBegin(record.problem('It grows'), null, { sample: 0 }), 'still');
  }
  await store.catchUp();
  const scored = grpo.traceBegin(grpo.problem('With log-probabilities'), null, { sample: 0 });
  grpo.traceText(scored, 'So \\boxed{4}.');
  grpo.event({ type: 'trace_end', trace: scored, facts: {}, scores: { part: 1, offset: 0, length: 12 } });
  await store.catchUp();
  const edits = [{ op: 'add' as const, start: 0, end: 5, label: 'verification' as const }];
  await store.editLabels({ trace: 'r/grpo/1/7', by: 'me', base: 0, edits });
  await store.editLabels({ trace: 'r/grpo/1/8', by: 'me', base: 0, edits });
  await store.editLabels({ trace: 'r/grpo/1/8', by: 'me', base: 1, edits: [{ op: 'remove', id: 1 }] });
}

export async function readAll(store: TraceStore, params: Params<'traces/readTexts'>): Promise<void> {
  while ((await store.sliced('traces/readTexts', params)).unread > 0);
}

export async function allPages(store: TraceStore, params: Params<'traces/page'>): Promise<TraceRow[]> {
  const rows: TraceRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.read('traces/page', { limit: 37, ...params, ...(cursor !== undefined && { cursor }) });
    rows.push(...page.rows);
    cursor = page.next;
    if (cursor === undefined) assert.equal(page.total, rows.length, params.query);
  } while (cursor !== undefined);
  return rows;
}

/** What a plain filter sees of a trace. */
export interface Seen extends TraceDetail {
  counts: Partial<Record<string, number>>;
  after: number | null;
  flips: number;
  lost: number | null;
}

export async function everything(store: TraceStore): Promise<Seen[]> {
  const rows = await allPages(store, { filter: { run: 'r', superseded: true } });
  return Promise.all(
    rows.map(async ({ trace }) => {
      const detail = await store.read('traces/get', { trace });
      const { counts } = await store.read('traces/annotations', { trace });
      const { answers, first, flips, lostTokens } = await store.traceFigures({ trace });
      const right = first === null ? null : (answers[first]!.tokens ?? null);
      const known = !detail.live;
      return {
        ...detail,
        counts: known ? counts : {},
        after: known && right !== null && detail.tokens !== null ? detail.tokens - right : null,
        flips: known ? flips.filter(({ kind }) => kind !== 'wrong_to_wrong').length : NaN,
        lost: known ? lostTokens : NaN,
      };
    }),
  );
}
