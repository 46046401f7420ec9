import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LonghandError, type ErrorCode } from '../../../core/protocol/errors.ts';
import type { TableRow } from '../../../core/protocol/report.ts';
import { readPartText, readReport, readRows } from '../../../server/runs/report.ts';
import type { RunRecord } from '../../../server/store/trace-store.ts';

describe('runs/report', () => {
  let root: string;
  let record: RunRecord;
  let folder: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'longhand-report-'));
    const attempts = [1, 2].map((attempt) => ({ attempt, folder: join(root, 'stages', 'data', `attempt-${attempt}`) }));
    for (const { folder } of attempts)
      for (const name of ['tables', 'text']) mkdirSync(join(folder, name), { recursive: true });
    record = { run: 'r', folder: root, stages: [{ stage: 'data', attempts }] } as unknown as RunRecord;
    folder = attempts[1]!.folder;
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const base = { run: 'r', stage: 'data' };
  const rows = (more: object = {}) => readRows(record, { ...base, table: 'rows', ...more });
  const write = (content: string) => writeFileSync(join(folder, 'tables', 'rows.jsonl'), content);
  const line = (cells: TableRow['cells'], more: object = {}) => `${JSON.stringify({ cells, ...more })}\n`;
  const fails = (done: Promise<unknown>, code: ErrorCode, said: RegExp) =>
    assert.rejects(done, (error) => LonghandError.is(error, code) && said.test(error.message));

  async function all(more: object = {}): Promise<{ rows: TableRow[]; pages: number }> {
    const found: TableRow[] = [];
    let cursor: string | undefined;
    for (let pages = 1; pages < 1000; pages++) {
      const page = await rows({ ...more, ...(cursor === undefined ? {} : { cursor }) });
      assert.ok(JSON.stringify(page.rows).length <= 256 * 1024 + 2000);
      found.push(...page.rows);
      if (page.next === undefined) return { rows: found, pages };
      cursor = page.next;
    }
    throw new Error('no end');
  }

  it('gives the newest report, or that of an attempt, or none', async () => {
    assert.deepEqual(await readReport(record, base), { report: null, attempt: 2 });
    const report = { v: 1, kind: 'dataset', blocks: [{ type: 'text', title: 't', text: 'x' }] };
    writeFileSync(join(root, 'stages', 'data', 'attempt-1', 'report.json'), JSON.stringify(report));
    assert.deepEqual(await readReport(record, { ...base, attempt: 1 }), { report, attempt: 1 });
    assert.deepEqual(await readReport(record, { ...base, stage: 'other' }), { report: null, attempt: null });
    await fails(readReport(record, { ...base, attempt: 3 }), 'not_found', /no attempt 3/);
  });

  it('says what is wrong with a report', async () => {
    const path = join(folder, 'report.json');
    writeFileSync(path, '{');
    await fails(readReport(record, base), 'corrupt', /attempt-2\/report\.json of r: it is not JSON/);
    writeFileSync(path, JSON.stringify({ v: 1, kind: 'x', blocks: [{ type: 'funnel', title: 't', steps: 3 }] }));
    await fails(readReport(record, base), 'corrupt', /blocks\.0\.steps/);
    writeFileSync(path, ' '.repeat(5 << 20));
    await fails(readReport(record, base), 'corrupt', /larger than 4 MiB/);
  });

  it('pages through a table, each row once, whatever the limit', async () => {
    const given = Array.from({ length: 57 }, (_, n) => ({ n, text: 'ü𝒳'.repeat(n) }));
    write(given.map((cells) => line(cells)).join(''));
    for (const limit of [1, 7, 56, 57, 58, 1000]) {
      const { rows } = await all({ limit });
      assert.deepEqual(
        rows.map(({ cells }) => cells),
        given,
      );
    }
    assert.equal((await rows()).total, 57);
    assert.equal((await rows({ limit: 3 })).total, null);
  });

  it('leaves out the parts for a list, and says where each row begins', async () => {
    const parts = [{ label: 'one', text: 'x'.repeat(40_000) }];
    write(Array.from({ length: 40 }, (_, n) => line({ n, odd: n % 2 }, { trace: `r/data/2/${n}`, parts })).join(''));
    const whole = await rows({ where: { odd: 1 } });
    assert.ok(whole.rows.length < 10 && whole.cursors === undefined);
    const list = await rows({ where: { odd: 1 }, parts: false });
    assert.deepEqual(
      list.rows,
      Array.from({ length: 20 }, (_, n) => ({ cells: { n: 2 * n + 1, odd: 1 }, trace: `r/data/2/${2 * n + 1}` })),
    );
    const { rows: found } = await rows({ cursor: list.cursors![13], limit: 1 });
    assert.deepEqual(found, [{ cells: { n: 27, odd: 1 }, trace: 'r/data/2/27', parts }]);
  });

  it('takes the total from the report where it does not see the end', async () => {
    write(line({ n: 1 }) + line({ n: 2 }));
    const block = { type: 'table', title: 't', table: 'rows', columns: [], rows: 2 };
    writeFileSync(join(folder, 'report.json'), JSON.stringify({ v: 1, kind: 'dataset', blocks: [block] }));
    assert.equal((await rows({ limit: 1 })).total, 2);
    assert.equal((await rows({ limit: 1, where: { n: 1 } })).total, null);
  });

  it('keeps pages below 256 KiB', async () => {
    write(Array.from({ length: 40 }, (_, n) => line({ n, text: 'x'.repeat(50_000) })).join(''));
    const { rows, pages } = await all();
    assert.equal(rows.length, 40);
    assert.ok(pages >= 8 && pages <= 10, String(pages));
  });

  it('filters by equality, and a cell that is absent is null', async () => {
    const given: TableRow['cells'][] = [{ a: 1 }, { a: '1' }, { a: null }, { b: true }, { a: 1, b: true }];
    write(given.map((cells) => line(cells)).join(''));
    const count = async (where: object) => (await all({ where })).rows.length;
    assert.deepEqual(
      [await count({ a: 1 }), await count({ a: '1' }), await count({ a: null }), await count({ a: 1, b: true })],
      [2, 1, 2, 1],
    );
    assert.equal(await count({ constructor: null }), 5);
  });

  it('takes one of several values, and words in any cell', async () => {
    const given: TableRow['cells'][] = [
      { a: 1, t: 'Sum of 7' },
      { a: 2, t: 'sums' },
      { a: null, t: 'x' },
      { t: 'SUM', n: 12 },
    ];
    write(given.map((cells) => line(cells, { parts: [{ label: 'p', text: 'hidden' }] })).join(''));
    const found = async (more: object) =>
      (await all(more)).rows.map(({ cells }) => given.findIndex((one) => one.t === cells.t));
    assert.deepEqual(await found({ where: { a: [1, null] } }), [0, 2, 3]);
    assert.deepEqual(await found({ where: { a: [] } }), []);
    assert.deepEqual(await found({ text: ' sum ' }), [0, 1, 3]);
    assert.deepEqual(await found({ text: '12', where: { a: [null] } }), [3]);
    assert.deepEqual(await found({ text: 'hidden' }), []);
    assert.equal((await rows({ text: 'sum', limit: 1 })).total, null);
  });

  it('sorts by a cell, numbers before texts and what is absent last, page by page', async () => {
    const given: TableRow['cells'][] = [
      { k: 10 },
      { k: 'b' },
      {},
      { k: 9 },
      { k: 'a10' },
      { k: 'a9' },
      { k: null },
      { k: { values: [5, 7], chosen: 1 } },
      { k: { values: [5], chosen: null } },
      { k: 10 },
    ];
    write(
      given.map((cells, n) => line({ ...cells, n }, { parts: [{ label: 'p', text: 'x'.repeat(n * 3000) }] })).join(''),
    );
    const order = async (descending: boolean, more: object = {}) =>
      (await all({ sort: { key: 'k', descending }, ...more })).rows.map(({ cells }) => cells['n']);
    const up = [7, 3, 0, 9, 5, 4, 1, 2, 6, 8];
    const down = [1, 4, 5, 0, 9, 3, 7, 2, 6, 8];
    for (const limit of [1, 3, 10, 100]) {
      assert.deepEqual(await order(false, { limit }), up);
      assert.deepEqual(await order(true, { limit, parts: false }), down);
    }
    assert.deepEqual(await order(false, { where: { k: [10, 'b', null] } }), [0, 9, 1, 2, 6]);
    const page = await rows({ sort: { key: 'k', descending: false }, limit: 2, parts: false });
    assert.deepEqual([page.total, page.cursors?.length, page.cut], [10, 2, undefined]);
    // One row, read whole by its place.
    const whole = await rows({ cursor: page.cursors![1], limit: 1 });
    assert.equal(whole.rows[0]!.parts?.[0]!.text?.length, 9000);
    await fails(
      rows({ sort: { key: 'k', descending: false }, where: { k: 9 }, cursor: '2.0' }),
      'invalid_params',
      /cursor/,
    );
    // What is appended takes its place in the order, and an open list goes on behind its last row.
    appendFileSync(join(folder, 'tables', 'rows.jsonl'), line({ k: 8, n: 10 }) + line({ k: 'c', n: 11 }) + '{"cells"');
    assert.deepEqual(await order(false), [7, 10, 3, 0, 9, 5, 4, 1, 11, 2, 6, 8]);
    const after = await rows({ sort: { key: 'k', descending: false }, cursor: page.next, limit: 2 });
    assert.deepEqual([after.total, after.rows.map(({ cells }) => cells['n'])], [12, [0, 9]]);
  });

  it('says where a line is no row when it sorts', async () => {
    write(`${line({ n: 1 })}{"cells":3}\n`);
    await fails(rows({ sort: { key: 'n', descending: true } }), 'corrupt', /the row at byte 18: cells/);
  });

  it('looks through so much a call, and goes on', async () => {
    write(Array.from({ length: 300 }, (_, n) => line({ n, text: 'x'.repeat(100_000) })).join(''));
    const first = await rows({ where: { n: 299 } });
    assert.equal(first.rows.length, 0);
    assert.ok(first.next);
    assert.equal((await all({ where: { n: 299 } })).rows[0]?.cells['n'], 299);
  });

  it('holds back a line that is not whole', async () => {
    write(`${line({ n: 1 })}{"cells":{"n"`);
    assert.deepEqual((await rows()).rows.length, 1);
    assert.equal((await rows()).next, undefined);
    appendFileSync(join(folder, 'tables', 'rows.jsonl'), ':2}}\n');
    assert.deepEqual((await rows()).rows.length, 2);
  });

  it('says where a line is no row', async () => {
    write(`${line({ n: 1 })}nonsense\n`);
    await fails(rows(), 'corrupt', /tables\/rows\.jsonl of r: the row at byte 18: it is not JSON/);
    write('{"cells":{"a":[1]}}\n');
    await fails(rows(), 'corrupt', /byte 0: cells\.a/);
    write('x'.repeat(300_000));
    await fails(rows(), 'corrupt', /longer than 256 KiB/);
    write(`${'x'.repeat(300_000)}\n`);
    await fails(rows(), 'corrupt', /longer than 256 KiB/);
  });

  it('refuses a cursor that is none, and gives nothing where there is no table', async () => {
    write(line({ n: 1 }));
    for (const cursor of ['x', '2', '2.3', '2.999999']) await fails(rows({ cursor }), 'invalid_params', /cursor/);
    await fails(rows({ cursor: '9.0' }), 'not_found', /no attempt 9/);
    assert.deepEqual(await rows({ table: 'others' }), { rows: [], total: 0 });
    assert.deepEqual(await rows({ stage: 'others' }), { rows: [], total: 0 });
  });

  it('stays with the attempt that a cursor began with', async () => {
    writeFileSync(join(root, 'stages', 'data', 'attempt-1', 'tables', 'rows.jsonl'), line({ n: 1 }) + line({ n: 2 }));
    write(line({ n: 8 }) + line({ n: 9 }));
    const { next } = await rows({ attempt: 1, limit: 1 });
    assert.deepEqual((await rows({ cursor: next })).rows[0]?.cells, { n: 2 });
  });

  it('reads the text of a part in slices that cut no character', async () => {
    const text = `a${'€'.repeat(200_000)}`;
    writeFileSync(join(folder, 'text', 'part-00001.txt'), `xx${text}`);
    let extent: { part: number; offset: number; length: number } | null = {
      part: 1,
      offset: 2,
      length: Buffer.byteLength(text),
    };
    let read = '';
    let calls = 0;
    while (extent) {
      const slice: Awaited<ReturnType<typeof readPartText>> = await readPartText(record, { ...base, extent });
      read += slice.text;
      extent = slice.rest;
      calls++;
    }
    assert.ok(read === text);
    assert.equal(calls, 3);
    await fails(readPartText(record, { ...base, extent: { part: 2, offset: 0, length: 1 } }), 'not_found', /part 2/);
    const behind = { part: 1, offset: 600_000, length: 100 };
    await fails(readPartText(record, { ...base, extent: behind }), 'corrupt', /ends before/);
  });
});
