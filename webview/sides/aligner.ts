/** Aligns two texts in a worker, one alignment at a time: another one ends that before it, with the thread that it runs in. */
import type { AlignedRow } from '../../core/traces/align.ts';
// oxlint-disable-next-line import/default -- the text of the module, bundled: webview/worker.d.ts
import source from './align-worker.ts?worker';
import type { AlignReport, AlignTask } from './align-worker.ts';
import { unpack, type AlignedSteps } from './aligned.ts';

export interface FoundAlignment {
  aligned: AlignedSteps;
  /** UTF-16 units that both texts have in common from the beginning. */
  commonText: number;
}

export class Aligner {
  #worker: Worker | null = null;
  /** What was asked of the worker and not answered; it answers in order. */
  #waiting: { task: AlignTask; resolve: (report: AlignReport) => void; reject: (error: Error) => void }[] = [];

  /** Never settles when another alignment is asked for meanwhile; rejects when the worker fails. */
  async align(left: string, right: string): Promise<FoundAlignment> {
    if (this.#isAligning) this.dispose();
    const report = await this.#ask({ left, right });
    if (!('aligned' in report)) throw new Error('The worker answered something else.');
    return { aligned: unpack(report.aligned), commonText: report.commonText };
  }

  /** Equations and words that both steps of a row of the last alignment have, the weightiest first; none while others are aligned. */
  async why(row: AlignedRow): Promise<string[]> {
    if (!this.#worker || this.#isAligning) return [];
    const report = await this.#ask({ why: row });
    return 'why' in report ? report.why : [];
  }

  /** Ends the worker; what waits for it waits for ever. */
  dispose(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#waiting = [];
  }

  get #isAligning(): boolean {
    return this.#waiting.some(({ task }) => 'left' in task);
  }

  #ask(task: AlignTask): Promise<AlignReport> {
    const worker = (this.#worker ??= this.#make());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
      worker.postMessage(task);
    });
  }

  #make(): Worker {
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    worker.addEventListener('message', ({ data }: MessageEvent<AlignReport>) => this.#waiting.shift()?.resolve(data));
    worker.addEventListener('error', ({ message }) => {
      if (this.#worker !== worker) return;
      const waiting = this.#waiting;
      this.dispose();
      for (const { reject } of waiting) reject(new Error(message || 'The worker ended.'));
    });
    return worker;
  }
}
