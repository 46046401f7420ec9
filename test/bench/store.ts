/** What the store takes: to read events in, to tell of them, to list, to slice. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { traceSortKeys, type TraceFilter, type TraceSort } from '../../core/protocol/traces.ts';
import { labels } from '../../core/behaviours/spans.ts';
import type { Params } from '../../core/protocol/methods.ts';
import { openStore } from '../../server/store/client.ts';
import { IndexFile } from '../../server/store/index-file.ts';
import { indexPath } from '../../server/store/paths.ts';
import { keepCounts, keepFigures } from '../../server/store/text-columns.ts';
import type { RecordWriter } from '../../server/store/record-writer.ts';
import type { TraceStore } from '../../server/store/trace-store.ts';
import { makeAttempt, makeRun, streamTokens, writeTrace } from '../support/attempt-writer.ts';
import { withFolder } from '../support/temporary.ts';
import type { Figure } from './run.ts';

const ROWS = 50_000;

export async function bench(): Promise<Figure[]> {
  return [...(await ingest()), ...(await latency()), ...(await lists()), ...(await reading())];
}

const figure = (name: string, value: number, unit: string, target: string | null = null): Figure => ({
  name: `store: ${name}`,
  value: Number(value.toPrecision(3)),
  unit,
  target,
});

function quantile(values: number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? NaN;
}

/** Median milliseconds of a call. */
async function time(work: () => Promise<unknown>, times = 9): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work();
    taken.push(performance.now() - start);
  }
  return quantile(taken, 0.5);
}

/** 64 sequences that grow by turns, as a sampling engine writes them. */
async function ingest(): Promise<Figure[]> {
  return withFolder(async (root) => {
    const events = 200_000;
    makeRun(root, 'ingest');
    const key = { run: 'ingest', stage: 'evaluate', attempt: 1 };
    const record = makeAttempt(root, key);
    const problem = record.problem('What is 2 + 2?', { gold: '4' });
    const prompt = record.prompt(problem, 'What is 2 + 2?');
    const traces = Array.from({ length: 64 }, (_, sample) => record.traceBegin(problem, prompt, { sample }));
    for (let done = 0; done < events;) {
      record.batch(() => {
        for (const trace of traces) record.traceText(trace, 'so the sum is 4 — wait, ');
      });
      done += traces.length;
    }
    record.close();
    const store = await openStore({ root });
    const start = performance.now();
    await store.catchUp();
    const seconds = (performance.now() - start) / 1000;
    const { lastSeq } = await store.attempt(key);
    await store.close();
    return [
      figure(
        'trace_text events read in, each of another trace than the last',
        lastSeq / seconds,
        'events/s',
        '>=30000',
      ),
    ];
  });
}

/** From the worker's write to the subscriber, 16 sequences flushed every 100 ms. */
async function latency(): Promise<Figure[]> {
  return withFolder(async (root) => {
    makeRun(root, 'live');
    const record = makeAttempt(root, { run: 'live', stage: 'evaluate', attempt: 1 });
    const store = await openStore({ root });
    const problem = record.problem('What is 2 + 2?', { gold: '4' });
    const prompt = record.prompt(problem, 'What is 2 + 2?');
    const traces = Array.from({ length: 16 }, (_, sample) => ({
      trace: record.traceBegin(problem, prompt, { sample }),
      tokens: Array.from({ length: 1000 }, () => 'token '),
    }));
    await store.catchUp();
    let wrote = 0;
    let pending = 0;
    const taken: number[] = [];
    const subscription = await store.subscribe({}, {}, ({ events }) => {
      pending -= events.filter((event) => event.type === 'trace_text').length;
      if (pending === 0) taken.push(performance.now() - wrote);
    });
    // The clock starts when the last line of a flush is on disk; the store may have begun with the first ones by then.
    await streamTokens(record, traces, {
      wrote: (at) => {
        wrote = at;
        pending += traces.length;
      },
    });
    await sleep(200);
    subscription.close();
    record.close();
    await store.close();
    return [
      figure('from the write to the subscriber, p50', quantile(taken, 0.5), 'ms'),
      figure('from the write to the subscriber, p95', quantile(taken, 0.95), 'ms', '<=50'),
    ];
  });
}

async function lists(): Promise<Figure[]> {
  return withFolder(async (root) => {
    fill(root, 'many');
    fill(root, 'few', 500);
    const store = await openStore({ root });
    const start = performance.now();
    await store.catchUp();
    const seconds = (performance.now() - start) / 1000;
    const figures = [figure('whole traces of 3,000 characters read in', ROWS / seconds, 'traces/s')];

    const page = (filter: TraceFilter, sort?: TraceSort): Promise<number> =>
      time(async () => {
        await bump(store);
        await store.read('traces/page', { filter: { run: 'many', ...filter }, ...(sort && { sort }) });
      });
    readTextsAsIf(root);
    figures.push(...(await byQuery(store)), ...(await oneTrace(store)));
    const filters: TraceFilter[] = [
      { verdict: ['wrong'] },
      { finish: ['length'], stepFrom: 10 },
      { text: 'problem 77' },
      { set: 'test', verdict: ['right'] },
    ];
    const filtered: number[] = [];
    for (const filter of filters) filtered.push(await page(filter, { key: 'tokens', descending: true }));
    figures.push(
      figure('filtered and sorted page of 50,000 rows, the slowest of 4', Math.max(...filtered), 'ms', '<=50'),
    );

    let cursor: string | undefined;
    const steps: number[] = [];
    for (let i = 0; i < 200; i++) {
      const began = performance.now();
      const answer = await store.read('traces/page', {
        filter: { run: 'many' },
        sort: { key: 'tokens', descending: true },
        ...(cursor !== undefined && { cursor }),
      });
      steps.push(performance.now() - began);
      cursor = answer.next;
      if (cursor === undefined) break;
    }
    figures.push(figure('each of 200 further pages by tokens, p95', quantile(steps, 0.95), 'ms', '<=20'));
    const side = { run: 'many', stage: 'grpo', step: 0 };
    figures.push(
      figure(
        'pairs of 500 problems',
        await time(() => store.sliced('traces/pairs', { before: side, after: { ...side, step: 5 } })),
        'ms',
      ),
    );
    figures.push(
      figure(
        'accuracy at 8 budgets, with intervals',
        await time(() => store.read('metrics/budgets', { ...side, budgets: [64, 128, 256, 384, 512, 640, 768, 1024] })),
        'ms',
      ),
    );
    const { seconds: reindexed } = await store.reindex();
    figures.push(figure('reindex of 50,000 traces', reindexed, 's'));
    const waited = await longestWait(store, 'many/grpo/1/3', replaceAll(store, root, 'many'));
    figures.push(figure('one trace while a new attempt replaces 50,000, the longest wait', waited, 'ms', '<=50'));
    const deleting = await longestWait(store, 'few/grpo/1/0', store.deleteRun('many'));
    figures.push(figure('one trace while a run of 50,000 is deleted, the longest wait', deleting, 'ms', '<=50'));
    await store.close();
    return figures;
  });
}

/** A query of each kind, and some of several terms. */
const QUERIES = [
  ...[
    'verdict:wrong',
    'stage:g*',
    'of:none',
    'set:test',
    'set:t*',
    'marker:none',
    'step:3..6',
    'epoch:none',
    'attempt:1',
  ],
  ...[
    'problem:p-77',
    'problem:p-7*',
    'sample:3',
    'group:g77',
    'group:*7*7*7',
    'tokens:>900',
    'reward:>0.5',
    'advantage:<0',
  ],
  ...['finish:length', 'has:answer', 'has:gold', 'has:reward', 'has:labels', 'has:logprobs', 'has:loop', 'is:live'],
  ...['-truncated', 'is:superseded,current', 'answer:77', 'answer:*7*', 'gold:77', 'source:p-7*', 'about:"problem 77"'],
  ...[
    'behaviour:loop',
    'behaviour:>20',
    'behaviour.backtracking:>=3',
    'after:>500',
    'after:none',
    'flips:>=2',
    'lost:>0',
  ],
  'verdict:wrong tokens:>400 behaviour.backtracking:>=3 stage:grpo step:4.. -truncated problem:p-*',
];

/** Pages of 200 rows with their totals: the first by each sort key, and by each kind of query. */
async function byQuery(store: TraceStore): Promise<Figure[]> {
  const page = (more: Partial<Params<'traces/page'>>): Promise<number> =>
    time(async () => {
      await bump(store);
      await store.read('traces/page', { filter: { run: 'many' }, limit: 200, ...more });
    }, 5);
  const sorted = new Map<string, number>();
  for (const key of traceSortKeys) sorted.set(key, await page({ sort: { key, descending: true } }));
  const asked = new Map<string, number>();
  for (const query of QUERIES) asked.set(query, await page({ query }));
  const [sort, query] = [slowest(sorted), slowest(asked)];
  return [
    figure('first page of 50,000 rows, in order', sorted.get('order') ?? NaN, 'ms', '<=50'),
    figure(`first page of 50,000 rows, the slowest of ${sorted.size} sort keys (${sort.name})`, sort.ms, 'ms', '<=50'),
    figure(`the same, median of the sort keys`, quantile([...sorted.values()], 0.5), 'ms'),
    figure(
      `query of 50,000 rows with its total, the slowest of ${asked.size} (${query.name})`,
      query.ms,
      'ms',
      '<=100',
    ),
    figure(`the same, median of the queries`, quantile([...asked.values()], 0.5), 'ms'),
  ];
}

function slowest(all: ReadonlyMap<string, number>): { name: string; ms: number } {
  const [name = '', ms = NaN] = [...all].toSorted((a, b) => b[1] - a[1])[0] ?? [];
  return { name, ms };
}

/** Everything known of a trace, of traces all over the run, that were read before; within the store's thread's answer and its way. */
async function oneTrace(store: TraceStore): Promise<Figure[]> {
  const taken: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const trace = `many/grpo/1/${(i * 7919) % 500}`;
    const start = performance.now();
    await store.read('traces/get', { trace });
    if (i >= 500) taken.push(performance.now() - start);
  }
  return [
    figure('one trace, warm, p50', quantile(taken, 0.5), 'ms', '<=0.1'),
    figure('one trace, warm, p95', quantile(taken, 0.95), 'ms'),
    figure('… a bare message to another thread and back, p50', await bareMessage(), 'ms'),
  ];
}

/** What no answer of another thread can be faster than on this machine, in milliseconds: mostly the waking of two threads. */
async function bareMessage(): Promise<number> {
  const echo = new Worker(
    `const { parentPort } = require('node:worker_threads'); parentPort.on('message', (m) => parentPort.postMessage(m))`,
    { eval: true },
  );
  const taken: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const start = performance.now();
    const answer = once(echo, 'message');
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    echo.postMessage(i);
    await answer;
    if (i >= 500) taken.push(performance.now() - start);
  }
  await echo.terminate();
  return quantile(taken, 0.5);
}

/** Behaviours and figures as if all texts had been read, which takes minutes (the benches of behaviours and figures say how long). */
function readTextsAsIf(root: string): void {
  const index = new IndexFile(indexPath(root));
  index.transaction(() => {
    for (const [i, { id, verdict }] of index
      .all<{ id: number; verdict: number | null }>('SELECT id, verdict FROM traces ORDER BY id')
      .entries()) {
      keepCounts(index, id, Object.fromEntries(labels.map((label, k) => [label, (i * (7 + 3 * k)) % (6 + k)])));
      keepFigures(
        index,
        { id, verdict },
        { after: i % 3 ? (i * 11) % 900 : null, flips: i % 4, lost: i % 7 ? 0 : 100 },
      );
    }
  });
  index.close();
}

/** So that no answer comes from the memory of the one before: something else is written. */
async function bump(store: TraceStore): Promise<void> {
  await store.appendJournal({ type: 'run_wanted', run: 'other', wanted: 'running' });
}

function fill(root: string, run: string, rows = ROWS): void {
  makeRun(root, run);
  const record = makeAttempt(root, { run, stage: 'grpo', attempt: 1 });
  const words = 'Let me check this again. '.repeat(118);
  const batch = 500;
  for (let done = 0; done < rows; done += batch) {
    record.batch(() => {
      for (let i = 0; i < batch; i++) row(record, done + i, words);
    });
  }
  record.event({ type: 'end', complete: true, step: 100, max_steps: 100, outputs: {} });
  record.close();
}

function row(record: RecordWriter, i: number, words: string): void {
  const problem = Math.floor(i / 8) % 500;
  const right = (i * 7919) % 3 !== 0;
  const answer = right ? problem : problem + 1;
  writeTrace(record, {
    problem: `This is problem ${problem}: what is ${problem} + 0?`,
    gold: String(problem),
    sourceId: `p-${problem}`,
    step: Math.floor(i / 4000),
    sample: i % 8,
    group: `g${Math.floor(i / 8)}`,
    set: 'test',
    completion: `${words}</think>The answer is \\boxed{${answer}}.`,
    facts: {
      tokens: 300 + ((i * 31) % 700),
      tokens_exact: true,
      finish: i % 11 === 0 ? 'length' : 'stop',
      verdict: { value: right ? 'right' : 'wrong', checker: 'math-verify', version: '0.9.0' },
      reward: ((i * 13) % 200) / 100,
      advantage: ((i * 17) % 400) / 100 - 2,
      rewards: { format: 1, cosine: 0.5, length: ((i * 13) % 100) / 100 },
    },
  });
}

/** Asks for one trace again and again until the work is done: milliseconds of the slowest answer. */
async function longestWait(store: TraceStore, trace: string, work: Promise<unknown>): Promise<number> {
  const asked = { isDone: false };
  void work.finally(() => (asked.isDone = true));
  let longest = 0;
  while (!asked.isDone) {
    const start = performance.now();
    await store.read('traces/get', { trace });
    longest = Math.max(longest, performance.now() - start);
  }
  await work;
  return longest;
}

/** A second attempt that begins anew; resolves when the traces of the first count no more. */
async function replaceAll(store: TraceStore, root: string, run: string): Promise<void> {
  const key = { run, stage: 'grpo', attempt: 2 };
  makeAttempt(root, key).close();
  await store.appendJournal({ type: 'attempt_created', ...key, resumed_from: null });
  await store.catchUp();
}

/** One long text with characters of every length, in many extents. */
async function reading(): Promise<Figure[]> {
  return withFolder(async (root) => {
    makeRun(root, 'long');
    const record = makeAttempt(root, { run: 'long', stage: 'evaluate', attempt: 1 });
    const problem = record.problem('What is 2 + 2?', { gold: '4' });
    const traces = Array.from({ length: 8 }, (_, sample) => record.traceBegin(problem, null, { sample }));
    for (let i = 0; i < 10_000; i++)
      for (const trace of traces) record.traceText(trace, 'Wait, let me check: ∑ 𝑥² = é. \n');
    for (const trace of traces) record.traceEnd(trace, { tokens: 100_000, finish: 'stop' });
    record.event({ type: 'end', complete: true, step: null, max_steps: null, outputs: {} });
    const store = await openStore({ root });
    await store.catchUp();
    const { length } = await store.read('traces/get', { trace: 'long/evaluate/1/3' });
    const slice = (start: number, size: number) =>
      store.read('traces/slice', { trace: 'long/evaluate/1/3', in: 'completion', start, end: start + size });
    const first = performance.now();
    await slice(0, 16_384);
    const cold = performance.now() - first;
    const taken: number[] = [];
    for (let i = 0; i < 200; i++) {
      const start = performance.now();
      await slice((i * 7919) % length, 16_384);
      taken.push(performance.now() - start);
    }
    const annotated = performance.now();
    await store.read('traces/annotations', { trace: 'long/evaluate/1/3' });
    const annotations = performance.now() - annotated;
    const annotating = store.read('traces/annotations', { trace: 'long/evaluate/1/4' });
    const waited = await longestWait(store, 'long/evaluate/1/3', annotating);
    await store.close();
    return [
      figure(`first slice of a text of ${length} units in 10,000 extents`, cold, 'ms'),
      figure('16,384 units from anywhere in it, p95', quantile(taken, 0.95), 'ms', '<=20'),
      figure('annotations of it', annotations, 'ms'),
      figure('one trace while another one is annotated, the longest wait', waited, 'ms', '<=50'),
    ];
  });
}
