/** Stop, resume, rename, delete, reveal: what can be done with a run or a stage. */
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RunState } from '../../core/protocol/methods.ts';
import type { Backends } from '../backends/backends.ts';
import { ActionableError } from '../errors.ts';
import { plural } from '../format.ts';
import { textAt } from '../shape.ts';
import { requireTrust } from '../trust.ts';
import type { RunStore } from './store.ts';
import type { Targets } from './targets.ts';

export interface RunCommands {
  backends: Backends;
  store: RunStore;
  targets: Targets;
}

const stoppable = ({ state }: { state: RunState }) => state === 'running' || state === 'waiting';
export const resumable = ({ state }: { state: RunState }) => state === 'stopped' || state === 'failed';

export async function stopStage({ backends, store, targets }: RunCommands, argument: unknown): Promise<void> {
  const picked = await targets.stage(argument, 'Stop Stage', stoppable, 'No stage is running.');
  if (!picked) return;
  await backends.call('stages/stop', { run: picked.run.run, stage: picked.stage.id });
  await store.refresh(picked.run.run);
  await untilStopped(store, picked.run.run, `Longhand: stopping ${picked.stage.id}`, () => {
    const stage = store.get(picked.run.run)?.stages.find(({ id }) => id === picked.stage.id);
    return { over: stage?.state !== 'stopping', graceLeft: stage?.attempts.at(-1)?.graceLeft ?? null };
  });
}

export async function stopRun({ backends, store, targets }: RunCommands, argument: unknown): Promise<void> {
  const run = await targets.run(argument, 'Stop Run', stoppable, 'No run is running.', true);
  if (!run) return;
  await backends.call('runs/stop', { run: run.run });
  await store.refresh(run.run);
  await untilStopped(store, run.run, `Longhand: stopping ${run.name}`, () => {
    const now = store.get(run.run);
    const left = now?.stages.flatMap(({ attempts }) => attempts.at(-1)?.graceLeft ?? []) ?? [];
    return { over: now?.state !== 'stopping', graceLeft: left.length > 0 ? Math.max(...left) : null };
  });
}

export async function resumeStage({ backends, store, targets }: RunCommands, argument: unknown): Promise<void> {
  requireTrust('resuming a stage');
  const picked = await targets.stage(argument, 'Resume Stage', resumable, 'No stage has stopped or failed.');
  if (!picked) return;
  await backends.call('stages/resume', { run: picked.run.run, stage: picked.stage.id });
  await store.refresh(picked.run.run);
}

export async function resumeRun({ backends, store, targets }: RunCommands, argument: unknown): Promise<void> {
  requireTrust('resuming a run');
  const run = await targets.run(argument, 'Resume Run', resumable, 'No run has stopped or failed.', true);
  if (!run) return;
  await backends.call('runs/resume', { run: run.run });
  await store.refresh(run.run);
}

export async function renameRun({ backends, store, targets }: RunCommands, argument: unknown): Promise<void> {
  const run = await targets.run(argument, 'Rename Run');
  if (!run) return;
  const name = await vscode.window.showInputBox({
    title: 'Rename Run',
    value: run.name,
    validateInput: (text) => (text.trim() ? null : 'A name is needed.'),
  });
  if (name === undefined || name.trim() === run.name) return;
  await backends.call('runs/rename', { run: run.run, name: name.trim() });
  await store.refresh(run.run);
}

export async function deleteRun({ backends, store, targets }: RunCommands, argument: unknown): Promise<void> {
  const run = await targets.run(argument, 'Delete Run');
  if (!run) return;
  if (run.state === 'running' || run.state === 'stopping') {
    throw new ActionableError(`${run.name} is running. Stop it first.`, 'Stop Run', () =>
      stopRun({ backends, store, targets }, { run: run.run }),
    );
  }
  const answer = await vscode.window.showWarningMessage(
    `Delete the run ${run.name}?`,
    {
      modal: true,
      detail: `${plural(run.traces, 'trace')}, checkpoints and logs in ${run.folder} are deleted. This cannot be undone.`,
    },
    'Delete',
  );
  if (answer !== 'Delete') return;
  await backends.call('runs/delete', { run: run.run }, { timeout: 120_000 });
  await store.reload();
}

export async function revealRun({ backends, targets }: RunCommands, argument: unknown): Promise<void> {
  const run = await targets.run(argument, 'Reveal Run Folder');
  if (!run) return;
  const folder = textAt(argument, 'stage', 'folder') ?? run.folder;
  if (!backends.sharesFiles) {
    throw new LonghandError(
      'not_runnable',
      `The folder is on the backend's machine, ${backends.hello?.host ?? '?'}: ${folder}`,
    );
  }
  const uri = vscode.Uri.file(folder);
  // A window in a browser or over Remote-SSH has no file manager on that machine.
  const desktop = vscode.env.uiKind === vscode.UIKind.Desktop && !vscode.env.remoteName;
  if (desktop) await vscode.commands.executeCommand('revealFileInOS', uri);
  else await vscode.commands.executeCommand('vscode.openFolder', uri, { forceNewWindow: true });
}

/** Shows how long the grace lasts, until it is over. Closing the message changes nothing. */
async function untilStopped(
  store: RunStore,
  run: string,
  title: string,
  look: () => { over: boolean; graceLeft: number | null },
): Promise<void> {
  if (look().over) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: false },
    async (progress) => {
      for (;;) {
        const { over, graceLeft } = look();
        if (over) return;
        progress.report({
          message:
            graceLeft === null ? 'saving a checkpoint' : `saving a checkpoint, ${Math.ceil(graceLeft)} s at most`,
        });
        await new Promise((resolve) => setTimeout(resolve, 500));
        await store.refresh(run).catch(() => undefined);
      }
    },
  );
}
