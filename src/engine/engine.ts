/** Set Up Engine: makes the Python environment, or checks the one that the settings name. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { EngineSetupError, SetupResult } from '../../scripts/engine-setup.mjs';
import type { Backends } from '../backends/backends.ts';
import { ActionableError } from '../errors.ts';
import type { Log } from '../log.ts';
import { readSetting } from '../settings.ts';

export interface EngineFolders {
  /** Folder of the extension. */
  home: string;
  /** Where the environment goes: the extension's global storage. */
  engineDir: string;
}

export function engineFolders(context: vscode.ExtensionContext): EngineFolders {
  return { home: context.extensionPath, engineDir: path.join(context.globalStorageUri.fsPath, 'engine') };
}

export async function setUpEngine(folders: EngineFolders, backends: Backends, log: Log): Promise<void> {
  if (backends.active.url !== null) {
    throw new ActionableError(
      `The active backend is ${backends.active.name}; its engine is set up on its machine (npm run quickstart, or this command over Remote-SSH).`,
      'Show Doctor',
      () => vscode.commands.executeCommand('longhand.doctor'),
    );
  }
  const named = readSetting('engine.python').trim();
  if (named) return checkNamed(named, folders);
  const setup = await import('../../scripts/engine-setup.mjs');
  try {
    const result = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: 'Longhand: setting up the engine', cancellable: true },
      (progress, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        let last = 0;
        return setup.setUpEngine({
          ...folders,
          signal: controller.signal,
          onProgress: ({ message, fraction }) => {
            log.info(`engine: ${message}`);
            const percent = (fraction ?? 0) * 100;
            progress.report({ message, increment: Math.max(0, percent - last) });
            last = Math.max(last, percent);
          },
        });
      },
    );
    await tellDone(result, backends);
  } catch (error) {
    throw toActionable(error, folders, backends, log, setup.EngineSetupError);
  }
}

async function tellDone(result: SetupResult, backends: Backends): Promise<void> {
  const versions = Object.entries(result.versions)
    .map(([name, version]) => `${name} ${version}`)
    .slice(0, 3)
    .join(', ');
  const what = result.existed
    ? 'The engine is complete'
    : `The engine is ${result.repaired ? 'repaired' : 'ready'} (${Math.round(result.seconds)} s)`;
  // A backend that was started from elsewhere may look in another folder.
  if (backends.state === 'connected') {
    const { checks } = await backends.call('service/doctor', {}, { timeout: 120_000 });
    if (checks.some(({ id, status }) => id === 'engine' && status !== 'ok')) {
      const restart = 'Restart Backend';
      const text = `${what}: ${versions}. The backend that runs now looks for its engine elsewhere; restart it to have it use this one.`;
      if ((await vscode.window.showInformationMessage(text, restart)) === restart) await backends.restart();
      return;
    }
  }
  const run = 'Run Recipe…';
  if ((await vscode.window.showInformationMessage(`${what}: ${versions}.`, run)) === run) {
    await vscode.commands.executeCommand('longhand.runRecipe');
  }
}

async function checkNamed(python: string, { home }: EngineFolders): Promise<void> {
  const { checkEngine } = await import('../../scripts/engine-setup.mjs');
  const found = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Longhand: checking ${python}` },
    () => checkEngine({ python, home, importAll: true }),
  );
  if (found.ok) {
    void vscode.window.showInformationMessage(`${python} (Python ${found.version}) can run the engine.`);
    return;
  }
  throw new ActionableError(
    `${python}, which the setting longhand.engine.python names, cannot run the engine: ${found.problems.slice(0, 4).join('; ')}${found.problems.length > 4 ? `; and ${found.problems.length - 4} more` : ''}.`,
    'Open Setting',
    () => vscode.commands.executeCommand('workbench.action.openSettings', 'longhand.engine.python'),
  );
}

function toActionable(
  error: unknown,
  folders: EngineFolders,
  backends: Backends,
  log: Log,
  known: typeof EngineSetupError,
): unknown {
  if (!(error instanceof known)) return error;
  if (error.code === 'cancelled') return new vscode.CancellationError();
  log.error(`engine: ${error.message}`);
  const [first] = error.message.split('\n');
  const text = `${first} ${error.help}`;
  if (error.code === 'no_python' || error.code === 'old_python') {
    return new ActionableError(text, 'Open Setting', () =>
      vscode.commands.executeCommand('workbench.action.openSettings', 'longhand.engine.python'),
    );
  }
  return new ActionableError(text, error.code === 'network' || error.code === 'busy' ? 'Try Again' : 'Show Log', () =>
    error.code === 'network' || error.code === 'busy' ? setUpEngine(folders, backends, log) : log.show(),
  );
}
