/** The runs of the active backend, kept up to date by its events: an event marks a run, and marked runs are asked for anew. */
import * as vscode from 'vscode';
import type { EventBatch, RunSummary } from '../../core/protocol/methods.ts';
import type { Backends } from '../backends/backends.ts';
import { setContext } from '../commands.ts';
import { Disposables } from '../disposables.ts';
import type { Log } from '../log.ts';

export interface RunsChange {
  /** Runs whose summary is another one now; null: the list itself. */
  runs: string[] | null;
}

/** Runs that are listed; the oldest are left out, and the view says so. */
const MAX_RUNS = 500;
const PAGE = 100;
/** At most four refreshes a second. */
const COALESCE_MS = 250;
/** While something is stopping its grace counts down, which no event says. */
const STOPPING_MS = 1000;

/** Events that change what a summary says. The rest (texts, facts) come by the hundred and change nothing here. */
const telling = new Set(['state', 'train_begin', 'progress', 'metrics', 'checkpoint', 'eval', 'warn', 'error', 'end']);

export class RunStore implements vscode.Disposable {
  readonly #backends: Backends;
  readonly #log: Log;
  readonly #changed = new vscode.EventEmitter<RunsChange>();
  readonly #disposables = new Disposables();
  readonly onDidChange = this.#changed.event;
  readonly #runs = new Map<string, RunSummary>();
  readonly #marked = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #stoppingTimer: NodeJS.Timeout | null = null;
  #owner: string | null | undefined;
  #generation = 0;
  #more = false;
  #loaded = false;

  constructor(backends: Backends, log: Log) {
    this.#backends = backends;
    this.#log = log;
    this.#disposables.add(this.#changed);
    this.#disposables.add(backends.onEvents((batch) => this.#mark(batch)));
    let connected = false;
    this.#disposables.add(
      backends.onDidChange(() => {
        if (backends.active.url !== this.#owner) this.#clear();
        const now = backends.state === 'connected';
        if (now && !connected) void this.reload();
        connected = now;
      }),
    );
  }

  /** Newest first. */
  get runs(): RunSummary[] {
    return [...this.#runs.values()].toSorted((a, b) => b.created - a.created);
  }

  get(run: string): RunSummary | undefined {
    return this.#runs.get(run);
  }

  /** There are older runs than those listed. */
  get more(): boolean {
    return this.#more;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  async reload(): Promise<void> {
    const generation = ++this.#generation;
    const found: RunSummary[] = [];
    let cursor: string | undefined;
    try {
      do {
        const page = await this.#backends.call('runs/list', { limit: PAGE, ...(cursor ? { cursor } : {}) });
        found.push(...page.runs);
        cursor = page.next;
      } while (cursor && found.length < MAX_RUNS);
    } catch (error) {
      // The link says why it is not there; the list stays as it was.
      this.#log.debug(`runs/list: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    if (generation !== this.#generation) return;
    this.#owner = this.#backends.active.url;
    this.#loaded = true;
    this.#more = cursor !== undefined;
    this.#runs.clear();
    for (const run of found) this.#runs.set(run.run, run);
    this.#publish(null);
  }

  /** Asks for one run now. Rejects when it does not exist. */
  async refresh(run: string): Promise<RunSummary> {
    const summary = await this.#backends.call('runs/get', { run });
    this.#take(summary);
    return summary;
  }

  dispose(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#stoppingTimer) clearTimeout(this.#stoppingTimer);
    this.#disposables.dispose();
  }

  #clear(): void {
    this.#generation += 1;
    this.#owner = this.#backends.active.url;
    this.#loaded = false;
    this.#more = false;
    this.#runs.clear();
    this.#marked.clear();
    this.#publish(null);
  }

  #mark({ stream, events }: EventBatch): void {
    if (stream === 'journal') {
      for (const event of events) {
        if (!('run' in event) || typeof event.run !== 'string') continue;
        if (event.type === 'run_deleted') {
          if (this.#runs.delete(event.run)) this.#publish(null);
        } else this.#marked.add(event.run);
      }
    } else if (events.some(({ type }) => telling.has(type))) this.#marked.add(stream.slice(0, stream.indexOf('/')));
    if (this.#marked.size > 0) this.#timer ??= setTimeout(() => void this.#refreshMarked(), COALESCE_MS);
  }

  async #refreshMarked(): Promise<void> {
    const marked = [...this.#marked];
    this.#marked.clear();
    const generation = this.#generation;
    for (const run of marked) {
      try {
        const summary = await this.#backends.call('runs/get', { run });
        if (generation === this.#generation) this.#take(summary);
      } catch (error) {
        this.#log.debug(`runs/get ${run}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.#timer = this.#marked.size > 0 ? setTimeout(() => void this.#refreshMarked(), COALESCE_MS) : null;
  }

  #take(summary: RunSummary): void {
    const before = this.#runs.get(summary.run);
    this.#runs.set(summary.run, summary);
    if (!before) this.#publish(null);
    else if (JSON.stringify(before) !== JSON.stringify(summary)) this.#publish([summary.run]);
  }

  #publish(runs: string[] | null): void {
    const all = [...this.#runs.values()];
    setContext('longhand.hasRuns', all.length > 0);
    setContext(
      'longhand.running',
      all.some(({ state }) => state === 'running' || state === 'stopping'),
    );
    this.#changed.fire({ runs });
    const stopping = all.filter(({ state }) => state === 'stopping');
    if (stopping.length > 0 && !this.#stoppingTimer) {
      this.#stoppingTimer = setTimeout(() => {
        this.#stoppingTimer = null;
        for (const { run } of stopping) this.#marked.add(run);
        this.#timer ??= setTimeout(() => void this.#refreshMarked(), 0);
        // A backend that is away answers nothing, so the next look is not set off by an answer.
        if (this.#backends.state === 'connected') this.#publish([]);
      }, STOPPING_MS);
    }
  }
}
