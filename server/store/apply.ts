/** Applies the events of one attempt to the index. Within the transaction of a chunk; the caller flushes and commits. */
import { checkpointAttempt } from './checkpoint-path.ts';
import type { StageEvent, TraceFacts } from '../../core/protocol/events.ts';
import type { AttemptState } from './attempts.ts';
import { quickVerdict } from './quick.ts';
import type { IndexFile } from './index-file.ts';
import type { Measured } from './measure.ts';
import { traceRowId } from './schema.ts';
import { plain } from './plain.ts';
import type { FaultKind } from './trace-store.ts';
import type { replacedIn } from './supersede.ts';
import type { TraceState, TraceStates } from './trace-state.ts';

const WARNINGS_KEPT = 100;
const LABEL_LENGTH = 60;

type Of<T extends StageEvent['type']> = Extract<StageEvent, { type: T }>;
/** Keys that an importer adds to `trace_begin`. */
type Imported = { source?: { file?: unknown; line?: unknown }; replaced?: unknown; checkpoint?: unknown };

export interface ApplyContext {
  index: IndexFile;
  traces: TraceStates;
  attempt: AttemptState;
  /** Whether a trace that begins counts, as far as its item does not say so. */
  isReplaced: ReturnType<typeof replacedIn>;
  /** Text of a trace as far as it is in the index, or null when its part is gone. */
  completion: (state: TraceState) => string | null;
  fault: (kind: FaultKind, message: string) => void;
  /** Set when an evaluation ended: the caller looks again at what counts. */
  evaluated: boolean;
  /** Items of the traces that began: the caller looks whether an older trace has one of them. */
  items: string[];
}

/** `measured` is there for the events that name text. Throws only for errors of the storage. */
export function applyEvent(context: ApplyContext, event: StageEvent, measured: Measured | null): void {
  const { digest } = context.attempt;
  digest.firstEvent ??= event.t;
  digest.lastEvent = event.t;
  switch (event.type) {
    case 'state':
      digest.phase = event.phase;
      return;
    case 'train_begin':
      digest.train = {
        maxSteps: event.max_steps,
        resumedStep: event.resumed_step,
        epochs: event.epochs,
        stepsPerEpoch: event.steps_per_epoch,
      };
      return;
    case 'progress':
      digest.progress = { done: event.done, total: event.total, unit: event.unit, t: event.t };
      return;
    case 'metrics':
      return applyMetrics(context, event);
    case 'problem':
      return applyProblem(context, event);
    case 'prompt':
      return applyPrompt(context, event, measured);
    case 'trace_begin':
      return applyTraceBegin(context, event);
    case 'trace_text':
      return applyTraceText(context, event, measured);
    case 'trace_end':
      return applyTraceEnd(context, event);
    case 'trace_facts':
      return applyFacts(context, event.trace, event.facts);
    case 'checkpoint':
      return applyCheckpoint(context, event);
    case 'eval':
      return applyEval(context, event);
    case 'warn':
      digest.warningCount++;
      digest.warnings = [...digest.warnings, { code: event.code, message: event.message, t: event.t }].slice(
        -WARNINGS_KEPT,
      );
      return;
    case 'error':
      digest.error = {
        class: event.class,
        message: event.message,
        traceback: event.traceback,
        hint: event.hint ?? null,
        t: event.t,
      };
      return;
    case 'end':
      digest.end = {
        complete: event.complete,
        step: event.step,
        maxSteps: event.max_steps,
        outputs: event.outputs,
        t: event.t,
      };
      return;
    default:
      // A type of a later version: its seq counts, its content is for whoever knows it.
      return;
  }
}

function applyMetrics({ index, attempt }: ApplyContext, event: Of<'metrics'>): void {
  const at = { step: event.step, epoch: event.epoch, t: event.t };
  attempt.digest.firstMetrics ??= at;
  attempt.digest.lastMetrics = at;
  for (const [name, value] of Object.entries(event.values)) {
    const clean = plain(name);
    index.run('INSERT OR IGNORE INTO metric_names (name) VALUES (?)', clean);
    index.run(
      'INSERT OR REPLACE INTO points SELECT ?, id, ?, ?, ? FROM metric_names WHERE name = ?',
      attempt.id,
      event.step,
      event.epoch,
      value,
      clean,
    );
  }
}

const optional = (text: string | null | undefined): string | null => (text == null ? null : plain(text));

/** How a problem is called in lists: by its source id, or the first words of its text. */
export function problemLabel(sourceId: string | null | undefined, text: string): string {
  const words = sourceId?.trim() ? sourceId : text;
  const line = words
    .slice(0, 4 * LABEL_LENGTH)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= LABEL_LENGTH
    ? line
    : line
        .slice(0, LABEL_LENGTH)
        .replace(/[\ud800-\udbff]$/, '')
        .trimEnd() + '…';
}

function applyProblem({ index, attempt }: ApplyContext, event: Of<'problem'>): void {
  const text = event.text.toWellFormed();
  const sourceId = optional(event.source_id);
  index.run(
    `INSERT INTO problems (attempt_id, hash, source_id, text, gold, gold_origin, label, search) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (attempt_id, hash) DO UPDATE SET source_id = excluded.source_id, text = excluded.text, gold = excluded.gold,
       gold_origin = excluded.gold_origin, label = excluded.label, search = excluded.search`,
    attempt.id,
    plain(event.problem),
    sourceId,
    JSON.stringify(text),
    optional(event.gold),
    event.gold_origin ?? null,
    plain(problemLabel(sourceId, text)),
    `${sourceId ?? ''}\n${text}`.toLowerCase(),
  );
}

/** The row of a problem; one that has not been told yet gets an empty one, filled when it is. */
function problemRow({ index, attempt }: ApplyContext, hash: string): number {
  const name = plain(hash);
  const find = 'SELECT id FROM problems WHERE attempt_id = ? AND hash = ?';
  const found = index.get<{ id: number }>(find, attempt.id, name);
  if (found) return found.id;
  index.run(
    `INSERT INTO problems (attempt_id, hash, text, label, search) VALUES (?, ?, '""', ?, '')`,
    attempt.id,
    name,
    name.slice(0, LABEL_LENGTH),
  );
  return index.get<{ id: number }>(find, attempt.id, name)?.id ?? 0;
}

function applyPrompt(context: ApplyContext, event: Of<'prompt'>, measured: Measured | null): void {
  const { index, attempt } = context;
  const owner = traceRowId(attempt.id, event.prompt);
  index.run(
    'INSERT OR REPLACE INTO prompts VALUES (?, ?, ?, ?, ?, ?)',
    attempt.id,
    event.prompt,
    problemRow(context, event.problem),
    measured?.units ?? 0,
    event.tokens ?? null,
    measured?.replaced ?? 0,
  );
  index.run('DELETE FROM extents WHERE kind = 1 AND owner = ?', owner);
  measured?.pieces.forEach((piece, ix) =>
    index.run(
      'INSERT INTO extents VALUES (1, ?, ?, ?, ?, ?, ?)',
      owner,
      ix,
      event.part,
      piece.position,
      piece.bytes,
      piece.units,
    ),
  );
}

function applyTraceBegin(context: ApplyContext, event: Of<'trace_begin'>): void {
  const { attempt, traces, isReplaced } = context;
  if (traces.get(attempt.id, event.trace)) {
    context.fault('bad_line', `trace ${event.trace} begins a second time`);
    return;
  }
  const extra = event as Imported;
  const source = extra.source;
  const step = event.step ?? null;
  const of = optional(event.of);
  const item = optional(event.item);
  if (item !== null) context.items.push(item);
  if (of !== null) attempt.digest.of = of;
  const checkpoint = typeof extra.checkpoint === 'string' ? extra.checkpoint : (event.model ?? '');
  const where = {
    step,
    of,
    of_attempt: of === null ? null : checkpointAttempt(checkpoint, of),
    set_name: optional(event.set),
    marker: optional(event.marker),
    seq: event.seq,
    item,
  };
  traces.add({
    id: traceRowId(attempt.id, event.trace),
    attempt_id: attempt.id,
    problem_id: problemRow(context, event.problem),
    prompt: event.prompt,
    sample: event.sample,
    epoch: event.epoch ?? null,
    ...where,
    grp: optional(event.group),
    live: attempt.ended ? 0 : 1,
    superseded: isReplaced(where) ? 1 : 0,
    units: 0,
    facts: {},
    sampling: event.sampling ? JSON.stringify(event.sampling) : null,
    model: optional(event.model),
    quick: null,
    found: null,
    replaced: typeof extra.replaced === 'number' ? extra.replaced : 0,
    source_file: typeof source?.file === 'string' ? plain(source.file) : null,
    source_line: typeof source?.line === 'number' && Number.isSafeInteger(source.line) ? source.line : null,
    token_ids: null,
    scores: null,
    begun: event.t,
    ended: null,
    ending: 0,
    ix: -1,
    tail: null,
    changed: true,
    grown: false,
    counted: null,
  });
}

/** The trace that an event names, or null with a fault: it never began. */
function known(context: ApplyContext, trace: number): TraceState | null {
  const state = context.traces.get(context.attempt.id, trace);
  if (!state) context.fault('unknown_trace', `trace ${trace} has not begun`);
  return state;
}

function applyTraceText(context: ApplyContext, event: Of<'trace_text'>, measured: Measured | null): void {
  const state = known(context, event.trace);
  if (!state || !measured) return;
  if (measured.replaced > 0) {
    state.replaced += measured.replaced;
    context.traces.touch(state);
  }
  context.traces.grow(state, event.part, measured.pieces, measured.startsWhole);
}

function applyTraceEnd(context: ApplyContext, event: Of<'trace_end'>): void {
  const state = known(context, event.trace);
  if (!state) return;
  state.live = 0;
  state.ended = event.t;
  state.ending = event.tail ?? 0;
  state.token_ids = event.token_ids ? JSON.stringify(event.token_ids) : null;
  state.scores = event.scores ? JSON.stringify(event.scores) : null;
  context.traces.flushText(state);
  const text = context.completion(state);
  if (text !== null) {
    const gold =
      context.index.get<{ gold: string | null }>('SELECT gold FROM problems WHERE id = ?', state.problem_id)?.gold ??
      null;
    const { found, quick } = quickVerdict(text, gold);
    state.found = found;
    state.quick = quick;
  }
  applyFacts(context, event.trace, event.facts);
}

function applyFacts(context: ApplyContext, trace: number, facts: TraceFacts): void {
  const state = known(context, trace);
  if (!state) return;
  state.facts = { ...state.facts, ...facts };
  context.traces.touch(state);
}

function applyCheckpoint({ index, attempt }: ApplyContext, event: Of<'checkpoint'>): void {
  index.run(
    'INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)',
    attempt.id,
    plain(event.path),
    event.step,
    event.epoch,
    event.bytes,
    event.seq,
    event.t,
  );
  if (attempt.valid_to === event.step) attempt.valid_seq = event.seq;
}

function applyEval(context: ApplyContext, event: Of<'eval'>): void {
  const { v: _v, seq, t, type: _type, ...value } = event;
  const of = plain(event.of);
  context.attempt.digest.of = of;
  context.evaluated = true;
  context.index.run(
    'INSERT OR REPLACE INTO evals VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?)',
    context.attempt.id,
    seq,
    of,
    checkpointAttempt(event.checkpoint, of),
    event.step,
    plain(event.set),
    optional(event.marker),
    JSON.stringify(value),
    t,
  );
}
