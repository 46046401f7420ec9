/** The one status item: health of the backend, and the stage that runs. */
import * as vscode from 'vscode';
import type { BackendState } from '../../core/protocol/webview.ts';
import { ids, type CommandId } from '../contributions.ts';
import { progressText, runningSummary, stageDescription } from '../runs/model.ts';
import type { RunStore } from '../runs/store.ts';
import type { Backends } from './backends.ts';

const looks: Record<BackendState, [icon: string, words: string]> = {
  none: ['circle-slash', 'no backend'],
  starting: ['sync~spin', 'starting'],
  connecting: ['sync~spin', 'connecting'],
  connected: ['beaker', ''],
  disconnected: ['debug-disconnect', 'disconnected'],
  refused: ['error', 'refused'],
};

export function createStatus(backends: Backends, store: RunStore): vscode.Disposable {
  const item = vscode.window.createStatusBarItem(ids.statusItem, vscode.StatusBarAlignment.Left, 10);
  item.name = 'Longhand';
  let shown = '';

  const update = () => {
    const { state, error } = backends;
    const running = state === 'connected' ? runningSummary(store.runs) : null;
    const [icon, words] = looks[state];
    const place = running ? `stage ${running.n} of ${running.of}` : '';
    const progress = running ? stageDescription(running.stage) : '';
    const more = running && running.others > 0 ? ` (+${running.others})` : '';
    const text = running
      ? `$(sync~spin) ${running.stage.id}: ${progress}${more}`
      : `$(${icon}) Longhand${words ? `: ${words}` : ''}`;
    const now = JSON.stringify([text, place, error?.message, backends.hello?.pid, running?.run.name]);
    if (now === shown) return;
    shown = now;
    item.text = text;
    const alarm =
      state === 'refused'
        ? 'statusBarItem.errorBackground'
        : state === 'disconnected'
          ? 'statusBarItem.warningBackground'
          : null;
    item.backgroundColor = alarm ? new vscode.ThemeColor(alarm) : undefined;
    item.command = running
      ? {
          command: 'longhand.openDashboard' satisfies CommandId,
          title: 'Open Dashboard',
          arguments: [{ run: running.run.run }],
        }
      : { command: `${ids.runsView}.focus`, title: 'Show Runs' };
    item.tooltip = tip(
      backends,
      running ? `${running.run.name}, ${place}: ${running.stage.id}, ${progressText(running.stage) || progress}` : null,
    );
    item.accessibilityInformation = {
      label: `Longhand, backend ${state}${running ? `, ${place}, ${running.stage.id}, ${progress}` : ''}`,
    };
  };

  update();
  item.show();
  return vscode.Disposable.from(item, backends.onDidChange(update), store.onDidChange(update));
}

function tip(backends: Backends, running: string | null): vscode.MarkdownString {
  const { state, error, hello } = backends;
  const text = new vscode.MarkdownString(undefined, true);
  const links: [CommandId, string][] =
    state === 'connected'
      ? [
          ['longhand.runRecipe', 'Run Recipe…'],
          ['longhand.restartBackend', 'Restart'],
          ['longhand.stopBackend', 'Stop'],
        ]
      : [
          ['longhand.startBackend', 'Start'],
          ['longhand.connectBackend', 'Connect…'],
        ];
  links.push(['longhand.doctor', 'Doctor'], ['longhand.showLog', 'Log']);
  text.isTrusted = { enabledCommands: links.map(([id]) => id) };
  text
    .appendMarkdown('**Longhand** ')
    .appendText(hello ? `${hello.host}, version ${hello.version}` : `backend: ${looks[state][1] || state}`);
  if (running) text.appendMarkdown('\n\n').appendText(running);
  if (error) text.appendMarkdown('\n\n$(warning) ').appendText(error.message);
  text.appendMarkdown(`\n\n${links.map(([id, title]) => `[${title}](command:${id})`).join(' · ')}`);
  return text;
}
