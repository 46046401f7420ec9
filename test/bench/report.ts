/** The report of a stage with 10,000 rows: the service's pages from real files, and the page in Chromium in its own clock. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readRows } from '../../server/runs/report.ts';
import type { RunRecord } from '../../server/store/trace-store.ts';
import { FakeHost } from '../webview/fake-host.ts';
import { madeReport, madeRows, reportData, STAGE } from '../webview/made-report.ts';
import { RUN } from '../webview/made-run.ts';
import { closeBrowser, openPage } from '../webview/page.ts';
import type { Figure } from './run.ts';

const dist = process.env.LONGHAND_WEBVIEW ?? resolve(import.meta.dirname, '..', '..', 'dist', 'webview');
const ROWS = 10_000;
const RUNS = 7;

export async function bench(): Promise<Figure[]> {
  const figures = [...(await pages()), ...(await opening()), ...sizes()];
  await closeBrowser();
  return figures;
}

/** Rows of 10,000 with about 8 KiB of parts each, as a list asks for them. */
async function pages(): Promise<Figure[]> {
  const root = mkdtempSync(join(tmpdir(), 'longhand-bench-'));
  try {
    const folder = join(root, 'stages', STAGE, 'attempt-1');
    mkdirSync(join(folder, 'tables'), { recursive: true });
    const rows = madeRows(ROWS);
    const filler = { label: 'candidate', text: 'The sum is 3. '.repeat(500), tone: 'dropped' };
    writeFileSync(
      join(folder, 'tables', 'rows.jsonl'),
      rows.map((row) => `${JSON.stringify({ ...row, parts: [...(row.parts ?? []), filler] })}\n`).join(''),
    );
    writeFileSync(join(folder, 'report.json'), JSON.stringify(madeReport(rows)));
    const record = {
      run: RUN,
      folder: root,
      stages: [{ stage: STAGE, attempts: [{ attempt: 1, folder }] }],
    } as unknown as RunRecord;
    const ask = { run: RUN, stage: STAGE, table: 'rows', limit: 100, parts: false };
    const first: number[] = [];
    for (let i = 0; i < RUNS; i += 1) {
      const started = performance.now();
      await readRows(record, ask);
      first.push(performance.now() - started);
    }
    const started = performance.now();
    let read = 0;
    let cursor: string | undefined;
    do {
      const page = await readRows(record, {
        ...ask,
        limit: 1000,
        where: { class: 'WR' },
        ...(cursor === undefined ? {} : { cursor }),
      });
      read += page.rows.length;
      cursor = page.next;
    } while (cursor !== undefined);
    const all = performance.now() - started;
    if (read !== ROWS / 4) throw new Error(`${read} rows, not ${ROWS / 4}`);
    const sort = { key: 'tokens', descending: true };
    const began = performance.now();
    const sorted = await readRows(record, { ...ask, sort });
    const order = performance.now() - began;
    if (sorted.total !== ROWS || sorted.next === undefined) throw new Error('not all rows were sorted');
    const later: number[] = [];
    let next: string | undefined = sorted.next;
    for (let i = 0; i < RUNS && next !== undefined; i += 1) {
      const asked = performance.now();
      const page = await readRows(record, { ...ask, sort, cursor: next });
      next = page.next;
      later.push(performance.now() - asked);
    }
    const megabytes = statSync(join(folder, 'tables', 'rows.jsonl')).size / 1e6;
    return [
      { name: 'report: first 100 of 10,000 rows from the file', value: median(first), unit: 'ms', target: '<=50' },
      {
        name: `report: all rows of one class out of ${Math.round(megabytes)} MB`,
        value: Math.round(all),
        unit: 'ms',
        target: '<=2000',
      },
      { name: 'report: 10,000 rows sorted by a column', value: Math.round(order), unit: 'ms', target: '<=1000' },
      { name: 'report: the next 100 of the sorted rows', value: median(later), unit: 'ms', target: '<=50' },
    ];
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function opening(): Promise<Figure[]> {
  const opens: number[] = [];
  const filters: number[] = [];
  const rows: number[] = [];
  let elements = 0;
  const data = reportData(ROWS);
  for (let i = 0; i < RUNS; i += 1) {
    const host = new FakeHost(data, { page: 'report', run: RUN, stage: STAGE });
    const { page, close } = await openPage(host, { bundle: 'report', width: 1400, height: 1000 });
    await page.locator('.dock .grid-row').first().waitFor();
    // Since the page began to load, its script among it, to the frame that shows the rows.
    opens.push(await page.evaluate(() => performance.now()));
    const clickTo = (button: string, shown: string) =>
      page.evaluate(
        ([from = '', to = '']) =>
          new Promise<number>((done) => {
            const start = performance.now();
            document.querySelector<HTMLElement>(from)!.click();
            const look = () => {
              if (document.querySelector(to)) setTimeout(() => done(performance.now() - start));
              else requestAnimationFrame(look);
            };
            look();
          }),
        [button, shown],
      );
    filters.push(await clickTo('.funnel-reasons button', '.filter-chip ~ .dock-count'));
    await page.locator('.dock .grid-row').first().waitFor();
    rows.push(await clickTo('.dock .grid-row:nth-child(1), .dock .grid-row', '.lane .block'));
    await page.waitForTimeout(300);
    elements = Math.max(elements, await page.evaluate(() => document.querySelectorAll('*').length));
    await close();
  }
  return [
    { name: 'report with 10,000 rows: rows on screen', value: median(opens), unit: 'ms', target: '<=1000' },
    { name: 'report: click on a number to its filter', value: median(filters), unit: 'ms', target: '<=150' },
    { name: 'report: click on a row to the text of its parts', value: median(rows), unit: 'ms', target: '<=150' },
    { name: 'report with 10,000 rows: elements at most', value: elements, unit: 'elements', target: '<=1500' },
  ];
}

function sizes(): Figure[] {
  const bytes = ['report.js', 'report.css'].map((name) => join(dist, name));
  const zipped = bytes.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0) / 1000;
  return [{ name: 'report bundle, gzip', value: Math.round(zipped), unit: 'KB', target: '<=300' }];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[sorted.length >> 1]! * 10) / 10;
}
