/**
 * From what a sampling engine has written to its pixel: a writer in the worker's format streams one completion at 50 tokens a
 * second, flushed as an engine flushes, into a root whose backend the real VS Code has started; the open inspector notes when
 * each token is painted. Both clocks are this machine's.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeAttempt, makeRun } from '../support/attempt-writer.ts';
import { Workbench } from '../support/vscode.ts';
import type { Figure } from './run.ts';

const SECONDS = 20;
const TOKENS_PER_SECOND = 50;
/** The embedded engine flushes at least this often. */
const FLUSH_MS = 100;

export async function bench(): Promise<Figure[]> {
  const home = mkdtempSync(join(tmpdir(), 'longhand-latency-'));
  const root = join(home, 'root');
  const folder = join(home, 'workspace');
  mkdirSync(folder, { recursive: true });
  makeRun(root, 'live-00000000', { name: 'live' });
  const record = makeAttempt(root, { run: 'live-00000000', stage: 'evaluate', attempt: 1 });
  const problem = record.problem('Count on.', { gold: null, sourceId: 'count' });
  const prompt = record.prompt(problem, '<|im_start|>user\nCount on.<|im_end|>\n<|im_start|>assistant\n');
  const trace = record.traceBegin(problem, prompt, { sample: 0 });
  record.traceText(trace, '<think>\nFirst, I count. ');
  const vscode = await Workbench.start({ folder, settings: { 'longhand.root': root } });
  try {
    await vscode.statusBar().getByText('no backend').first().waitFor({ timeout: 60_000 });
    await vscode.command('Longhand: Start Backend');
    await vscode.page.getByRole('tab', { name: 'Longhand' }).click();
    await vscode.treeRow('live').waitFor({ timeout: 60_000 });
    await vscode.command('Longhand: Open Traces');
    await vscode.pick('live');
    const page = await vscode.webview('.grid-row', 60_000);
    await page.locator('.grid-row').first().click();
    await page.getByText('First, I count.').first().waitFor({ timeout: 30_000 });
    await page.evaluate(() => {
      const seen: Record<string, number> = {};
      Object.assign(globalThis, { longhandSeen: seen });
      let last = 0;
      const look = () => {
        const text = document.querySelector('.pane .scroller')?.textContent ?? '';
        const newest = Number(/.*\bn(\d{4})\b/s.exec(text)?.[1] ?? 0);
        // What this frame shows is painted before the next one.
        if (newest > last) {
          const tokens = Array.from({ length: newest - last }, (_, i) => String(last + 1 + i));
          last = newest;
          requestAnimationFrame(() => {
            for (const token of tokens) seen[token] = Date.now();
          });
        }
        requestAnimationFrame(look);
      };
      look();
    });

    const written = new Map<number, number>();
    let token = 0;
    const started = Date.now();
    while (token < SECONDS * TOKENS_PER_SECOND) {
      const due = Math.floor(((Date.now() - started) * TOKENS_PER_SECOND) / 1000);
      let text = '';
      const first = token + 1;
      while (token < due) text += `n${String(++token).padStart(4, '0')}${token % 12 ? ' ' : '.\n'}`;
      if (text) record.traceText(trace, text);
      const now = Date.now();
      for (let i = first; i <= token; i++) written.set(i, now);
      await sleep(FLUSH_MS);
    }
    await sleep(2000);
    const seen = await page.evaluate(
      () => (globalThis as unknown as { longhandSeen: Record<string, number> }).longhandSeen,
    );
    record.traceEnd(trace, { finish: 'stop' });
    const latencies = [...written].map(([n, at]) => (seen[String(n)] ?? Infinity) - at).sort((a, b) => a - b);
    const missing = latencies.filter((ms) => ms === Infinity).length;
    const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? null;
    return [
      { name: 'latency.written_to_pixel.p50', value: quantile(0.5), unit: 'ms', target: null },
      { name: 'latency.written_to_pixel.p95', value: quantile(0.95), unit: 'ms', target: '<=300' },
      { name: 'latency.tokens_not_seen', value: missing, unit: 'tokens', target: '<=0' },
    ];
  } finally {
    await vscode.screenshot('latency');
    await vscode.stop();
    try {
      process.kill((JSON.parse(readFileSync(join(root, 'service.json'), 'utf8')) as { pid: number }).pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
