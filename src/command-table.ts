/** What each command does: one line each. The modules behind them are loaded when they are first used. */
import * as vscode from 'vscode';
import type { Backends } from './backends/backends.ts';
import type { Tokens } from './backends/tokens.ts';
import type { CommandTable } from './commands.ts';
import type { Documents } from './documents.ts';
import type { EngineFolders } from './engine/engine.ts';
import { pressKeys } from './inspector/page-commands.ts';
import type { Panels } from './inspector/panels.ts';
import type { Log } from './log.ts';
import type { Memory } from './memento.ts';
import type { RunStore } from './runs/store.ts';
import type { LogDocuments } from './runs/log-document.ts';
import type { Targets } from './runs/targets.ts';
import type { RunsTree } from './runs/tree.ts';
import { readSetting } from './settings.ts';

export interface CommandParts {
  context: vscode.ExtensionContext;
  backends: Backends;
  store: RunStore;
  targets: Targets;
  memory: Memory;
  tokens: Tokens;
  documents: Documents;
  logs: LogDocuments;
  panels: Panels;
  tree: RunsTree;
  folders: EngineFolders;
  log: Log;
}

export function commandTable(parts: CommandParts): CommandTable {
  const { context, backends, store, targets, tokens, documents, logs, panels, tree, folders, log } = parts;
  const runRecipe = () => import('./runs/run-recipe.ts');
  const actions = () => import('./runs/actions.ts');
  const traces = () => import('./inspector/open-traces.ts');
  const onDemand = () => import('./on-demand.ts');
  const connections = () => import('./backends/commands.ts');

  const started = async (run: string) => {
    if (readSetting('runs.openDashboard')) await panels.open({ page: 'dashboard', run });
    await tree.reveal(run);
  };
  const stageOf = (argument: unknown, title: string, failed: boolean) =>
    targets.stage(
      argument,
      title,
      ({ attempts, state }) => attempts.length > 0 && (!failed || state === 'failed'),
      failed ? 'No stage has failed.' : 'No stage has run yet.',
    );

  return {
    'longhand.runRecipe': async (recipe) =>
      (await runRecipe()).runRecipe({ backends, store, documents, started }, recipe),
    'longhand.planRecipe': async (recipe) => (await runRecipe()).planRecipe({ backends, documents }, recipe),
    'longhand.newRecipe': async () => (await import('./recipes/new-recipe.ts')).newRecipe(backends),

    'longhand.openDashboard': async (run) => (await traces()).openDashboard(parts, run),
    'longhand.openOverview': async (run) => (await traces()).openOverview(parts, run),
    'longhand.openStageReport': async (stage) => (await traces()).openStageReport(parts, stage),
    'longhand.openTraces': async (what) => (await traces()).openTraces(parts, what),
    'longhand.openTraceFile': async (file, selected) => (await traces()).openTraceFiles(parts, filesOf(file, selected)),
    'longhand.auditAnswers': async (what) => (await traces()).auditAnswers(parts, what, 'audit'),
    'longhand.rescoreAnswers': async (what) => (await traces()).auditAnswers(parts, what, 'rescore'),
    'longhand.compare': async (run) => (await traces()).compare(parts, run),
    'longhand.compareTrace': async (trace) => (await import('./inspector/compare-trace.ts')).compareTrace(parts, trace),
    'longhand.whyRewardChanged': async (stage) => (await traces()).whyRewardChanged(parts, stage),

    'longhand.stopStage': async (stage) => (await actions()).stopStage(parts, stage),
    'longhand.resumeStage': async (stage) => (await actions()).resumeStage(parts, stage),
    'longhand.resumeStageChanged': async (stage) =>
      (await import('./runs/resume-changed.ts')).resumeStageChanged(parts, stage),
    'longhand.stopRun': async (run) => (await actions()).stopRun(parts, run),
    'longhand.resumeRun': async (run) => (await actions()).resumeRun(parts, run),
    'longhand.revealRun': async (run) => (await actions()).revealRun(parts, run),
    'longhand.renameRun': async (run) => (await actions()).renameRun(parts, run),
    'longhand.deleteRun': async (run) => (await actions()).deleteRun(parts, run),
    'longhand.showStageLog': async (argument) => {
      const picked = await stageOf(argument, 'Show Stage Log', false);
      if (picked) await logs.show(picked.run, picked.stage);
    },
    'longhand.showStageError': async (argument) => {
      const picked = await stageOf(argument, 'Show Stage Error', true);
      if (picked) await logs.showError(picked.run, picked.stage);
    },

    'longhand.startBackend': () => backends.start(),
    'longhand.restartBackend': () => backends.restart(),
    'longhand.stopBackend': async () => {
      await backends.stop();
    },
    'longhand.connectBackend': async (address) => (await connections()).connectBackend(backends, tokens, address),
    'longhand.forgetBackend': async (backend) => (await connections()).forgetBackend(backends, backend),
    'longhand.setupEngine': async () => (await import('./engine/engine.ts')).setUpEngine(folders, backends, log),
    'longhand.doctor': async () => (await import('./engine/doctor.ts')).doctor(context, backends, documents),
    'longhand.showLog': () => log.show(),
    'longhand.refresh': async () => {
      backends.poke();
      if (backends.state === 'connected') await store.reload();
    },

    ...pressKeys(panels),
    'longhand.openTraceLink': async () => (await import('./inspector/open-link.ts')).askForLink(parts),
    'longhand.secondOpinion': async (what) => (await import('./judge/second-opinion.ts')).secondOpinion(parts, what),
    'longhand.exportLabels': async (run) => (await onDemand()).exportLabels(parts, run),
    'longhand.importLabels': async (file) => (await onDemand()).importLabels(parts, file),
  };
}

/** The explorer gives the file that was clicked on, and all that are selected. */
function filesOf(file: unknown, selected: unknown): vscode.Uri[] {
  const uris = Array.isArray(selected) ? selected.filter((item): item is vscode.Uri => item instanceof vscode.Uri) : [];
  return uris.length > 0 ? uris : file instanceof vscode.Uri ? [file] : [];
}
