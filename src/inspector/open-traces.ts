/** Open Traces, Open Dashboard, Open Overview, Open Stage Report, Compare…: from a row, a file, or by asking. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import { sideOf, type TraceSet } from '../../core/protocol/comparison.ts';
import type { RunSummary, StageInfo } from '../../core/protocol/methods.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { InspectorMode, View } from '../../core/protocol/webview.ts';
import { plural } from '../format.ts';
import { mayReport, runDescription, stageDescription } from '../runs/model.ts';
import { asRunTarget, asSetTarget, asStageTarget, type RunTarget, type Targets } from '../runs/targets.ts';
import { importFiles, type ImportParts } from './import-files.ts';
import type { Panels } from './panels.ts';
import { runsOf } from './views.ts';

export interface OpenParts extends ImportParts {
  targets: Targets;
  panels: Panels;
}

type InspectorView = Extract<View, { page: 'inspector' }>;

/** Files that are offered by *Open Traces* from the palette. */
const fileFilters = { 'Trace files': ['jsonl', 'json', 'parquet', 'ndjson'], 'All files': ['*'] };

export async function openTraces(parts: OpenParts, argument: unknown): Promise<void> {
  if (argument instanceof vscode.Uri) return openTraceFiles(parts, [argument]);
  if (asRunTarget(argument)) {
    const run = await parts.targets.run(argument, 'Open Traces');
    if (run) await openOf(parts, run, argument);
    return;
  }
  await ask(parts);
}

/** From the explorer: the file, and all that are selected. */
export async function openTraceFiles(parts: OpenParts, uris: readonly vscode.Uri[]): Promise<void> {
  const [first] = uris;
  if (!first) {
    const picked = await vscode.window.showOpenDialog({
      canSelectMany: true,
      filters: fileFilters,
      openLabel: 'Open Traces',
      title: 'Open Traces',
    });
    if (picked?.length) await openTraceFiles(parts, picked);
    return;
  }
  const result = await importFiles(parts, uris);
  if (!result) return;
  const title =
    uris.length === 1
      ? path.posix.basename(first.path)
      : `${path.posix.basename(first.path)} and ${uris.length - 1} more`;
  await parts.panels.open({ page: 'inspector', title, filter: { run: result.run } });
}

/** The verdicts that may be wrong, or what other rules would change: of what was clicked on, of what is open, or by asking. */
export async function auditAnswers(parts: OpenParts, argument: unknown, mode: InspectorMode): Promise<void> {
  const { panels, targets } = parts;
  const active = panels.activeView;
  if (argument === undefined && active?.page === 'inspector' && active.filter.run !== undefined)
    return panels.open({ ...active, mode });
  const title = mode === 'audit' ? 'Audit Answers' : 'Re-score Answers';
  const run = await targets.withTraces(argument, title, 'There are no traces with answers yet.');
  if (run) await openOf(parts, run, argument, mode);
}

/** The traces of what was clicked on: a run, a stage, an evaluation, a checkpoint. */
async function openOf(parts: OpenParts, run: RunSummary, argument: unknown, mode?: InspectorMode): Promise<void> {
  const open = (view: Omit<InspectorView, 'page'>) =>
    parts.panels.open({ page: 'inspector', ...view, ...(mode && { mode }) });
  const set = asSetTarget(argument);
  const stage = asStageTarget(argument);
  if (set) {
    const found = run.stages.find(({ id }) => id === set.stage);
    // A checkpoint belongs to the stage that was trained; its traces were written by the evaluation of it.
    const isTrained = found?.kind !== 'evaluate';
    const filter: TraceFilter = {
      run: run.run,
      ...(isTrained ? { of: set.stage } : { stage: set.stage }),
      step: set.step ?? undefined,
    };
    await open({
      title: `${set.label ?? `${set.stage} · step ${set.step}`} · ${run.name}`,
      filter: clean(filter),
    });
  } else if (stage) {
    await open({
      title: `${stage.stage} · ${run.name}`,
      filter: stageFilter(run, stage.stage),
    });
  } else await open({ title: run.name, filter: { run: run.run } });
}

/** A training stage that wrote no trace itself has those of its evaluations. */
function stageFilter(run: RunSummary, stage: string): TraceFilter {
  const found = run.stages.find(({ id }) => id === stage);
  return found && found.traces === 0 && found.kind !== 'evaluate'
    ? { run: run.run, of: stage }
    : { run: run.run, stage };
}

async function ask(parts: OpenParts): Promise<void> {
  type Item = vscode.QuickPickItem & { run?: RunSummary; file?: true };
  const connected = parts.backends.state === 'connected';
  const runs = connected ? await parts.targets.runs() : [];
  const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const items: Item[] = [
    { label: '$(folder-opened) Open a file…', description: 'JSONL, JSON or Parquet', file: true },
    separator('Runs'),
    ...runs.map((run): Item => ({ label: run.name, description: runDescription(run), run })),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Open Traces',
    placeHolder: 'The traces of which run or file?',
    ignoreFocusOut: true,
  });
  if (picked?.file) return openTraceFiles(parts, []);
  if (picked?.run) return askPart(parts, picked.run);
  return undefined;
}

async function askPart(parts: OpenParts, run: RunSummary): Promise<void> {
  type Item = vscode.QuickPickItem & { argument: unknown };
  const { sets } = await parts.backends.call('traces/sets', { run: run.run });
  const stages = run.stages.filter(({ traces }) => traces > 0);
  if (run.kind === 'import' || stages.length <= 1) return openOf(parts, run, { run: run.run });
  const items: Item[] = [
    { label: 'All traces', description: plural(run.traces, 'trace'), argument: { run: run.run } },
    { label: 'Stages', kind: vscode.QuickPickItemKind.Separator, argument: null },
    ...stages.map((stage): Item => ({
      label: stage.id,
      description: `${stage.kind} · ${stageDescription(stage)}`,
      argument: { run: run.run, stage: stage.id },
    })),
    { label: 'Steps and evaluations', kind: vscode.QuickPickItemKind.Separator, argument: null },
    ...sets
      .filter(({ step }) => step !== null)
      .map((set): Item => ({
        label: set.label,
        description: `${set.stage} · ${plural(set.traces, 'trace')}`,
        argument: { run: run.run, stage: set.stage, set },
      })),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: `Open Traces of ${run.name}`,
    placeHolder: 'Which part?',
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  if (picked?.argument) await openOf(parts, run, picked.argument);
}

export async function openDashboard({ targets, panels }: OpenParts, argument: unknown): Promise<void> {
  const run = await targets.run(
    argument,
    'Open Dashboard',
    ({ kind }) => kind === 'recipe',
    'There is no run of a recipe yet.',
    true,
  );
  if (run) await panels.open({ page: 'dashboard', run: run.run });
}

/** The run that a page shows, where it shows one. */
function runHere(view: View | null): RunTarget | undefined {
  const [run] = view ? runsOf(view) : [];
  return run === undefined ? undefined : { run };
}

/** Figures over all traces of a run: of the one that is open, or that there is. */
export async function openOverview({ targets, panels }: OpenParts, argument: unknown): Promise<void> {
  const run = await targets.withTraces(
    argument ?? runHere(panels.activeView),
    'Open Overview',
    'There are no traces yet.',
  );
  if (run) await panels.open({ page: 'overview', run: run.run });
}

/** What a stage says of its data; its traces where it has ended and says nothing. */
export async function openStageReport(parts: OpenParts, argument: unknown): Promise<void> {
  const { targets, panels, backends } = parts;
  const picked = await targets.stage(argument, 'Open Stage Report', mayReport, 'No stage has run yet.');
  if (!picked) return;
  const { run, stage } = picked;
  const live = stage.state === 'running' || stage.state === 'stopping';
  // A page of its own for what is not there yet, and for the groups of GRPO, which need no report.
  const hasPage =
    live ||
    stage.kind === 'grpo' ||
    (await backends.call('stages/report', { run: run.run, stage: stage.id })).report !== null;
  if (hasPage) await panels.open({ page: 'report', run: run.run, stage: stage.id });
  else if (stage.traces > 0) await openOf(parts, run, { run: run.run, stage: stage.id });
  else void vscode.window.showInformationMessage(`${stage.id} of ${run.name} left no report and no traces.`);
}

/** Stages whose completions may have rewards. */
const mayHaveRewards = ({ kind, traces }: StageInfo): boolean =>
  kind === 'grpo' || ((kind === 'import' || kind === 'command') && traces > 0);

/** Opens the page of a stage where it takes the change of its reward apart. */
export async function whyRewardChanged({ targets, panels, backends }: OpenParts, argument: unknown): Promise<void> {
  const none = 'No stage has completions with rewards yet.';
  const picked = await targets.stage(argument, 'Explain the Change of Reward', mayHaveRewards, none);
  if (!picked) return;
  const { run, stage } = picked;
  // Whether a file or a command left rewards by step is not known before it is looked at; a training may still get them.
  if (stage.kind !== 'grpo' && !(await backends.call('metrics/rewardChange', { run: run.run, stage: stage.id }))) {
    const said = `Of ${run.name} fewer than two steps have completions with rewards, so there is no change to explain.`;
    void vscode.window.showInformationMessage(said);
    return;
  }
  await panels.open({ page: 'report', run: run.run, stage: stage.id, why: {} });
}

/** Asks for a before and an after, and opens the comparison. */
export async function compare(parts: OpenParts, argument: unknown): Promise<void> {
  const { backends, targets, panels } = parts;
  const run = await targets.withTraces(argument, 'Compare', 'There are no traces to compare yet.');
  if (!run) return;
  const { sets } = await backends.call('traces/sets', { run: run.run, markers: true });
  if (sets.length === 0) throw new LonghandError('not_runnable', `${run.name} has no evaluation to compare yet.`);
  const before = await pickSet(sets, `Compare in ${run.name}: before`, 'Which traces come first?', 1);
  if (!before) return;
  const others = sets.filter((set) => set !== before);
  const others2 = await otherRuns(parts, run);
  const after = await pickSet(
    [...others, ...others2],
    `Compare with ${before.label}: after`,
    'Which traces come second?',
    2,
  );
  if (!after) return;
  await panels.open({
    page: 'compare',
    title: after.runName === undefined ? `${before.label} → ${after.label}` : `${run.name} → ${after.runName}`,
    before: sideOf(before),
    after: sideOf(after),
  });
}

/** Evaluations of other runs that have some, since two runs are compared as well as two stages. */
async function otherRuns(
  { backends, targets }: OpenParts,
  run: RunSummary,
): Promise<(TraceSet & { runName: string })[]> {
  const runs = (await targets.runs()).filter((other) => other.run !== run.run && other.traces > 0).slice(0, 10);
  const found = await Promise.all(
    runs.map(async (other) => {
      const { sets } = await backends.call('traces/sets', { run: other.run, markers: true });
      return sets.map((set) => ({ ...set, runName: other.name }));
    }),
  );
  return found.flat();
}

async function pickSet(
  sets: (TraceSet & { runName?: string })[],
  title: string,
  placeHolder: string,
  step: number,
): Promise<(TraceSet & { runName?: string }) | undefined> {
  // As the charts call it: the first stage's, before its first step.
  const isBase = ({ of, step: at }: TraceSet) => at === 0 && of !== undefined && of === sets.find((set) => set.of)?.of;
  const items = sets.map((set) => ({
    label: set.label,
    description: `${isBase(set) ? 'base · ' : ''}${set.runName ? `${set.runName} · ` : ''}${plural(set.traces, 'trace')}`,
    set,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: `${title} (${step} of 2)`,
    placeHolder,
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  return picked?.set;
}

function clean(filter: TraceFilter): TraceFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
