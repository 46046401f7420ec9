/**
 * Verdicts looked at again. A reader's word on a trace and the re-scoring of many are events of the journal; they count from then on,
 * and what the checkers had said stays beside them. The order of authority: the reader, the newest re-score that stands, the
 * engine's checker, the quick check.
 */
import type { FoundAnswer, Verdict, VerdictValue } from './events.ts';
import type { GivenVerdict } from './files.ts';
import type { TraceFilter, TraceRow } from './traces.ts';

/** Checker `reader`; its version counts what was said of the trace so far, from 1. */
export interface ReaderVerdict extends Verdict {
  by: string;
  t: number;
  /** What had counted before; null: nothing. */
  before: Verdict | null;
}

/** A verdict that a re-score has put in the place of the checker's. */
export interface RescoredVerdict extends Verdict {
  /** The seq of the journal's event: what takes it back. */
  rescore: number;
  by: string;
  t: number;
  policy: string;
}

/** One spelling of an answer on its way to the one that is compared, and the rule that made it. */
export interface AnswerStep {
  rule: string;
  text: string;
}

export interface AnswerCandidate extends FoundAnswer {
  in: 'reasoning' | 'answer';
  /** The quick check of this candidate; null without a gold answer. */
  value: VerdictValue | null;
  /** The one that counts. */
  extracted: boolean;
}

/** All that decided over the answer of a trace. */
export interface TraceAnswers {
  trace: string;
  /** UTF-16 units of the completion that were read. */
  length: number;
  /** Every answer that the completion states on its way, by position; at most {@link CANDIDATE_LIMIT}, the last ones. */
  candidates: AnswerCandidate[];
  /** Candidates before those. */
  moreCandidates: number;
  gold: string | null;
  goldSteps: AnswerStep[];
  answerSteps: AnswerStep[];
  /** In the order of authority, the one that counts first. */
  verdicts: (Verdict & { by?: string; t?: number })[];
}

export const CANDIDATE_LIMIT = 200;

export const auditReasons = [
  'checkers_differ',
  'same_answer_differs',
  'gold_in_text',
  'undecided',
  'answers_differ',
  'gold_unreadable',
  'majority_differs',
  'weak_rule',
] as const;
export type AuditReason = (typeof auditReasons)[number];

/** What a verdict may be: a right answer called wrong, a wrong one called right, or nobody can tell from here. */
export type Suspect = 'false_negative' | 'false_positive' | 'unclear';

export interface AuditItem {
  row: TraceRow;
  suspect: Suspect;
  /** The strongest first. `detail` is a sentence; `at` the place in the completion that it speaks of. */
  reasons: { reason: AuditReason; detail: string; at?: { start: number; end: number } }[];
}

export interface AuditQueue {
  /** The most suspicious first. */
  items: AuditItem[];
  next?: string;
  /** Traces with a reason, of `looked`; by reason, a trace under each of its own. */
  total: number;
  reasons: Partial<Record<AuditReason, number>>;
  /** Traces with a gold answer that were looked at; those with a reader's word are not in the list, and counted in `done`. */
  looked: number;
  done: number;
  /** Texts that are still to be read: the same call goes on with them. */
  waiting: number;
  /** Traces whose text is gone, or longer than is read. */
  unreadable: number;
  cut: number;
  /** Traces beyond {@link AUDIT_LIMIT} that were not looked at. */
  beyond: number;
}

/** Most traces of a queue or a re-score. */
export const AUDIT_LIMIT = 200_000;
/** Most changes that a re-score applies at once. */
export const RESCORE_LIMIT = 50_000;

/** Who judges again: the quick check in the service, or the engine's checker (Math-Verify), which has no policy. */
export type RescoreChecker = 'quick' | 'engine';

export interface RescoreWish {
  /** With a `run`. */
  filter: TraceFilter;
  /** Narrows the filter, as in `traces/page`. */
  query?: string;
  /** Absent: the quick check. */
  checker?: RescoreChecker;
  /** The name of a policy of the quick check (`core/answers/policy.ts`); `default` for the engine's checker. */
  policy: string;
  /** Judged again are those with these verdicts only; absent: all that have a gold answer. */
  over?: VerdictValue[];
}

/** An estimate with its 95 % interval, by bootstrap over problems. */
export interface Estimate {
  mean: number;
  ci95: [number, number];
}

/** One evaluation or step under one marker setting, before and after. Accuracy as in the stage table: right and not cut. */
export interface RescoreSet {
  stage: string;
  of: string | null;
  step: number | null;
  set: string | null;
  marker: string | null;
  problems: number;
  n: number;
  before: Estimate;
  after: Estimate;
  difference: Estimate;
}

export interface RescoreChange {
  row: TraceRow;
  from: VerdictValue | null;
  to: VerdictValue;
  gold: string | null;
  reason: string | null;
}

export interface RescorePreview {
  checker: string;
  version: string;
  policy: string;
  /** Traces that were judged again, and those still to be: the same call goes on with them. */
  done: number;
  waiting: number;
  beyond: number;
  /** How many change, by what they were and would be. */
  moves: { from: VerdictValue | null; to: VerdictValue; n: number }[];
  /** Judged again, and the checker cannot say: they keep what they have. With a reader's word: it stays. */
  kept: { undecided: number; reader: number };
  sets: RescoreSet[];
  moreSets: number;
  changes: RescoreChange[];
  total: number;
  next?: number;
}

/** A re-score of the journal. */
export interface AppliedRescore {
  rescore: number;
  t: number;
  by: string;
  checker: string;
  version: string;
  policy: string;
  changes: number;
  undone: boolean;
}

export interface AuditMethods {
  /**
   * A reader's word on a trace that has ended; null takes it back. `by` is who said so; absent: the user of the backend.
   * `before` is the reader's word until then: what undoes this.
   */
  'traces/judge': {
    params: { trace: string; verdict: GivenVerdict | null; by?: string };
    result: { verdict: VerdictValue | null; reader: ReaderVerdict | null; before: GivenVerdict | null };
  };
  'traces/answers': { params: { trace: string }; result: TraceAnswers };

  /**
   * Probable false negatives and false positives of the filter's traces. Texts are read when they are asked for, for a fraction of a
   * second a call, and what was found is kept in the index: while `waiting` is above 0 the same call goes on. `query` narrows the
   * filter as in `traces/page`; words and expressions are refused (`invalid_query`).
   */
  'audit/queue': {
    params: {
      filter: TraceFilter;
      query?: string;
      reasons?: AuditReason[];
      suspect?: Suspect;
      cursor?: string;
      limit?: number;
    };
    result: AuditQueue;
  };
  /** What another checker or other rules would change; nothing is changed. While `waiting` is above 0 the same call goes on; who stops calling has cancelled. */
  'audit/rescore': { params: RescoreWish & { cursor?: number; limit?: number }; result: RescorePreview };
  /** Makes a preview that is whole count, as one event of the journal. `changes`: how many the reader has seen. */
  'audit/apply': {
    params: RescoreWish & { changes: number; by?: string };
    result: { rescore: number; changes: number };
  };
  'audit/undo': { params: { run: string; rescore: number; by?: string }; result: { changes: number } };
  /** The newest first, at most 100. */
  'audit/rescores': { params: { run: string }; result: { rescores: AppliedRescore[] } };
}
