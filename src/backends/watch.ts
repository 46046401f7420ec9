/** Says when the active backend is gone, of another version, or refuses us: one message with one button, once each. */
import * as vscode from 'vscode';
import { runCommand } from '../commands.ts';
import type { Report } from '../errors.ts';
import { onDidChangeSetting } from '../settings.ts';
import type { Backends } from './backends.ts';

/** A restart or a short break of the network heals itself within this time. */
const PATIENCE_MS = 4000;

export function watchBackend(backends: Backends, version: string, report: Report): vscode.Disposable {
  let wasConnected = false;
  let timer: NodeJS.Timeout | null = null;
  let refusedFor = '';
  let versionSaid = '';

  const listener = backends.onDidChange(() => {
    if (backends.state === 'connected') {
      wasConnected = true;
      if (timer) clearTimeout(timer);
      timer = null;
      refusedFor = '';
      sayVersion();
      return;
    }
    if (backends.state === 'refused' && backends.error && backends.error.message !== refusedFor) {
      refusedFor = backends.error.message;
      report(backends.error);
    }
    if (wasConnected && !timer && (backends.state === 'disconnected' || backends.state === 'none')) {
      timer = setTimeout(() => void sayGone(), PATIENCE_MS);
    }
  });

  const sayVersion = () => {
    const theirs = backends.hello?.version;
    if (!theirs || theirs === version || theirs === versionSaid) return;
    versionSaid = theirs;
    const text = `The backend is of version ${theirs}, this extension of ${version}. They understand each other; restart the backend to have both alike (running stages go on).`;
    void vscode.window.showInformationMessage(text, 'Restart Backend').then((chosen) => {
      if (chosen) void runCommand('longhand.restartBackend');
    });
  };

  const sayGone = async () => {
    timer = null;
    if (backends.state === 'connected' || backends.state === 'starting') return;
    wasConnected = false;
    if (backends.stopExpected) return;
    const local = backends.active.url === null;
    const button = local ? 'Start Backend' : 'Connect to Backend…';
    const why = backends.error ? ` ${backends.error.message}` : '';
    const text = local
      ? `The backend has ended. Stages that were running go on.${why}`
      : `The backend at ${backends.active.name} is gone.${why} It is tried again every few seconds.`;
    if ((await vscode.window.showWarningMessage(text, button)) === button) {
      await runCommand(local ? 'longhand.startBackend' : 'longhand.connectBackend');
    }
  };

  const python = onDidChangeSetting('engine.python', () => {
    if (backends.state !== 'connected' || backends.active.url !== null) return;
    const text = 'The setting longhand.engine.python holds for the next backend; running stages keep theirs.';
    void vscode.window.showInformationMessage(text, 'Restart Backend').then((chosen) => {
      if (chosen) void runCommand('longhand.restartBackend');
    });
  });

  return vscode.Disposable.from(listener, python, { dispose: () => timer && clearTimeout(timer) });
}
