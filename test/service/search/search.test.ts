import assert from 'node:assert/strict';
import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { SEARCH_BATCH } from '../../../core/protocol/search.ts';
import { readSearch } from '../../../server/search/query.ts';
import { meaningOf } from '../../../server/search/terms.ts';
import { attemptFolder, textPart } from '../../../server/store/paths.ts';
import type { RecordWriter } from '../../../server/store/record-writer.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { searchedKey as key, withSearch, type Searched } from '../../support/searching.ts';

const write = (record: RecordWriter, problem: string, ...pieces: (string | Buffer)[]): number => {
  const trace = record.traceBegin(problem, null, { sample: 0 });
  for (const piece of pieces) record.event({ type: 'trace_text', trace, ...record.append(piece) });
  record.traceEnd(trace, {});
  return trace;
};

async function textOf(store: TraceStore, trace: string, side: 'prompt' | 'completion' = 'completion'): Promise<string> {
  let text = '';
  for (;;) {
    const slice = await store.read('traces/slice', { trace, in: side, start: text.length, end: Infinity });
    text += slice.text;
    if (slice.end >= slice.length) return text;
  }
}

/** Hits that are no empty matches. */
const matches = (text: string, expression: RegExp) =>
  [...text.matchAll(expression)]
    .filter(([hit]) => hit !== '')
    .map((match) => [match.index, match.index + match[0].length] as const);

/** Searches, and compares each trace with what its decoded text has, by the plain meaning of each term. */
async function compare(
  { store, search }: { store: TraceStore; search: (query: string) => Promise<Searched> },
  query: string,
  count: number,
): Promise<void> {
  const { wanted } = readSearch(query);
  const { hits, totals } = await search(query);
  const byTrace = new Map(hits.map((hit) => [hit.row.trace, hit]));
  assert.equal(byTrace.size, hits.length, 'a trace came twice');
  let expectedHits = 0;
  const expected: string[] = [];
  for (let n = 0; n < count; n++) {
    const trace = `r/evaluate/1/${n}`;
    const texts = await Promise.all(
      wanted.texts.map(async (side) => [side, await textOf(store, trace, side)] as const),
    );
    const found = wanted.terms.map((term) => texts.map(([, text]) => matches(text, meaningOf(term))));
    const fits = wanted.terms.every(({ negated }, i) => found[i]!.some((one) => one.length > 0) !== negated);
    const hit = byTrace.get(trace);
    assert.equal(hit !== undefined, fits, `${query} in ${trace}: ${JSON.stringify(texts)}`);
    if (!hit) continue;
    expected.push(trace);
    const shown = found.filter((_, i) => !wanted.terms[i]!.negated);
    const sum = shown.flat(2).length;
    expectedHits += sum;
    assert.equal(hit.count, sum, `${query} in ${trace}`);
    const side = texts.findIndex((_, i) => shown.some((one) => one[i]!.length > 0));
    if (side < 0) {
      assert.equal(hit.first, null);
      continue;
    }
    const [name, text] = texts[side]!;
    const [start, end] = shown.flatMap((one) => one[side]!.slice(0, 1)).toSorted((a, b) => a[0] - b[0])[0]!;
    assert.deepEqual([hit.first!.in, hit.first!.start], [name, start], `${query} in ${trace}`);
    const { snippet } = hit;
    const before = start - snippet!.start;
    assert.equal(text.slice(before, before + snippet!.text.length), snippet!.text);
    assert.equal(
      text.slice(start, Math.min(end, start + snippet!.end - snippet!.start)),
      snippet!.text.slice(snippet!.start, snippet!.end),
    );
    assert.ok(snippet!.text.isWellFormed());
  }
  assert.deepEqual(
    hits.map(({ row }) => row.trace),
    expected,
    'in the order in which they were begun',
  );
  assert.deepEqual(
    [totals.hits, totals.traces, totals.searched, totals.total],
    [expectedHits, expected.length, count, count],
  );
  assert.deepEqual(totals.leftOut, { unreadable: 0, cut: 0, slow: 0, givenUp: 0 });
}

describe('search over a run', () => {
  it('finds what indexOf finds', () =>
    withSearch(async ({ store, record, problem, search }) => {
      const texts = ['wait, waitwait', 'WAIT', 'no', 'a wait\nwait', ''];
      for (const text of texts) write(record, problem, text);
      await store.catchUp();
      const { hits } = await search('match:case wait');
      const expected = texts.map((text) => {
        let count = 0;
        for (let at = text.indexOf('wait'); at >= 0; at = text.indexOf('wait', at + 4)) count++;
        return [count, text.indexOf('wait')];
      });
      assert.deepEqual(
        hits.map(({ row, count, first }) => [row.trace, count, first!.start]),
        expected.flatMap(([count, at], n) => (count ? [[`r/evaluate/1/${n}`, count, at]] : [])),
      );
      // Letter case matters once there is a capital.
      assert.equal((await search('wait')).totals.hits, 6);
      assert.equal((await search('WAIT')).totals.hits, 1);
      assert.equal((await search('match:nocase WAIT')).totals.hits, 6);
      assert.equal((await search('match:word wait')).totals.hits, 4);
    }));

  it('finds the same as the plain meaning of every query, in texts of every script, in any pieces, in rows and by turns', () =>
    withSearch(async ({ store, record, problem, search }) => {
      const piece = fc.oneof(
        fc.constantFrom(
          'wait',
          'Wait ',
          'WAIT',
          'waıt',
          'é',
          'É',
          'ſkip',
          'SKIP',
          '\u212aelvin kelvin',
          ' ',
          '\n',
          '😀',
          '\ud83d',
          '\u0000',
          'aa',
          'check ',
        ),
        fc.string({ unit: 'binary', maxLength: 12 }),
        fc.string({ maxLength: 40 }),
      );
      const texts = fc.sample(fc.array(piece, { maxLength: 30 }), { numRuns: 60, seed: 11 });
      for (const pieces of texts.slice(0, 30)) write(record, problem, ...pieces);
      // By turns; bytes that are no UTF-8, and characters that are cut, among them.
      const traces = texts.slice(30).map(() => record.traceBegin(problem, null, { sample: 0 }));
      const bytes = [
        Buffer.from([0xff]),
        Buffer.from([0xe2, 0x89]),
        Buffer.from([0xa4]),
        Buffer.from([0xf0, 0x9f, 0x98]),
        Buffer.from([0x80, 0x77]),
      ];
      for (let i = 0; i < 30; i++)
        for (const [k, trace] of traces.entries()) {
          const own = texts[30 + k]![i];
          if (own !== undefined) record.event({ type: 'trace_text', trace, ...record.append(own.toWellFormed()) });
          if ((i + k) % 7 === 0)
            record.event({ type: 'trace_text', trace, ...record.append(bytes[(i + k) % bytes.length]!) });
        }
      for (const trace of traces) record.traceEnd(trace, {});
      await store.catchUp();
      const queries = [
        ...[
          'wait',
          'Wait',
          'match:word wait',
          'skip',
          'match:case skip',
          'kelvin',
          'match:word aa',
          'a',
          '"≤"',
          'é',
          'match:case é',
          '😀',
        ],
        ...[
          'match:word 😀',
          '"\ufffd"',
          '-wait',
          'wait check',
          'wait -check',
          '/wai?t/',
          '/\\bwait\\b/i',
          '/^/m',
          '/.$/ms',
          '/[^a]+/',
          '/w.+t/is',
        ],
        ...['/😀?/', '/(?<=w)ait/', 'wait /check/ -"SKIP"', '$"\\u0000"', '$"wait\\n"'],
      ];
      for (const query of queries) await compare({ store, search }, query, texts.length);
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...texts.flat()), fc.boolean(), async (needle, isWord) => {
          const text = needle.toWellFormed();
          if (text.trim() === '') return;
          await compare({ store, search }, `${isWord ? 'match:word ' : ''}$${JSON.stringify(text)}`, texts.length);
        }),
        { numRuns: 25, seed: 5 },
      );
    }));

  it('finds a hit across the pieces of a text, and none across two texts', () =>
    withSearch(async ({ store, record, problem, search }) => {
      write(record, problem, 'let me ch', 'eck th', 'is');
      write(record, problem, 'nothing, but let me');
      write(record, problem, ' check this');
      await store.catchUp();
      const { hits } = await search('"let me check this"');
      assert.deepEqual(
        hits.map(({ row, first }) => [row.trace, first]),
        [['r/evaluate/1/0', { in: 'completion', start: 0, end: 17 }]],
      );
    }));

  it('looks into prompts where it is asked to, each once for all its traces', () =>
    withSearch(async ({ store, record, problem, search }) => {
      const prompt = record.prompt(problem, 'Say “é”, then wait: 2 + 2?');
      for (const text of ['wait é', 'four', 'é']) {
        const trace = record.traceBegin(problem, prompt, { sample: 0 });
        record.traceText(trace, text);
        record.traceEnd(trace, {});
      }
      write(record, problem, 'no prompt, wait');
      await store.catchUp();
      for (const query of [
        'in:prompt wait',
        'in:prompt,completion wait',
        'in:prompt,completion é wait',
        'in:prompt -wait',
        'in:prompt,completion "2 + 2" four',
      ])
        await compare({ store, search }, query, 4);
    }));

  it('goes on behind the last trace that was listed, counts on behind the limit, and says what a filter leaves', () =>
    withSearch(async ({ store, record, problem, search }) => {
      for (let i = 0; i < 950; i++) write(record, problem, i % 2 === 0 ? `number ${i}, wait` : 'no');
      await store.catchUp();
      const all = await search('wait');
      assert.equal(all.hits.length, 475);
      assert.ok(all.progress.every(({ found }) => found.length <= SEARCH_BATCH));
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const { hits, totals } = await search('wait', { limit: 100, ...(after !== undefined && { after }) });
        assert.equal(totals.listed, hits.length);
        assert.ok(hits.length <= 100);
        seen.push(...hits.map(({ row }) => row.trace));
        after = totals.after;
        if (after === undefined) break;
        assert.ok(totals.traces > 100);
      }
      const behind = await search('wait', { after: 'r/evaluate/1/899' });
      assert.deepEqual([behind.totals.total, behind.totals.searched, behind.hits.length], [50, 50, 25]);
      assert.equal(behind.totals.unread, undefined);
      await assert.rejects(search('wait', { after: 'r/gone/1/3' }), { code: 'not_found' });
      assert.deepEqual(
        seen,
        all.hits.map(({ row }) => row.trace),
      );
      const some = await search('wait problem:nothing');
      assert.deepEqual([some.totals.total, some.totals.searched, some.hits.length], [0, 0, 0]);
      const stage = await search('wait', { filter: { run: 'r', stage: 'other' } });
      assert.equal(stage.totals.total, 0);
    }));

  it('searches a live trace as far as it was written', () =>
    withSearch(async ({ store, record, problem, search }) => {
      const trace = record.traceBegin(problem, null, { sample: 0 });
      record.traceText(trace, 'wait, wa');
      await store.catchUp();
      assert.equal((await search('wait')).totals.hits, 1);
      record.traceText(trace, 'it');
      await store.catchUp();
      const { hits } = await search('wait');
      assert.deepEqual([hits[0]!.count, hits[0]!.row.live], [2, true]);
    }));

  it('says of how many traces it is not known whether they are to be searched, until their texts are read', () =>
    withSearch(async ({ store, record, problem, search }) => {
      for (let i = 0; i < 30; i++)
        write(record, problem, i % 3 === 0 ? 'Let me verify: 2 + 2 = 4, correct. Wait.' : 'I do not know, wait.');
      record.traceText(record.traceBegin(problem, null, { sample: 0 }), 'wait, it grows');
      await store.catchUp();
      const query = 'wait sample:0 behaviour.verification:>=1 match:nocase';
      const before = await search(query);
      assert.deepEqual([before.totals.unread, before.totals.total, before.hits.length], [30, 0, 0]);
      assert.equal((await search(query, { after: 'r/evaluate/1/19' })).totals.unread, 10);
      const filter = { run: 'r', behaviour: 'verification' } as const;
      assert.equal((await search('wait', { filter })).totals.unread, 30);
      while ((await store.sliced('traces/readTexts', { filter: { run: 'r' }, query })).unread > 0);
      const after = await search(query);
      assert.deepEqual([after.totals.unread, after.hits.length], [0, 10]);
      assert.equal(after.progress[0]!.unread, 0);
      assert.equal((await search('wait', { filter })).hits.length, 10);
    }));

  it('says whose text is gone, and searches what is left of a file that was cut', () =>
    withSearch(async ({ store, root, record, problem, search }) => {
      for (let i = 0; i < 40; i++) write(record, problem, `wait ${'x'.repeat(9_000)} wait`);
      await store.catchUp();
      const folder = attemptFolder(root, key);
      rmSync(textPart(folder, 2));
      truncateSync(textPart(folder, 1), 4_000);
      const { totals } = await search('wait');
      assert.ok(totals.leftOut.unreadable >= 10 && totals.leftOut.unreadable < 20, String(totals.leftOut.unreadable));
      assert.equal(totals.searched, 40);
      assert.ok(totals.hits > 10);
    }));

  it('refuses a query that is wrong or has nothing to look for, and says where', () =>
    withSearch(async ({ search }) => {
      for (const [query, place] of [
        ['wait /(/', 5],
        ['wait -in:prompt', 5],
        ['wait in:nowhere', 5],
      ] as const) {
        await assert.rejects(search(query), (error) => {
          assert.ok(LonghandError.is(error, 'invalid_query'));
          assert.ok((error.detail as { errors: { start: number }[] }).errors[0]!.start >= place);
          return true;
        });
      }
      await assert.rejects(search('verdict:wrong'), (error) => LonghandError.is(error, 'invalid_query'));
    }));

  it('gives an expression up that does not end, says so, and searches on', () =>
    withSearch(
      async ({ store, record, problem, search }) => {
        const bad = `${'a'.repeat(40)}!`;
        for (let i = 0; i < 20; i++) write(record, problem, i % 5 === 4 ? bad : `aab ${i}`);
        await store.catchUp();
        // With a look-ahead and without letter case the engine of linear time does not know it.
        const { totals, hits } = await search('/^(?=a)(a+)+b/i');
        assert.equal(totals.leftOut.slow, 3);
        assert.equal(totals.leftOut.givenUp + totals.searched, 20);
        assert.equal(hits.length, totals.searched - 3);
        assert.ok(totals.seconds < 5, String(totals.seconds));
        assert.equal((await search('aab')).totals.hits, 16, 'the threads are there again');
      },
      { size: 2, patience: 0.3 },
    ));

  it('ends at once when it is cancelled, also within an expression that does not end', () =>
    withSearch(
      async ({ store, record, problem, search, searches }) => {
        for (let i = 0; i < 8; i++) write(record, problem, `${'a'.repeat(40)}!`);
        await store.catchUp();
        const controller = new AbortController();
        const running = searches.search(
          { filter: { run: 'r' }, query: '/^(?=a)(a+)+b/i' },
          { signal: controller.signal, progress: () => Promise.resolve() },
        );
        await sleep(300);
        const began = performance.now();
        controller.abort(new LonghandError('cancelled', 'The caller cancelled.'));
        await assert.rejects(running, (error) => LonghandError.is(error, 'cancelled'));
        assert.ok(performance.now() - began < 100, `${performance.now() - began} ms`);
        // The threads that were in it are free again, or new.
        assert.equal((await search('aaa')).totals.traces, 8);
      },
      { size: 2, patience: 60 },
    ));

  it('leaves nobody waiting when it is closed within an expression that does not end', () =>
    withSearch(
      async ({ store, record, problem, search, searches }) => {
        write(record, problem, `${'a'.repeat(40)}!`);
        await store.catchUp();
        const found = search('/(?=a)(a+)+b/i');
        found.catch(() => undefined);
        await sleep(500);
        await searches.close();
        const late = sleep(2000).then(() => assert.fail('it waits for ever'));
        await assert.rejects(Promise.race([found, late]), { code: 'cancelled' });
        await assert.rejects(search('wait'), { code: 'cancelled' });
      },
      { patience: 60 },
    ));

  it('waits for a client that does not read, and lets others search meanwhile', () =>
    withSearch(async ({ store, record, problem, search, searches }) => {
      for (let i = 0; i < 3000; i++) write(record, problem, `wait ${i}`);
      await store.catchUp();
      const controller = new AbortController();
      let told = 0;
      let searched = 0;
      const stuck = searches.search(
        { filter: { run: 'r' }, query: 'wait', limit: 10_000 },
        {
          signal: controller.signal,
          progress: (one) => {
            told += one.found.length;
            searched = one.searched;
            return new Promise(() => undefined);
          },
        },
      );
      const all = await Promise.all(
        ['wait', '7', '"wait 2999"', '/\\d{4}/'].map((query) => search(query, { limit: 10_000 })),
      );
      assert.deepEqual(
        all.map(({ totals }) => totals.traces),
        [3000, 813, 1, 2000],
      );
      await sleep(200);
      assert.ok(told <= SEARCH_BATCH, `${told} were sent without an answer`);
      assert.ok(searched <= 3000);
      controller.abort(new LonghandError('cancelled', 'The client is gone.'));
      await assert.rejects(
        Promise.race([stuck, sleep(1000).then(() => 'it still waits')]).then((end) => assert.equal(end, 'cancelled')),
        (error) => LonghandError.is(error, 'cancelled'),
      );
    }));

  it('leaves nobody waiting when a folder is not there', () =>
    withSearch(async ({ store, root, record, problem, search }) => {
      write(record, problem, 'wait');
      await store.catchUp();
      rmSync(join(attemptFolder(root, key), 'text'), { recursive: true });
      const { totals } = await search('wait');
      assert.deepEqual([totals.leftOut.unreadable, totals.traces], [1, 0]);
    }));
});
