/**
 * The contract between the extension host and a webview, over postMessage (`vscode-jsonrpc` on both sides, see `rpc.ts`).
 * A webview calls the methods of `forwarded` as they stand, and the host passes them to the backend; the rest is `HostMethods`.
 * The host pushes nothing before `host/ready`. What it pushes is a whole snapshot, or events replayable by sequence number.
 */
import type { TraceSide } from './comparison.ts';
import type { LayerKind } from './layers.ts';
import type { EventBatch, Method } from './methods.ts';
import type { TraceFilter, TraceSort } from './traces.ts';
import type { TableRef } from './report.ts';
import type { StepWindow } from './reward-change.ts';
import type { Label } from '../behaviours/spans.ts';
import type { FoldKind } from '../traces/folds.ts';

/** One side of a comparison: the traces of a stage, of one evaluation or step and one marker setting of it where these are given. */
export type CompareSide = TraceSide;

/** What the list of the inspector shows: all traces, verdicts that may be wrong, or what other rules would change. */
export type InspectorMode = 'traces' | 'audit' | 'rescore';

/** Keys of the audit that the editor has commands for. */
export type AuditKey = 'judgeRight' | 'judgeWrong' | 'judgeUndecided' | 'judgeNone' | 'undoVerdict' | 'showAnswer';

/** Keys of going to places that the editor has commands for. */
export type PlaceKey = 'goTo' | 'strips' | 'outline' | 'copyLink' | 'nextLandmark' | 'previousLandmark';

/** Keys of two attempts side by side that the editor has commands for. */
export type SidesKey =
  | 'nextDifference'
  | 'previousDifference'
  | 'parting'
  | 'partner'
  | 'leftText'
  | 'rightText'
  | 'scrollTogether'
  | 'swapSides'
  | 'branches';

/** Keys of editing labels that the editor has commands for; a label that is given is said beside the key. */
export type EditKey =
  | 'giveLabel'
  | 'nextOwnLabel'
  | 'previousOwnLabel'
  | 'nextStep'
  | 'previousStep'
  | 'extendToNextStep'
  | 'extendToPreviousStep'
  | 'removeLabel'
  | 'undoLabel'
  | 'redoLabel'
  | 'reviewedToHere'
  | 'reviewedWhole'
  | 'settle'
  | 'beginWithDetector'
  | 'snapToSteps'
  | 'detectorBeside'
  | MoveKey;

/** Ways to move a label or one of its ends. */
export const moveKeys = [
  'endStepLater',
  'endStepEarlier',
  'startStepLater',
  'startStepEarlier',
  'bothStepLater',
  'bothStepEarlier',
  'endCharacterLater',
  'endCharacterEarlier',
  'startCharacterLater',
  'startCharacterEarlier',
] as const;
export type MoveKey = (typeof moveKeys)[number];

/** Keys of the pages that the editor has commands for. A page does nothing for those that mean nothing on it. */
export type PageKey =
  | 'nextTrace'
  | 'previousTrace'
  | 'nextSample'
  | 'previousSample'
  | 'toggleRaw'
  | 'toggleLabels'
  | 'togglePrompt'
  | 'toggleFacts'
  | 'toggleList'
  | 'toggleAudit'
  | 'tokenMarks'
  | 'foldAll'
  | 'foldHere'
  | 'query'
  | 'find'
  | 'start'
  | 'end'
  | 'nextSpan'
  | 'previousSpan'
  | 'nextCandidate'
  | 'previousCandidate'
  | 'copyText'
  | 'openText'
  | 'help'
  | AuditKey
  | PlaceKey
  | SidesKey
  | EditKey
  | 'nextRow'
  | 'previousRow'
  | 'editLabels'
  | 'nextDisagreement'
  | 'previousDisagreement';

/** What a panel shows: navigation state, persisted by `setState` and the serializer. Never data. */
export type View =
  | {
      page: 'inspector';
      /** Title of the list, e.g. the run's name or the file's. */
      title: string;
      filter: TraceFilter;
      mode?: InspectorMode;
      sort?: TraceSort;
      /** What the reader asks for within `filter`, in the query language. */
      query?: string;
      trace?: string;
      /** A place to show in `trace`. */
      at?: { in: 'prompt' | 'completion'; start: number; end: number };
    }
  | { page: 'compare'; title: string; before: CompareSide; after: CompareSide; problem?: string }
  | {
      /** Two attempts side by side, their steps aligned. */
      page: 'sides';
      title: string;
      /** Ids of traces. */
      left: string;
      right: string;
      /** The texts do not scroll together. */
      apart?: boolean;
      /** The tree of the group is open: parted by text or by steps. */
      branches?: 'text' | 'steps';
      /** A place of a completion to show. */
      at?: { side: 'left' | 'right'; start: number; end: number };
    }
  | { page: 'dashboard'; run: string }
  /** Figures over all traces of a run; of one benchmark or stage of it, before and after being checkpoints of that by their keys. */
  | { page: 'overview'; run: string; set?: string; stage?: string; before?: string; after?: string }
  | {
      page: 'report';
      run: string;
      stage: string;
      rows?: ShownRows;
      /** The row that is open, by its place among those rows. */
      row?: number;
      /** Of a GRPO stage: the problem whose groups are shown, and the step. */
      problem?: string;
      step?: number;
      /** Shows why the reward changed between two windows of its steps; without them the first and the last fifth. */
      why?: { before?: StepWindow; after?: StepWindow };
    };

/** The rows of a table that are shown: all of it, or those behind a number or a mark; found by `text`, sorted by a column. */
export interface ShownRows extends TableRef {
  /** What stands behind the number or the mark. */
  label?: string;
  text?: string;
  sort?: { key: string; descending: boolean };
}

/** A list that a reader named, to have it for every run. */
export interface SavedView {
  name: string;
  query: string;
  sort?: TraceSort;
  /** Ids of the list's columns in their order; absent: as many as there is room for. */
  columns?: string[];
}
/** `save` takes the place of a view of that name. */
export type SavedViewChange =
  { save: SavedView } | { rename: { from: string; to: string } } | { remove: { name: string } };

/** Which columns the list of traces has, and how wide they are. */
export interface ListColumns {
  shown?: string[];
  /** Pixels by id. */
  widths?: Record<string, number>;
}

/** Reader's choices that hold for all panels. */
export interface ReadingSettings {
  hiddenLabels: Label[];
  raw: boolean;
  factsOpen: boolean;
  listOpen: boolean;
  /** Pixels. */
  fontSize: number | null;
  /** Whose spans are shown; absent: the detector's. */
  layers?: LayerKind[];
  listColumns?: ListColumns;
  /** What the lines under tokens are of; absent: there are none. */
  tokenMark?: TokenMark | null;
  /** What is folded in texts, by kind; absent: nothing. */
  folded?: FoldKind[];
}

export const tokenMarks = ['entropy', 'probability'] as const;
export type TokenMark = (typeof tokenMarks)[number];

export type BackendState = 'none' | 'starting' | 'connecting' | 'connected' | 'disconnected' | 'refused';

export interface WebviewInit {
  view: View;
  /** The view was asked for since the page last said where it was: it goes before what the page has saved. */
  asked?: boolean;
  settings: ReadingSettings;
  /** `local`: it runs on this machine and can be started; another one can only be connected to. */
  backend: { state: BackendState; name: string; local: boolean; message: string | null };
  locale: string;
}

/** Methods of the backend that a webview may call. */
export const forwarded = [
  'runs/get',
  'runs/list',
  'runs/table',
  'metrics/snapshot',
  'metrics/budgets',
  'metrics/behaviours',
  'judge/agreement',
  'metrics/figures',
  'traces/figures',
  'metrics/groups',
  'groups/problems',
  'groups/steps',
  'groups/get',
  'traces/page',
  'traces/readTexts',
  'traces/search',
  'traces/get',
  'traces/slice',
  'traces/tokens',
  'traces/annotations',
  'traces/group',
  'labels/get',
  'labels/edit',
  'labels/agreement',
  'labels/queue',
  'traces/sets',
  'traces/pairs',
  'metrics/paired',
  'metrics/rewardChange',
  'metrics/advisories',
  'overview/series',
  'overview/matrix',
  'overview/difficulty',
  'overview/budgets',
  'overview/problems',
  'overview/behaviours',
  'overview/scatter',
  'traces/judge',
  'traces/answers',
  'audit/queue',
  'audit/rescore',
  'audit/apply',
  'audit/undo',
  'audit/rescores',
  'stages/log',
  'stages/report',
  'stages/rows',
  'stages/whatIf',
  'stages/text',
] as const satisfies readonly Method[];
export type ForwardedMethod = (typeof forwarded)[number];

/** What a page gives to be saved. */
export interface SavedFile {
  /** Without a folder, with its ending. */
  name: string;
  kind: 'svg' | 'png' | 'csv';
  content: string;
}

/** Commands that a webview may run, each checked by the host before it does. */
export type WebviewCommand =
  | { command: 'longhand.startBackend' }
  | { command: 'longhand.connectBackend' }
  | { command: 'longhand.showLog' }
  | { command: 'longhand.stopStage'; run: string; stage: string }
  | { command: 'longhand.resumeStage'; run: string; stage: string }
  | { command: 'longhand.stopRun'; run: string }
  | { command: 'longhand.showStageLog'; run: string; stage: string }
  | { command: 'longhand.revealRun'; run: string }
  | { command: 'longhand.compareTrace'; trace: string };

export interface HostMethods {
  'host/ready': { params: Record<string, never>; result: WebviewInit };
  /** Opens another view, in a panel of its own; `beside`: in the column next to this one. */
  'host/open': { params: { view: View; beside?: boolean }; result: Record<string, never> };
  /** The panel shows something else now: keeps title, context keys and serialised state in step. */
  'host/viewChanged': { params: { view: View }; result: Record<string, never> };
  'host/settings': { params: Partial<ReadingSettings>; result: Record<string, never> };
  /** The raw text as a `longhand:` document in a text editor. */
  'host/openText': {
    params: { trace: string; in: 'prompt' | 'completion'; start?: number; end?: number };
    result: Record<string, never>;
  };
  /** Asks where to, and writes the file. `content`: text, of a PNG base64. `saved`: false where the reader thought better of it. */
  'host/saveFile': { params: SavedFile; result: { saved: boolean } };
  'host/copy': { params: { text: string }; result: Record<string, never> };
  /** Puts a link to a place of a trace on the clipboard; to the trace as a whole where `at` is null. */
  'host/copyLink': {
    params: { trace: string; at: { in: 'prompt' | 'completion'; start: number; end: number } | null };
    result: { link: string };
  };
  'host/command': { params: WebviewCommand; result: Record<string, never> };
  /** The lists that were saved, the newest last. */
  'host/savedViews': { params: Record<string, never>; result: { views: SavedView[] } };
  /** All views after one change; refused with the reason where it cannot be made. */
  'host/changeSavedViews': { params: SavedViewChange; result: { views: SavedView[] } };
}

export interface HostNotifications {
  /** Show this now (from *Open Traces*, a click in a tree, the keys of the editor). */
  'host/view': { view: View };
  'host/settingsChanged': { settings: ReadingSettings };
  'host/backend': WebviewInit['backend'];
  /** A command or a key binding of the editor that is meant for the page; `label`: of what label a span is. */
  'host/key': { action: PageKey; label?: Label };
  'events/batch': EventBatch;
}
