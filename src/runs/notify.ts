/** Says when a run that was seen running has ended: once a run, with one button. */
import * as vscode from 'vscode';
import type { RunState } from '../../core/protocol/methods.ts';
import { runCommand } from '../commands.ts';
import { oneLine } from '../format.ts';
import { readSetting } from '../settings.ts';
import { hasConfig } from './model.ts';
import type { RunStore } from './store.ts';

export function notifyEnds(store: RunStore): vscode.Disposable {
  const states = new Map<string, RunState>();
  return store.onDidChange(() => {
    const seen = new Set<string>();
    for (const run of store.runs) {
      seen.add(run.run);
      const before = states.get(run.run);
      states.set(run.run, run.state);
      const wasLive = before === 'running' || before === 'stopping';
      if (run.kind !== 'recipe' || !wasLive || run.state === before) continue;
      if (run.state === 'failed') void sayFailed(run.run, store);
      else if (run.state === 'completed' && readSetting('runs.notifyWhenEnded')) void sayCompleted(run.run, run.name);
    }
    for (const run of states.keys()) if (!seen.has(run)) states.delete(run);
  });
}

async function sayFailed(id: string, store: RunStore): Promise<void> {
  const run = store.get(id);
  const stage = run?.stages.find(({ state }) => state === 'failed');
  if (!run || !stage) return;
  const error = stage.attempts.at(-1)?.error;
  const why = error
    ? `${error.class}: ${oneLine(error.message, 160)}`
    : (stage.attempts.at(-1)?.reason ?? 'no reason was recorded');
  const [show, change] = ['Show Error', 'Resume with Other Values…'];
  const buttons = hasConfig(stage) ? [show, change] : [show];
  const answer = await vscode.window.showErrorMessage(`${run.name}: stage ${stage.id} failed. ${why}`, ...buttons);
  const commands = { [show]: 'longhand.showStageError', [change]: 'longhand.resumeStageChanged' } as const;
  if (answer !== undefined) await runCommand(commands[answer]!, { run: id, stage: stage.id });
}

async function sayCompleted(id: string, name: string): Promise<void> {
  const button = 'Open Dashboard';
  if ((await vscode.window.showInformationMessage(`${name} is complete.`, button)) === button) {
    await runCommand('longhand.openDashboard', { run: id });
  }
}
