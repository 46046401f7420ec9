/** Writes imports as ordinary attempts, in exactly the files that a worker would leave, so that nothing else need know of imports. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RunFile, Spec } from '../../core/protocol/files.ts';
import { estimatedTokenFacts } from '../../core/traces/tokens.ts';
import { attemptFolder, runFolder } from './paths.ts';
import { RecordWriter } from './record-writer.ts';
import type { TraceWhere } from './record-writer.ts';
import type { Store } from './store.ts';
import type { AttemptKey, ImportedMetrics, ImportedTrace } from './trace-store.ts';

export interface ImportStart {
  run: string;
  name: string;
  source: string;
  vars?: Record<string, unknown>;
}

export interface ImportBatch {
  traces?: ImportedTrace[];
  metrics?: ImportedMetrics[];
  warnings?: { code: string; message: string }[];
}

interface Running {
  writer: RecordWriter;
  traces: number;
  metrics: number;
}

const keyOf = (run: string): AttemptKey => ({ run, stage: 'import', attempt: 1 });

export class Imports {
  private readonly store: Store;
  private readonly running = new Map<string, Running>();

  constructor(store: Store) {
    this.store = store;
  }

  /** True when the same content has been imported whole before. What an interrupted import left is removed. */
  begin({ run, name, source, vars }: ImportStart): { existed: boolean } {
    if (this.running.has(run)) throw new LonghandError('already_running', `${name} is being imported already.`);
    const { root } = this.store;
    const before = this.before(run);
    if (before === 'whole') return { existed: true };
    // Where its folder cannot be moved away the next line says so.
    if (before === 'part') this.store.deleteRun(run).catch(() => undefined);
    // A folder that the index does not know, as after a kill between folder and journal.
    rmSync(runFolder(root, run), { recursive: true, force: true });
    const folder = attemptFolder(root, keyOf(run));
    mkdirSync(folder, { recursive: true });
    const runFile: RunFile = { v: 1, run, name, kind: 'import', created: Date.now(), source, vars: vars ?? {} };
    const spec: Spec = {
      v: 1,
      run,
      stage: 'import',
      attempt: 1,
      kind: 'import',
      command: ['longhand', 'import', source],
      env: {},
      grace_s: 0,
      mark: '',
      resumed_from: null,
      stage_config: { id: 'import', kind: 'import', source },
      inputs: {},
      seed: 0,
    };
    writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec, null, 2));
    writeFileSync(join(runFolder(root, run), 'run.json'), JSON.stringify(runFile, null, 2));
    const writer = new RecordWriter(folder);
    this.store.intake.importing.add(run);
    this.store.intake.appendJournal({ type: 'run_created', run, kind: 'import' });
    this.store.intake.appendJournal({ type: 'attempt_created', run, stage: 'import', attempt: 1, resumed_from: null });
    writer.event({ type: 'state', phase: 'running' });
    this.running.set(run, { writer, traces: 0, metrics: 0 });
    return { existed: false };
  }

  private before(run: string): 'none' | 'part' | 'whole' {
    try {
      const attempts = this.store.questions.run(run).stages.flatMap((stage) => stage.attempts);
      return attempts.some((attempt) => attempt.end?.complete) ? 'whole' : 'part';
    } catch (error) {
      if (LonghandError.is(error, 'not_found')) return 'none';
      throw error;
    }
  }

  /** Written when it returns. */
  append(run: string, { traces = [], metrics = [], warnings = [] }: ImportBatch): void {
    const running = this.get(run);
    const { writer } = running;
    writer.batch(() => {
      for (const trace of traces) writeTrace(writer, trace);
      for (const { step, epoch, values } of metrics)
        writer.event({ type: 'metrics', step, epoch, values: finite(values) });
      for (const { code, message } of warnings) writer.event({ type: 'warn', code, message });
    });
    running.traces += traces.length;
    running.metrics += metrics.length;
  }

  /** Resolves when all of it is in the index. */
  async finish(run: string): Promise<{ traces: number; metrics: number }> {
    const { writer, traces, metrics } = this.get(run);
    writer.event({ type: 'end', complete: true, step: null, max_steps: null, outputs: {} });
    writer.sync();
    writer.close();
    this.forget(run);
    this.store.intake.appendJournal({ type: 'attempt_ended', ...keyOf(run), outcome: 'completed' });
    await this.store.intake.catchUp(keyOf(run));
    return { traces, metrics };
  }

  async abort(run: string): Promise<void> {
    this.get(run).writer.close();
    this.forget(run);
    await this.store.deleteRun(run);
  }

  private forget(run: string): void {
    this.running.delete(run);
    this.store.intake.importing.delete(run);
  }

  private get(run: string): Running {
    const running = this.running.get(run);
    if (!running) throw new LonghandError('not_found', `No import of ${run} is going on.`);
    return running;
  }
}

function writeTrace(writer: RecordWriter, trace: ImportedTrace): void {
  const { text, gold, sourceId, goldOrigin } = trace.problem;
  const problem = writer.problem(text, { gold, sourceId, ...(goldOrigin && { goldOrigin }) });
  const prompt = trace.prompt === null ? null : writer.prompt(problem, trace.prompt);
  const { sample, step, epoch, set, group, sampling, marker, model, source, replaced } = trace;
  const where: TraceWhere = {
    sample,
    step,
    epoch,
    set,
    group,
    sampling,
    marker,
    model,
    source,
    ...(replaced > 0 && { replaced }),
  };
  const number = writer.traceBegin(problem, prompt, where);
  writer.traceText(number, trace.completion);
  // A file that counts no tokens still has lengths to sort and compare by.
  const counted = trace.facts.tokens !== undefined;
  const facts = counted ? trace.facts : { ...estimatedTokenFacts(trace.completion), ...trace.facts };
  writer.traceEnd(number, facts, trace.scores && { scores: trace.scores });
}

const finite = (values: Record<string, number | null>): Record<string, number | null> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value !== null && Number.isFinite(value) ? value : null]),
  );
