/**
 * Readers' own labels of traces (`methods.ts`): what was edited, by whom, and what the detector makes of the same texts. Every edit is
 * an event of the journal; a layer is what all edits of one reader on one trace make together.
 */
import { labels, type Label } from '../behaviours/spans.ts';
import type { Counts } from '../labels/agreement.ts';
import type { ExportedLabels, WantedEdit } from './label-schemas.ts';

/** Markers are tokens: nobody labels them. */
export type ReaderLabel = Exclude<Label, 'marker'>;
export const isReaderLabel = (label: Label): label is ReaderLabel => label !== 'marker';
export const readerLabels: readonly ReaderLabel[] = labels.filter(isReaderLabel);

/** Most spans of a layer. */
export const LABELS_LIMIT = 20_000;
/** Most edits of one request: a whole layer in the place of another one, and what was reviewed. */
export const EDITS_LIMIT = 2 * LABELS_LIMIT + 1;

export interface ReaderSpan {
  /** Of this layer; stays with the span while it is moved and relabelled. */
  id: number;
  start: number;
  end: number;
  label: ReaderLabel;
  /** When it was set or last changed. */
  at: number;
  /** Which detector's spans the reader could see then. */
  detector: string;
  version: string;
  /** Taken over from the detector, and not changed since. */
  copied: boolean;
}

/** Where a reader's word stands against another's. */
export interface Place {
  start: number;
  end: number;
  label: ReaderLabel;
}

/** All that one reader says of one completion. */
export interface ReaderLayer {
  trace: string;
  by: string;
  /** Counts the edits; 0: nothing yet. An edit names the one that it was made on. */
  revision: number;
  /** The id that the next span gets. */
  next: number;
  /** By start, the longer first. */
  spans: ReaderSpan[];
  /** Stretches that the reader vouches for, ordered, apart. */
  reviewed: [start: number, end: number][];
  settled: Place[];
}

export interface LabelAgreement {
  label: ReaderLabel;
  steps: Counts;
  spans: Counts;
}

/** The detector against one reader over all that the reader has reviewed in a run. */
export interface RunAgreement {
  by: string;
  detector: { name: string; version: string };
  labels: LabelAgreement[];
  /** Traces with a reviewed stretch, and their steps in such stretches. */
  traces: number;
  steps: number;
  /** Traces that are still to be read: the same call goes on. */
  waiting: number;
}

/**
 * A place to read next. `missed`: the reader has a span and the detector has none there; `extra`: the other way round; `judge`: the
 * detector and a judge disagree where the reader has not read; `unsure`: a span of which the detector is least sure, not read.
 */
export interface QueueItem extends Place {
  trace: string;
  problemLabel: string;
  why: 'missed' | 'extra' | 'judge' | 'unsure';
  /** The detector's, where it has a span. */
  confidence: number | null;
  /** How the place begins. */
  text: string;
}

export interface LabelQueue {
  items: QueueItem[];
  /** How many there are beyond those listed. */
  more: number;
  /** Traces looked through for unsure spans, of how many. */
  looked: number;
  traces: number;
  waiting: number;
}

/** `by`: the reader's name; absent: that of the user under whom the backend runs. */
export interface LabelMethods {
  'labels/get': { params: { trace: string; by?: string }; result: ReaderLayer };
  /**
   * All of the edits or none, on disk before it answers. `base` is the revision that they were made on.
   * @throws `conflict` where the layer has another one by now
   */
  'labels/edit': {
    params: { trace: string; by?: string; base: number; edits: WantedEdit[] };
    result: ReaderLayer;
  };
  /** Texts are read for a fraction of a second a call: while `waiting` is above 0 the same call goes on. */
  'labels/agreement': { params: { run: string; by?: string }; result: RunAgreement };
  /** As `labels/agreement`. At most 200 places unless `limit` says fewer. */
  'labels/queue': { params: { run: string; by?: string; limit?: number }; result: LabelQueue };
  /** By trace; at most 50 a page, fewer with texts. All readers' where `by` is absent. */
  'labels/export': {
    params: { run: string; by?: string; text?: boolean; cursor?: string };
    result: { rows: ExportedLabels[]; next?: string };
  };
}
