/** Traces in lists and one by one, as the methods of the contract give them (`methods.ts`). */
import type { Sampling, TraceFacts, Finish, Verdict, VerdictValue, FoundAnswer } from './events.ts';
import type { ReaderVerdict, RescoredVerdict } from './audit.ts';
import { labels, type Label, type Span, type SpanCounts } from '../behaviours/spans.ts';
import type { Section } from '../traces/sections.ts';
import type { Layer } from './layers.ts';

export interface TraceFilter {
  run?: string;
  stage?: string;
  /** For evaluations: the stage whose checkpoint wrote the traces; `null`: those that name none. */
  of?: string | null;
  attempt?: number;
  /** `null`: those of no step. */
  step?: number | null;
  stepFrom?: number;
  stepTo?: number;
  problem?: string;
  group?: string;
  /** `null`: those of no evaluation set. */
  set?: string | null;
  /** The style marker at the end of the prompt; `null`: those without one. */
  marker?: string | null;
  /** Traces in which `metrics/behaviours` has counted at least one of these. */
  behaviour?: Label;
  verdict?: VerdictValue[];
  finish?: Finish[];
  /** Those in which an answer was found, or those in which none was. */
  answered?: boolean;
  /** Case-insensitive words in the problem, the source id or the answer. */
  text?: string;
  live?: boolean;
  superseded?: boolean;
}

/**
 * What lists are sorted by. `order`: as the traces were begun; `length`: of the text, in UTF-16 units; `behaviour`: spans of all labels
 * together, `behaviour.<label>` of one.
 */
export const traceSortKeys = [
  'order',
  'problem',
  'problemTokens',
  'gold',
  'group',
  'stage',
  'step',
  'epoch',
  'set',
  'sample',
  'verdict',
  'answer',
  'tokens',
  'length',
  'finish',
  'reward',
  'advantage',
  'after',
  'flips',
  'lost',
  'behaviour',
  ...labels.map((label): `behaviour.${Label}` => `behaviour.${label}`),
] as const;
export type TraceSortKey = (typeof traceSortKeys)[number];

export interface TraceSort {
  key: TraceSortKey;
  descending: boolean;
}

export interface TraceRow {
  trace: string;
  run: string;
  stage: string;
  of: string | null;
  attempt: number;
  step: number | null;
  epoch: number | null;
  /** The set that its problem belongs to. */
  set: string | null;
  problem: string;
  /** Source id where there is one, otherwise the beginning of the problem's text. */
  problemLabel: string;
  sample: number;
  group: string | null;
  /** The right answer; in a list its first 200 characters. */
  gold: string | null;
  verdict: VerdictValue | null;
  answer: string | null;
  tokens: number | null;
  tokensExact: boolean;
  finish: Finish | null;
  reward: number | null;
  advantage: number | null;
  /** Still being written. */
  live: boolean;
  superseded: boolean;
  /** Where `metrics/figures` or `traces/figures` has read its text: tokens after the first right answer (null: none), changes between right and wrong, tokens lost in loops. */
  figures?: { after: number | null; flips: number; lost: number | null };
  /** Where its text was read for them: spans by label. */
  behaviours?: SpanCounts;
  /** Length of the completion so far, in UTF-16 units. */
  length: number;
}

export interface TraceDetail extends TraceRow {
  facts: TraceFacts;
  problemText: string;
  sourceId: string | null;
  gold: string | null;
  goldOrigin: string | null;
  sampling: Sampling | null;
  marker: string | null;
  model: string | null;
  promptLength: number;
  answerFound: FoundAnswer | null;
  /** The checker's word, where there is one. */
  verdictBy: Verdict | null;
  /** The quick check's word, always its own. */
  quick: Verdict | null;
  /** A reader's word, which counts before all others, and a re-score's, which counts before the checkers'. */
  reader: ReaderVerdict | null;
  rescored: RescoredVerdict | null;
  /** How many invalid bytes were replaced, and where in the source they lie. */
  replaced: number;
  source: { file: string; line: number } | null;
}

export interface Annotations {
  trace: string;
  /** Length of the completion that was read; a growing one may be longer by now. */
  length: number;
  spans: Span[];
  /** There are more spans, from this number on; absent: these are the last. */
  next?: number;
  /** Of all spans. */
  counts: SpanCounts;
  sections: Section[];
  /** Start offsets of steps (sentences and display formulas) in the completion. */
  steps: number[];
  /** What readers and a judge say of the same completion; absent: nobody but the detector has said anything. */
  layers?: Layer[];
}
