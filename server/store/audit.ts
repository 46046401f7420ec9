/** Verdicts looked at again: readers' words, what decided over an answer, the queue of suspicious verdicts, re-scores. */
import { candidates } from '../../core/answers/extract.ts';
import { normalisationSteps, quickCheck } from '../../core/answers/quick-check.ts';
import {
  CANDIDATE_LIMIT,
  type AppliedRescore,
  type AuditMethods,
  type TraceAnswers,
} from '../../core/protocol/audit.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';
import type { JournalEvent } from '../../core/protocol/files.ts';
import { AuditQueues } from './audit-queue.ts';
import type { IndexFile } from './index-file.ts';
import { parseTraceId } from './paths.ts';
import { Rescores } from './rescore.ts';
import { readText } from './text.ts';
import { findTrace, traceDetail } from './traces.ts';
import type { NewJournalEvent } from './trace-store.ts';

export type AuditMethod = keyof AuditMethods;
type Params<M extends AuditMethod> = AuditMethods[M]['params'];
type Result<M extends AuditMethod> = AuditMethods[M]['result'];

/** UTF-16 units of a completion in which candidates are looked for. */
const READ_LIMIT = 8 * 2 ** 20;
/** Candidates of one length or more are not worth a comparison in the instant of opening a trace. */
const COMPARED_LENGTH = 2_000;
const LISTED = 100;

export class Audit {
  private readonly index: IndexFile;
  private readonly root: string;
  private readonly append: (event: NewJournalEvent) => JournalEvent;
  private readonly queues: AuditQueues;
  readonly rescores: Rescores;

  constructor(index: IndexFile, root: string, append: (event: NewJournalEvent) => JournalEvent) {
    this.index = index;
    this.root = root;
    this.append = append;
    this.queues = new AuditQueues(index, root);
    this.rescores = new Rescores(index);
  }

  /** Yields every few milliseconds where it is long work, so that other calls are answered between. */
  answer<M extends AuditMethod>(method: M, params: Params<M>): Generator<void, Result<M>> {
    return this.answers[method](params);
  }

  private readonly answers: { [M in AuditMethod]: (params: Params<M>) => Generator<void, Result<M>> } = {
    'traces/judge': (params) => atOnce(() => this.judge(params)),
    'traces/answers': ({ trace }) => atOnce(() => this.answersOf(trace)),
    'audit/queue': (params) => this.queues.page(params),
    'audit/rescore': (params) => this.rescores.preview(params),
    'audit/apply': (params) => atOnce(() => this.apply(params)),
    'audit/undo': (params) => atOnce(() => this.undo(params)),
    'audit/rescores': ({ run }) => atOnce(() => ({ rescores: this.applied(run) })),
  };

  private judge({ trace, verdict, by = '' }: Params<'traces/judge'>): Result<'traces/judge'> {
    const now = traceDetail(this.index, trace);
    if (now.live)
      throw new LonghandError('not_runnable', 'The trace is still being written. Judge it when it has ended.');
    const { key, n } = parseTraceId(trace);
    const before = (now.reader?.value ?? null) as Result<'traces/judge'>['before'];
    if (verdict !== before) {
      const counting = now.reader ?? now.rescored ?? now.verdictBy ?? now.quick;
      const word = counting && {
        value: counting.value,
        checker: counting.checker,
        version: counting.version,
        reason: counting.reason ?? null,
      };
      this.append({ type: 'verdict_given', ...key, trace: n, verdict, by, before: word });
    }
    const then = traceDetail(this.index, trace);
    return { verdict: then.verdict, reader: then.reader, before };
  }

  private answersOf(trace: string): TraceAnswers {
    const detail = traceDetail(this.index, trace);
    const place = findTrace(this.index, this.root, trace);
    const text = readText(this.index, place.folder, 0, place.id, READ_LIMIT) ?? '';
    const { gold, answerFound, reader, rescored, verdictBy, quick } = detail;
    const known = new Map<string, VerdictValue>();
    const value = (answer: string): VerdictValue | null => {
      if (gold === null) return null;
      let found = known.get(answer);
      if (found === undefined)
        known.set(answer, (found = answer.length < COMPARED_LENGTH ? quickCheck(gold, answer).value : 'undecided'));
      return found;
    };
    const all = candidates(text);
    return {
      trace,
      length: text.length,
      candidates: all.slice(-CANDIDATE_LIMIT).map(({ section, ...candidate }) => ({
        ...candidate,
        in: section,
        value: value(candidate.text),
        extracted: answerFound !== null && candidate.start >= answerFound.start && candidate.end <= answerFound.end,
      })),
      moreCandidates: Math.max(0, all.length - CANDIDATE_LIMIT),
      gold,
      goldSteps: gold === null ? [] : normalisationSteps(gold),
      answerSteps: answerFound ? normalisationSteps(answerFound.text) : [],
      verdicts: [reader, rescored, verdictBy, quick].filter((one) => one !== null),
    };
  }

  private apply(params: Params<'audit/apply'>): Result<'audit/apply'> {
    const event = this.rescores.event(params, params.by ?? '');
    const { seq } = this.append(event);
    return { rescore: seq, changes: params.changes };
  }

  private undo({ run, rescore, by = '' }: Params<'audit/undo'>): Result<'audit/undo'> {
    const found = this.applied(run, rescore)[0];
    if (!found) throw new LonghandError('not_found', `There is no re-score ${rescore} of ${run}.`);
    if (found.undone) throw new LonghandError('not_runnable', 'It has been taken back already.');
    this.append({ type: 'rescore_undone', run, rescore, by });
    return { changes: found.changes };
  }

  /** The newest first. */
  private applied(run: string, seq?: number): AppliedRescore[] {
    const rows = this.index.all<Omit<AppliedRescore, 'undone'> & { undone: number }>(
      `SELECT seq AS rescore, t, by, checker, version, policy, changes, undone FROM rescores
       WHERE run = :run AND (:seq IS NULL OR seq = :seq) ORDER BY seq DESC LIMIT ${LISTED}`,
      { run, seq: seq ?? null },
    );
    return rows.map((row) => ({ ...row, undone: row.undone === 1 }));
  }
}

// oxlint-disable-next-line require-yield -- the one shape of all answers
function* atOnce<T>(work: () => T): Generator<void, T> {
  return work();
}
