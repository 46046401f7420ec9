/** From a node of the Runs view to its row. */
import * as vscode from 'vscode';
import type { RunState } from '../../core/protocol/methods.ts';
import type { BackendState } from '../../core/protocol/webview.ts';
import type { Backends, KnownBackend } from '../backends/backends.ts';
import type { CommandId } from '../contributions.ts';
import { count, percent } from '../format.ts';
import {
  abilities,
  checkpointDescription,
  evaluationDescription,
  evaluationLabel,
  mainStages,
  mayReport,
  nodeId,
  runDescription,
  stageChildren,
  stageDescription,
  type RunNode,
} from './model.ts';

export type BackendNode = { kind: 'backend'; backend: KnownBackend };
export type TreeNode = BackendNode | RunNode;

const stateIcons: Record<RunState, [icon: string, color: string | undefined]> = {
  waiting: ['circle-outline', 'disabledForeground'],
  running: ['sync~spin', 'charts.blue'],
  stopping: ['debug-pause', 'charts.yellow'],
  stopped: ['debug-stop', 'charts.yellow'],
  failed: ['error', 'testing.iconFailed'],
  completed: ['pass', 'testing.iconPassed'],
};

const backendIcons: Record<BackendState, [icon: string, color: string | undefined]> = {
  none: ['vm', 'disabledForeground'],
  starting: ['sync~spin', undefined],
  connecting: ['sync~spin', undefined],
  connected: ['vm-active', 'testing.iconPassed'],
  disconnected: ['debug-disconnect', 'list.warningForeground'],
  refused: ['error', 'list.errorForeground'],
};

const None = vscode.TreeItemCollapsibleState.None;
const Collapsed = vscode.TreeItemCollapsibleState.Collapsed;
const Expanded = vscode.TreeItemCollapsibleState.Expanded;

export function treeItem(node: TreeNode, backends: Backends): vscode.TreeItem {
  switch (node.kind) {
    case 'backend':
      return backendItem(node, backends);
    case 'run':
      return runItem(node, backends.state === 'connected');
    case 'stage':
      return stageItem(node, backends.state === 'connected');
    case 'checkpoint': {
      const { checkpoint } = node;
      const item = new vscode.TreeItem(`checkpoint-${checkpoint.step}`, None);
      return fill(
        item,
        nodeId(node),
        'checkpoint',
        ['save', checkpoint.superseded ? 'disabledForeground' : undefined],
        checkpointDescription(checkpoint),
      );
    }
    case 'set': {
      const item = new vscode.TreeItem(evaluationLabel(node.stage, node.set, node.result), None);
      item.command = command('longhand.openTraces', 'Open Traces', node);
      const description = evaluationDescription(node.set, node.result);
      return fill(item, nodeId(node), 'set', ['checklist', undefined], description);
    }
    case 'more': {
      const item = new vscode.TreeItem(`${count(node.left)} older checkpoints`, None);
      item.command = command('longhand.revealRun', 'Reveal Run Folder', node);
      return fill(item, nodeId(node), 'more', ['ellipsis', undefined], 'in the stage’s folder');
    }
    default:
      return node satisfies never;
  }
}

function backendItem({ backend }: BackendNode, backends: Backends): vscode.TreeItem {
  const active = backend.url === backends.active.url;
  const state = active ? backends.state : 'none';
  const item = new vscode.TreeItem(backend.name, active ? Expanded : None);
  if (!active) item.command = command('longhand.connectBackend', 'Connect', backend.url ?? null);
  const words: Record<BackendState, string> = {
    none: active ? 'not running' : 'not connected',
    starting: 'starting…',
    connecting: 'connecting…',
    connected: backends.hello?.host ?? 'connected',
    disconnected: 'not reachable, trying again',
    refused: 'refused',
  };
  const context = `backend ${backend.url === null ? 'local' : 'remote'} ${active ? state : 'inactive'}`;
  return fill(item, `backend:${backend.url ?? 'local'}`, context, backendIcons[state], words[state]);
}

function runItem(node: Extract<RunNode, { kind: 'run' }>, connected: boolean): vscode.TreeItem {
  const { run } = node;
  const live = run.state === 'running' || run.state === 'stopping';
  const item = new vscode.TreeItem(run.name, live ? Expanded : Collapsed);
  const icon: [string, string | undefined] =
    run.kind === 'import' && run.state === 'completed'
      ? ['file-symlink-file', undefined]
      : stateIcon(run.state, connected);
  const context = ['run', run.kind, run.state, ...abilities(run.state, run.kind)].join(' ');
  if (run.kind === 'import') {
    item.collapsibleState = None;
    item.command = command('longhand.openTraces', 'Open Traces', node);
  }
  const description = seen(run.state, runDescription(run), connected);
  item.accessibilityInformation = { label: `Run ${run.name}, ${run.state}, ${description}` };
  return fill(item, nodeId(node), context, icon, description);
}

function stageItem(node: Extract<RunNode, { kind: 'stage' }>, connected: boolean): vscode.TreeItem {
  const { run, stage } = node;
  const hasChildren = stageChildren(run, stage).length > 0 || (stage.kind === 'evaluate' && stage.traces > 0);
  // VS Code takes this for the first time that it sees the row, which is before the stage runs.
  const live = run.state === 'running' || run.state === 'stopping';
  const label = stage.id;
  const item = new vscode.TreeItem(label, hasChildren ? (live && !stage.of ? Expanded : Collapsed) : None);
  const able = abilities(stage.state, run.kind);
  const context = [
    'stage',
    stage.kind,
    stage.state,
    ...able,
    stage.traces > 0 ? 'traces' : '',
    mayReport(stage) ? 'report' : '',
    stage.attempts.at(-1)?.error ? 'error' : '',
  ]
    .filter(Boolean)
    .join(' ');
  if (stage.state === 'failed') item.command = command('longhand.showStageError', 'Show Error', node);
  else if (mayReport(stage)) item.command = command('longhand.openStageReport', 'Open Stage Report', node);
  const description = seen(stage.state, stageDescription(stage), connected);
  item.accessibilityInformation = { label: `Stage ${stage.id}, ${stage.kind}, ${stage.state}, ${description}` };
  return fill(item, nodeId(node), context, stateIcon(stage.state, connected), description);
}

/** While the backend is away nobody knows how far a stage is: it does not spin, and the figures are the last ones. */
function stateIcon(state: RunState, connected: boolean): [icon: string, color: string | undefined] {
  return connected || !isLive(state) ? stateIcons[state] : ['question', 'disabledForeground'];
}

function seen(state: RunState, description: string, connected: boolean): string {
  return connected || !isLive(state) ? description : `last seen: ${description}`;
}

function isLive(state: RunState): boolean {
  return state === 'running' || state === 'stopping' || state === 'waiting';
}

function fill(
  item: vscode.TreeItem,
  id: string,
  context: string,
  [icon, color]: [string, string | undefined],
  description: string,
): vscode.TreeItem {
  item.id = id;
  item.contextValue = context;
  item.iconPath = new vscode.ThemeIcon(icon, color ? new vscode.ThemeColor(color) : undefined);
  item.description = description;
  return item;
}

function command(id: CommandId, title: string, argument: unknown): vscode.Command {
  return { command: id, title, arguments: [argument] };
}

/** `, 95 % interval 20.8 % to 54.2 %` */
function interval(ci: [number, number] | null, words: (x: number) => string): string {
  return ci ? `, 95 % interval ${words(ci[0])} to ${words(ci[1])}` : '';
}

/** The tooltip, made when the pointer rests on a row. */
export function tooltip(node: TreeNode, backends: Backends): vscode.MarkdownString {
  const text = new vscode.MarkdownString(undefined, true);
  const line = (name: string, value: string) => text.appendMarkdown(`\n\n**${name}**: `).appendText(value);
  switch (node.kind) {
    case 'backend': {
      text.appendText(node.backend.name);
      const active = node.backend.url === backends.active.url;
      const { hello, error } = backends;
      if (active && hello) {
        line('Machine', `${hello.host} (${hello.platform})`);
        line('Root', hello.root);
        line('Version', `${hello.version}, process ${hello.pid}`);
      }
      if (active && error) line('Last error', error.message);
      return text;
    }
    case 'run': {
      const { run } = node;
      text.appendText(run.name);
      line('State', run.state);
      line(
        'Stages',
        mainStages(run)
          .map(({ id, state }) => `${id} (${state})`)
          .join(', '),
      );
      line('Made', new Date(run.created).toLocaleString());
      line('Source', run.source);
      line('Id', run.run);
      line('Folder', run.folder);
      return text;
    }
    case 'stage': {
      const { stage } = node;
      const attempt = stage.attempts.at(-1);
      text.appendText(`${stage.id} (${stage.kind})`);
      line('State', `${stage.state}${stage.phase && stage.state === 'running' ? `, ${stage.phase}` : ''}`);
      if (attempt?.error) {
        line('Error', `${attempt.error.class}: ${attempt.error.message}`);
        if (attempt.error.hint) line('What to do', attempt.error.hint);
      }
      if (attempt && stage.attempts.length > 1) line('Attempt', String(attempt.attempt));
      if (attempt?.resumedFrom)
        line('Resumed from', `attempt ${attempt.resumedFrom.attempt}, step ${attempt.resumedFrom.step}`);
      if (stage.needs.length > 0) line('Needs', stage.needs.join(', '));
      if (stage.traces > 0) line('Traces', count(stage.traces));
      for (const warning of attempt?.warnings ?? []) line('Warning', warning.message);
      line('Folder', stage.folder);
      return text;
    }
    case 'checkpoint':
      text.appendText(node.checkpoint.id);
      line('Made', new Date(node.checkpoint.created).toLocaleString());
      line('Folder', node.checkpoint.path);
      return text;
    case 'set': {
      text.appendText(node.set.label);
      const { result } = node;
      if (typeof result?.accuracy === 'number') {
        line('Accuracy', `${percent(result.accuracy)}${interval(result.accuracy_ci95, (x) => percent(x))}`);
      }
      if (typeof result?.tokens_mean === 'number') {
        const round = (x: number) => count(Math.round(x));
        line('Mean tokens', `${round(result.tokens_mean)} over all outputs${interval(result.tokens_mean_ci95, round)}`);
      }
      line('Traces', `${count(node.set.traces)}; click to read them`);
      return text;
    }
    case 'more':
      return text.appendText(`${count(node.left)} older checkpoints are not listed.`);
    default:
      return node satisfies never;
  }
}
