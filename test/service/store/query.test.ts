import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { labels } from '../../../core/behaviours/spans.ts';
import { LonghandError } from '../../../core/protocol/errors.ts';
import type { Params } from '../../../core/protocol/methods.ts';
import type { TraceFilter, TraceRow, TraceSortKey } from '../../../core/protocol/traces.ts';
import { termsOfFilter } from '../../../core/query/filter-terms.ts';
import type { QueryError } from '../../../core/query/types.ts';
import { writeQuery } from '../../../core/query/write.ts';
import { indexPath } from '../../../server/store/paths.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, writeTrace } from '../../support/attempt-writer.ts';
import { allPages, everything, fill, finishes, readAll, verdicts, type Seen } from '../../support/queried-traces.ts';
import { withFolder, withStore } from '../../support/temporary.ts';

const among = <T>(value: T, ...wanted: T[]): boolean => wanted.includes(value);
const all = (counts: Seen['counts']): number => labels.reduce((sum, label) => sum + (counts[label] ?? 0), 0);
/** Beyond, and known. */
const over = (value: number | null, least: number): boolean => value !== null && value > least;

const cases: [query: string, keeps: (trace: Seen) => boolean][] = [
  ['verdict:wrong', (t) => t.verdict === 'wrong'],
  ['verdict:Wrong,none', (t) => among(t.verdict, 'wrong', 'none')],
  ['-verdict:wrong', (t) => t.verdict !== 'wrong'],
  ['has:verdict', (t) => t.verdict !== null],
  ['stage:grpo', (t) => t.stage === 'grpo'],
  ['stage:EVAL_two,sft', (t) => among(t.stage, 'eval_Two', 'sft')],
  ['stage:*_t?o', (t) => t.stage === 'eval_Two'],
  ['-stage:grpo', (t) => t.stage !== 'grpo'],
  ['stage:nowhere', () => false],
  ['of:grpo', (t) => t.of === 'grpo'],
  ['of:none', (t) => t.of === null],
  ['-of:none', (t) => t.of !== null],
  ['set:"test set"', (t) => t.set === 'test set'],
  ['set:t*,none', (t) => t.set === null || t.set === 'test set'],
  ['marker:none', (t) => t.marker === null],
  ['marker:$"wait,\\n"', (t) => t.marker === 'Wait,\n'],
  ['marker:"100%_*"', (t) => t.marker === '100%_*'],
  ['marker:100%_?', (t) => t.marker === '100%_*'],
  ['marker:100_*', () => false],
  ['step:3', (t) => t.step === 3],
  ['step:0,10..', (t) => t.step === 0 || over(t.step, 9)],
  ['step:..2', (t) => t.step !== null && t.step <= 2],
  ['step:3..5', (t) => t.step !== null && t.step >= 3 && t.step <= 5],
  ['-step:3..5', (t) => t.step === null || t.step < 3 || t.step > 5],
  ['step:none', (t) => t.step === null],
  ['epoch:<0.5', (t) => t.epoch !== null && t.epoch < 0.5],
  ['epoch:0.5125', (t) => t.epoch === 0.5125],
  ['attempt:2', (t) => t.attempt === 2],
  ['attempt:>=2,0', (t) => t.attempt === 2],
  ['problem:aime/3', (t) => t.sourceId === 'AIME/3'],
  ['problem:aime*', (t) => t.sourceId !== null],
  ['problem:"Problem number 12: what is 12?"', (t) => t.problemText.startsWith('Problem number 12')],
  ['problem:"AIME/*"', () => false],
  ['sample:1..2', (t) => among(t.sample, 1, 2)],
  ['group:g3,G4', (t) => among(t.group, 'g3', 'g4')],
  ['group:g1?', (t) => /^g1.$/.test(t.group ?? '')],
  ['group:none', (t) => t.group === null],
  ['tokens:>300', (t) => over(t.tokens, 300)],
  ['tokens:0.1k..0.4k,none', (t) => t.tokens === null || (t.tokens >= 100 && t.tokens <= 400)],
  ['-tokens:>300', (t) => !over(t.tokens, 300)],
  ['reward:>=0.25', (t) => t.reward !== null && t.reward >= 0.25],
  ['reward:-1..-0.5', (t) => t.reward !== null && t.reward >= -1 && t.reward <= -0.5],
  ['reward:0', (t) => t.reward === 0],
  ['has:reward', (t) => t.reward !== null],
  ['advantage:<0', (t) => t.advantage !== null && t.advantage < 0],
  ['advantage:none', (t) => t.advantage === null],
  ['finish:length', (t) => t.finish === 'length'],
  ['finish:none,error', (t) => t.finish === null || t.finish === 'error'],
  ['truncated', (t) => t.finish === 'length'],
  ['-truncated', (t) => t.finish !== 'length'],
  ['is:live', (t) => t.live],
  ['-is:live', (t) => !t.live],
  ['is:superseded', (t) => t.superseded],
  ['is:superseded,current', () => true],
  ['-is:current', (t) => t.superseded],
  ['is:current', (t) => !t.superseded],
  ['has:answer', (t) => t.answer !== null],
  ['-has:answer', (t) => t.answer === null],
  ['has:gold', (t) => t.gold !== null],
  ['has:labels', (t) => t.trace === 'r/grpo/1/7'],
  ['has:logprobs', (t) => t.trace === 'r/grpo/1/90'],
  ['has:answer,gold', (t) => t.answer !== null || t.gold !== null],
  ['answer:4', (t) => t.answer === '4'],
  ['answer:none', (t) => t.answer === null],
  ['answer:*e*,5', (t) => /e/i.test(t.answer ?? '') || t.answer === '5'],
  ['gold:4', (t) => t.gold === '4'],
  ['gold:none', (t) => t.gold === null],
  ['source:none', (t) => t.sourceId === null],
  ['source:*/?', (t) => t.sourceId !== null],
  ['source:*a*i*m*e*/*', (t) => t.sourceId !== null],
  ['about:"number 12"', (t) => /number.*12|12.*number/s.test(`${t.problemText} ${t.answer}`)],
  ['about:AIME/3,know', (t) => t.sourceId === 'AIME/3' || /know/.test(t.answer ?? '')],
  ['behaviour:backtracking', (t) => (t.counts['backtracking'] ?? 0) > 0],
  ['behaviour:loop,case_split', (t) => (t.counts['loop'] ?? 0) + (t.counts['case_split'] ?? 0) > 0],
  ['has:loop', (t) => (t.counts['loop'] ?? 0) > 0],
  ['behaviour:>=4', (t) => all(t.counts) >= 4],
  ['behaviour.backtracking:>=2', (t) => (t.counts['backtracking'] ?? 0) >= 2],
  ['behaviour.verification:0', (t) => !t.live && (t.counts['verification'] ?? 0) === 0],
  ['-behaviour.verification:0', (t) => t.live || (t.counts['verification'] ?? 0) > 0],
  ['after:>=1', (t) => over(t.after, 0)],
  ['after:none', (t) => !t.live && t.after === null],
  ['flips:>=1', (t) => t.flips >= 1],
  ['lost:>0', (t) => over(t.lost, 0)],
  ['lost:none', (t) => t.lost === null],
  [
    'verdict:wrong tokens:>100 stage:grpo step:4.. -truncated behaviour:>=1',
    (t) =>
      t.verdict === 'wrong' &&
      over(t.tokens, 100) &&
      t.stage === 'grpo' &&
      over(t.step, 3) &&
      t.finish !== 'length' &&
      all(t.counts) > 0,
  ],
];

/** The text of the refusal, and where the query is wrong. */
async function refusal(call: Promise<unknown>): Promise<{ message: string; errors: QueryError[] }> {
  const error = await call.then(
    () => assert.fail('it was answered'),
    (reason: unknown) => reason,
  );
  assert.ok(LonghandError.is(error, 'invalid_query'), String(error));
  return { message: error.message, ...(error.detail as { errors: QueryError[] }) };
}

describe('store: lists by a query', () => {
  it('finds what a plain filter finds, by every field', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const filter = { run: 'r' };
      await readAll(store, { filter: { run: 'r', superseded: true }, query: 'behaviour:>0 after:>0' });
      const traces = await everything(store);
      assert.equal(traces.length, 160 + 12 + 1 + 1);
      const inert: string[] = [];
      for (const [query, keeps] of cases) {
        const withOld = /^(?:is:superseded|-is:current)/.test(query);
        const expected = traces.filter((trace) => (withOld || !trace.superseded) && keeps(trace));
        const found = await allPages(store, { filter, query });
        const names = (rows: readonly TraceRow[]) => rows.map(({ trace }) => trace);
        assert.deepEqual(names(found), names(expected), query);
        const sorted = await allPages(store, { filter, query, sort: { key: 'tokens', descending: true } });
        assert.deepEqual(names(sorted).toSorted(), names(expected).toSorted(), query);
        if (expected.length === 0) inert.push(query);
      }
      assert.deepEqual(inert, ['stage:nowhere', 'marker:100_*', 'problem:"AIME/*"']);
    }));

  it('finds by the terms of a filter what the filter finds', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      await readAll(store, { filter: { run: 'r' }, query: 'behaviour:>0' });
      const [first] = await allPages(store, { filter: { run: 'r' } });
      const filters: TraceFilter[] = [
        { stage: 'grpo', of: 'sft' },
        { of: 'sft', attempt: 1 },
        { stage: 'sft', superseded: true },
        { step: 3 },
        { set: null },
        { of: null },
        { step: null },
        { stepFrom: 3, stepTo: 5, verdict: ['wrong', 'none'] },
        { problem: first!.problem },
        { group: 'g3' },
        { set: 'test set', marker: null },
        { marker: 'Wait,\n' },
        { behaviour: 'backtracking' },
        { finish: ['length', 'error'], live: false },
        { live: true },
        { answered: true },
        { answered: false },
        { text: 'NUMBER 12' },
      ];
      for (const filter of filters) {
        const query = writeQuery({ terms: termsOfFilter(filter) });
        assert.deepEqual(
          await allPages(store, { filter: { run: 'r' }, query }).then((rows) => rows.map(({ trace }) => trace)),
          await allPages(store, { filter: { run: 'r', ...filter } }).then((rows) => rows.map(({ trace }) => trace)),
          query,
        );
      }
    }));

  it('says of how many traces the text is to be read, reads them in slices, and keeps what it read', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const filter = { run: 'r' };
      const page = (more: Partial<Params<'traces/page'>>) => store.read('traces/page', { filter, ...more });
      assert.equal((await page({})).unread, undefined);
      assert.equal((await page({ query: 'tokens:>3' })).unread, undefined);
      const query = 'stage:grpo behaviour.verification:>=1';
      const before = await page({ query });
      assert.deepEqual([before.total, before.unread], [0, 91]);
      assert.equal((await page({ sort: { key: 'behaviour.loop', descending: true } })).unread, 167);
      assert.equal((await page({ query: 'stage:grpo', sort: { key: 'after', descending: true } })).unread, 91);
      await readAll(store, { filter, query });
      const after = await page({ query });
      assert.equal(after.unread, 0);
      assert.ok(after.total > 0);
      assert.ok(after.rows.every(({ behaviours }) => (behaviours?.verification ?? 0) >= 1));
      assert.equal((await page({ query: 'behaviour:loop' })).unread, 76, 'those of the other stages');
      assert.equal((await page({ query: 'stage:grpo flips:>=1' })).unread, 91, 'figures are read by themselves');
      await readAll(store, { filter, query: 'stage:grpo flips:>=1' });
      const flips = await page({ query: 'stage:grpo flips:>=1' });
      assert.equal(flips.unread, 0);
      // Another verdict than they were found with: they are found again.
      await store.audit('traces/judge', { trace: flips.rows[0]!.trace, verdict: 'undecided', by: 'me' });
      assert.equal((await page({ query: 'stage:grpo flips:>=1' })).unread, 1);
      await readAll(store, { filter, query: 'flips:>=1' });
      assert.equal((await page({ query: 'flips:>=1' })).unread, 0);
      assert.deepEqual(await store.sliced('traces/readTexts', { filter }), { unread: 0 });
      await store.reindex();
      assert.equal((await page({ query })).unread, 91);
    }));

  it('reads texts again where another version had read them', () =>
    withFolder(async (root) => {
      const query = 'behaviour.verification:>=1 flips:>=0';
      const ask = async (store: TraceStore): Promise<[number, number | undefined]> => {
        const { total, unread } = await store.read('traces/page', { filter: { run: 'r' }, query });
        return [total, unread];
      };
      const first = await withStore(async (store) => {
        await fill(store, root);
        await readAll(store, { filter: { run: 'r' }, query });
        return ask(store);
      }, root);
      assert.ok(first[0] > 0);
      assert.deepEqual(await withStore(ask, root), first, 'the same version keeps what it read');
      const index = new DatabaseSync(indexPath(root));
      index.exec("UPDATE meta SET value = 'older' WHERE key = 'counted'");
      index.close();
      await withStore(async (store) => {
        assert.deepEqual(await ask(store), [0, 167]);
        await readAll(store, { filter: { run: 'r' }, query });
        assert.deepEqual(await ask(store), first);
      }, root);
    }));

  it('refuses a query that is wrong with what and where, and one that has to be searched for', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const refused = (query: string) => refusal(store.read('traces/page', { filter: { run: 'r' }, query }));
      assert.deepEqual(await refused('stage:grpo verdict:wrng'), {
        message: 'At character 20: verdict: is one of right, wrong, undecided, none, not “wrng”.',
        errors: [
          {
            start: 19,
            end: 23,
            message: 'verdict: is one of right, wrong, undecided, none, not “wrng”.',
            suggestion: 'wrong',
          },
        ],
      });
      assert.match((await refused('step:x verdct:wrong')).message, /\(and 1 more\)/);
      const searched = await refused('verdict:wrong "let me" /wait/');
      assert.match(searched.message, /traces\/search/);
      assert.deepEqual(
        searched.errors.map(({ start, end }) => [start, end]),
        [
          [14, 22],
          [23, 29],
        ],
      );
      assert.match((await refused('in:prompt')).message, /there are none/);
      await refusal(store.sliced('traces/readTexts', { filter: { run: 'r' }, query: 'verdict:' }));
      const hostile = `answer:"'); DROP TABLE traces; --" set:"' OR 1=1 --" problem:*%_\\'*`;
      assert.equal((await store.read('traces/page', { filter: { run: 'r' }, query: hostile })).total, 0);
      assert.equal((await store.read('traces/page', { filter: { run: 'r' } })).total, 168);
      const { next } = await store.read('traces/page', { filter: { run: 'r' }, query: 'stage:grpo', limit: 3 });
      await assert.rejects(store.read('traces/page', { filter: { run: 'r' }, query: 'stage:sft', cursor: next! }), {
        code: 'invalid_params',
      });
    }));

  it('pages through every sort without a loss while rows come in, nothing known last, equals in order', () =>
    withStore(async (store, root) => {
      await fill(store, root);
      const filter = { run: 'r' };
      await readAll(store, { filter, query: 'behaviour:>0 after:>0' });
      const traces = (await everything(store)).filter(({ superseded }) => !superseded);
      const byKey: Partial<Record<TraceSortKey, (trace: Seen) => string | number | null>> = {
        ...{ problem: (t) => t.problemLabel, stage: (t) => t.stage, step: (t) => t.step, epoch: (t) => t.epoch },
        ...{ set: (t) => t.set, sample: (t) => t.sample, answer: (t) => t.answer, tokens: (t) => t.tokens },
        ...{ verdict: (t) => (t.verdict === null ? null : verdicts.indexOf(t.verdict)) },
        ...{ finish: (t) => (t.finish === null ? null : finishes.indexOf(t.finish)) },
        ...{ length: (t) => t.length, reward: (t) => t.reward, advantage: (t) => t.advantage },
        ...{ after: (t) => t.after, flips: (t) => t.flips, lost: (t) => t.lost, behaviour: (t) => all(t.counts) },
        ...Object.fromEntries(labels.map((label) => [`behaviour.${label}`, (t: Seen): number => t.counts[label] ?? 0])),
      };
      const keys = Object.keys(byKey) as TraceSortKey[];
      assert.equal(keys.length, 17 + labels.length);
      const record = makeAttempt(root, { run: 'r', stage: 'eval_Two', attempt: 1 });
      for (const key of keys)
        for (const descending of [false, true]) {
          const value = (trace: Seen): string | number | null => {
            const found = byKey[key]!(trace);
            // Of a trace that is being written nothing is known of its text.
            return trace.live && /^(behaviour|after|flips|lost)/.test(key) ? null : found;
          };
          const expected = traces
            .map((trace, i) => ({ trace: trace.trace, v: value(trace), i }))
            .sort((a, b) => {
              if (a.v === null || b.v === null) return a.v === b.v ? a.i - b.i : a.v === null ? 1 : -1;
              const sign = a.v < b.v ? -1 : a.v > b.v ? 1 : 0;
              return sign === 0 ? a.i - b.i : descending ? -sign : sign;
            })
            .map(({ trace }) => trace);
          const known = new Set(expected);
          const seen: string[] = [];
          let cursor: string | undefined;
          do {
            const page = await store.read('traces/page', {
              ...{ filter, query: '-is:superseded', sort: { key, descending }, limit: 60 },
              ...(cursor !== undefined && { cursor }),
            });
            seen.push(...page.rows.map(({ trace }) => trace));
            cursor = page.next;
            writeTrace(record, { step: 5, set: 'dev', facts: { tokens: 400, reward: 0, finish: 'length' } });
            await store.catchUp();
          } while (cursor !== undefined);
          assert.equal(new Set(seen).size, seen.length, `${key}: none twice`);
          assert.deepEqual(
            seen.filter((trace) => known.has(trace)),
            expected,
            `${key} ${descending ? 'descending' : 'ascending'}`,
          );
        }
      record.close();
    }));
});
