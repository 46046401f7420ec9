/** Follows a run to its end: a line whenever something changes, and the stage table. Used by `run` and `resume --wait`. */
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../core/protocol/client.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Result, RunSummary, StageInfo } from '../../core/protocol/methods.ts';
import { connectOrStart, type Where } from './connect.ts';
import { duration, table, type Output } from './output.ts';

const POLL_MS = 500;
/** A line of progress at least so often, at most so seldom. */
const PROGRESS_MS = 10_000;

const over = new Set<RunSummary['state']>(['completed', 'failed', 'stopped']);

export interface StageTable {
  run: string;
  stages: {
    id: string;
    kind: string;
    epoch: number | null;
    accuracy: number | null;
    accuracy_ci95: [number, number] | null;
    tokens_mean: number | null;
    n: number;
    seconds: number;
    /** The style marker at the end of the prompts, null without one. */
    marker: string | null;
  }[];
  seconds_total: number;
}

/** The run's stage table in the form that scripts get: the base, each evaluated epoch, the end of each stage. */
export async function stageTable(backend: Backend, run: string): Promise<StageTable> {
  const { rows, secondsTotal } = await backend.call('runs/table', { run });
  return {
    run,
    stages: rows.map(({ id, kind, epoch, accuracy, accuracy_ci95, tokens_mean, n, seconds, marker = null }) => {
      return { id, kind, epoch, accuracy, accuracy_ci95, tokens_mean, n, seconds, marker };
    }),
    seconds_total: secondsTotal,
  };
}

export function tableLines({ rows, secondsTotal }: Result<'runs/table'>): string[] {
  if (rows.length === 0) return ['Nothing was evaluated.'];
  const percent = (value: number | null) => (value === null ? '–' : `${(value * 100).toFixed(1)} %`);
  const head = ['stage', 'epoch', 'accuracy', '95 % interval', 'mean tokens', 'n', 'seconds'];
  const body = rows.map((row) => [
    row.id,
    row.epoch === null ? '–' : String(Math.round(row.epoch * 100) / 100),
    percent(row.accuracy),
    row.accuracy_ci95 ? `[${percent(row.accuracy_ci95[0])}, ${percent(row.accuracy_ci95[1])}]` : '–',
    row.tokens_mean === null ? '–' : row.tokens_mean.toFixed(1),
    String(row.n),
    row.seconds.toFixed(1),
  ]);
  if (rows.some(({ marker }) => marker)) {
    head.push('marker');
    for (const [i, line] of body.entries()) line.push(rows[i]!.marker?.trim() ?? '–');
  }
  return [...table([head, ...body]), '', `${duration(secondsTotal)} in all; mean tokens over all outputs.`];
}

/** Waits until nothing of the run is running. A service that goes away in between is started again; the run does not notice. */
export async function followRun(first: Backend, where: Where, run: string, output: Output): Promise<RunSummary> {
  let backend = first;
  const reporter = new Reporter(output);
  const interrupted = askOnInterrupt(output, async (force) => {
    if (force) throw new LonghandError('cancelled', `${run} goes on. See it with: longhand show ${run}`);
    await backend.call('runs/stop', { run });
    output.line('Stopping: a checkpoint is saved first …');
  });
  try {
    for (;;) {
      try {
        const summary = await backend.call('runs/get', { run });
        reporter.report(summary);
        if (over.has(summary.state)) return summary;
        await Promise.race([sleep(POLL_MS), interrupted.left]);
      } catch (error) {
        if (!LonghandError.is(error, 'disconnected')) throw error;
        output.line('The backend is gone; starting it again. The stages go on.');
        backend = await connectOrStart(where);
      }
    }
  } finally {
    interrupted.dispose();
    if (backend !== first) backend.close();
  }
}

/** Ctrl-C asks whether to stop the run or to leave it running; a second one leaves it. */
function askOnInterrupt(output: Output, act: (leave: boolean) => Promise<void>) {
  let reject: (error: unknown) => void = () => {};
  const left = new Promise<never>((_, fail) => (reject = fail));
  left.catch(() => undefined);
  let asking = false;
  const onInterrupt = () => {
    if (asking || !process.stdin.isTTY) {
      act(true).catch(reject);
      return;
    }
    asking = true;
    const question = createInterface({ input: process.stdin, output: process.stderr });
    question.on('SIGINT', () => {
      question.close();
      act(true).catch(reject);
    });
    question
      .question('\nStop the run (s), or leave it running and go (l)? [l] ')
      .then(async (answer) => {
        question.close();
        asking = false;
        await act(!/^s/i.test(answer.trim()));
      })
      .catch(reject);
  };
  process.on('SIGINT', onInterrupt);
  return { left, dispose: () => void process.off('SIGINT', onInterrupt) };
}

/** One line for each stage that began, ended or went on. */
class Reporter {
  readonly #output: Output;
  readonly #said = new Map<string, { line: string; state: string; at: number }>();

  constructor(output: Output) {
    this.#output = output;
  }

  report(summary: RunSummary): void {
    for (const stage of summary.stages) {
      const said = this.#said.get(stage.id);
      const line = stageLine(stage);
      const due = said?.state !== stage.state || Date.now() - said.at >= PROGRESS_MS;
      if (stage.state === 'waiting' || line === said?.line || !due) continue;
      for (const one of stageLines(stage)) this.#output.line(one);
      this.#said.set(stage.id, { line, state: stage.state, at: Date.now() });
    }
  }
}

/** {@link stageLine}, and under a stage that failed what can be done about it. */
export function stageLines(stage: StageInfo): string[] {
  const hint = stage.attempts.at(-1)?.error?.hint;
  return [stageLine(stage), ...(stage.state === 'failed' && hint ? [`${' '.repeat(10)} ${hint}`] : [])];
}

/** `sft  running  step 40 of 250, epoch 1.6, 3 min 20 s left`. */
function stageLine(stage: StageInfo): string {
  const parts = [stage.id.padEnd(10), stage.state.padEnd(9)];
  const newest = stage.attempts.at(-1);
  const { progress } = stage;
  const facts: string[] = [];
  if (stage.phase && stage.phase !== 'running') facts.push(stage.phase);
  if (progress) {
    const total = progress.total === null ? '' : ` of ${progress.total}`;
    facts.push(
      progress.unit === 'steps' ? `step ${progress.done}${total}` : `${progress.done}${total} ${progress.unit}`,
    );
    if (progress.epoch !== null) facts.push(`epoch ${Math.round(progress.epoch * 10) / 10}`);
    if (progress.secondsLeft !== null) facts.push(`${duration(progress.secondsLeft)} left`);
  }
  if (newest?.graceLeft !== null && newest?.graceLeft !== undefined)
    facts.push(`killed in ${duration(newest.graceLeft)}`);
  if (newest && newest.ended !== null && newest.started !== null) {
    facts.push(`after ${duration((newest.ended - newest.started) / 1000)}`);
  }
  if (newest?.error) facts.push(`${newest.error.class}: ${newest.error.message.split('\n')[0]}`);
  return `${parts.join(' ')} ${facts.join(', ')}`.trimEnd();
}
