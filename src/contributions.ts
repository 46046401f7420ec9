/**
 * Every id that package.json and the code must agree on: commands, settings, context keys, views, languages. The manifest is
 * checked against this file by a test; the code has no id of its own.
 */

export const commandIds = [
  'longhand.runRecipe',
  'longhand.planRecipe',
  'longhand.newRecipe',
  'longhand.openDashboard',
  'longhand.openOverview',
  'longhand.openStageReport',
  'longhand.openTraces',
  'longhand.openTraceFile',
  'longhand.compare',
  'longhand.compareTrace',
  'longhand.whyRewardChanged',
  'longhand.stopStage',
  'longhand.resumeStage',
  'longhand.resumeStageChanged',
  'longhand.stopRun',
  'longhand.resumeRun',
  'longhand.showStageLog',
  'longhand.showStageError',
  'longhand.revealRun',
  'longhand.renameRun',
  'longhand.deleteRun',
  'longhand.startBackend',
  'longhand.restartBackend',
  'longhand.stopBackend',
  'longhand.connectBackend',
  'longhand.forgetBackend',
  'longhand.setupEngine',
  'longhand.doctor',
  'longhand.showLog',
  'longhand.refresh',
  'longhand.nextTrace',
  'longhand.previousTrace',
  'longhand.nextSpan',
  'longhand.previousSpan',
  'longhand.toggleRaw',
  'longhand.tokenMarks',
  'longhand.foldAll',
  'longhand.foldHere',
  'longhand.toggleFacts',
  'longhand.toggleList',
  'longhand.queryTraces',
  'longhand.findInTrace',
  'longhand.goToInTrace',
  'longhand.nextLandmark',
  'longhand.previousLandmark',
  'longhand.toggleOutline',
  'longhand.groupRulers',
  'longhand.copyTraceLink',
  'longhand.openTraceLink',
  'longhand.secondOpinion',
  'longhand.auditAnswers',
  'longhand.rescoreAnswers',
  'longhand.judgeRight',
  'longhand.judgeWrong',
  'longhand.judgeUndecided',
  'longhand.judgeNone',
  'longhand.undoVerdict',
  'longhand.showAnswer',
  'longhand.editLabels',
  'longhand.giveLabel',
  'longhand.moveLabel',
  'longhand.selectNextStep',
  'longhand.selectPreviousStep',
  'longhand.extendToNextStep',
  'longhand.extendToPreviousStep',
  'longhand.nextOwnLabel',
  'longhand.previousOwnLabel',
  'longhand.removeLabel',
  'longhand.undoLabel',
  'longhand.redoLabel',
  'longhand.reviewedToHere',
  'longhand.reviewedWhole',
  'longhand.settleDisagreement',
  'longhand.beginWithDetector',
  'longhand.snapToSteps',
  'longhand.detectorBeside',
  'longhand.nextRow',
  'longhand.previousRow',
  'longhand.nextDisagreement',
  'longhand.previousDisagreement',
  'longhand.nextSample',
  'longhand.previousSample',
  'longhand.nextSpanOf',
  'longhand.previousSpanOf',
  'longhand.nextCandidate',
  'longhand.previousCandidate',
  'longhand.goToStart',
  'longhand.goToEnd',
  'longhand.toggleHighlights',
  'longhand.togglePrompt',
  'longhand.toggleAudit',
  'longhand.copyTraceText',
  'longhand.openTraceText',
  'longhand.showKeys',
  'longhand.nextDifference',
  'longhand.previousDifference',
  'longhand.goToParting',
  'longhand.goToPartner',
  'longhand.focusLeft',
  'longhand.focusRight',
  'longhand.scrollTogether',
  'longhand.swapSides',
  'longhand.showBranches',
  'longhand.exportLabels',
  'longhand.importLabels',
] as const;
export type CommandId = (typeof commandIds)[number];

export function isCommandId(text: string): text is CommandId {
  return (commandIds as readonly string[]).includes(text);
}

/** Words on the button of a message, for the commands that help against an error. */
export const buttonTitles: Partial<Record<CommandId, string>> = {
  'longhand.showLog': 'Show Log',
  'longhand.connectBackend': 'Connect to Backend…',
  'longhand.restartBackend': 'Restart Backend',
  'longhand.startBackend': 'Start Backend',
  'longhand.refresh': 'Refresh',
  'longhand.setupEngine': 'Set Up Engine',
};

/** Settings under `longhand.`, with their defaults. */
export const settingDefaults = {
  root: '',
  'backend.url': '',
  'backend.autoStart': true,
  'backend.node': '',
  'engine.python': '',
  'runs.openDashboard': true,
  'runs.notifyWhenEnded': true,
  'judge.url': '',
  'judge.model': '',
  'judge.concurrency': 4,
  'judge.maxTokens': 4096,
  'judge.inputPrice': 0,
  'judge.outputPrice': 0,
  'reader.name': '',
} as const;
export type SettingId = keyof typeof settingDefaults;
type Widen<T> = T extends string ? string : T extends boolean ? boolean : T extends number ? number : T;
export type SettingValue<S extends SettingId> = Widen<(typeof settingDefaults)[S]>;

/** Context keys for `when` and `enablement`. */
export interface ContextKeys {
  /** State of the connection to the active backend. */
  'longhand.backend': 'none' | 'starting' | 'connecting' | 'connected' | 'disconnected' | 'refused';
  /** The active backend runs on this machine, started from the root of the settings. */
  'longhand.localBackend': boolean;
  'longhand.hasRuns': boolean;
  /** A stage is running or stopping. */
  'longhand.running': boolean;
  /** What the active panel shows; empty where none is active. */
  'longhand.page': 'inspector' | 'compare' | 'dashboard' | 'overview' | 'report' | 'sides' | '';
}
export const contextKeys = [
  'longhand.backend',
  'longhand.localBackend',
  'longhand.hasRuns',
  'longhand.running',
  'longhand.page',
] as const satisfies readonly (keyof ContextKeys)[];

export const ids = {
  /** Publisher and name. */
  extension: 'longhand.longhand',
  runsView: 'longhand.runs',
  container: 'longhand',
  /** Webview panels: inspector, comparison, dashboard, overview and report. */
  panel: 'longhand.panel',
  traceEditor: 'longhand.traceFile',
  language: 'longhand-recipe',
  /** Scheme of the virtual documents: raw texts, logs, plans, reports. */
  scheme: 'longhand',
  statusItem: 'longhand.status',
  walkthrough: 'longhand.start',
} as const;

export const recipeGlob = '**/*.recipe.{yaml,yml}';
