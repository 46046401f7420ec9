import * as vscode from 'vscode';
import { commandIds, type CommandId, type ContextKeys } from './contributions.ts';
import type { Report } from './errors.ts';

/** Arguments arrive from menus, links and other extensions: each command checks its own. */
export type CommandTable = Record<CommandId, (...args: unknown[]) => unknown>;

/** Registers all commands. What one throws is shown with a button that helps. */
export function registerCommands(table: CommandTable, report: Report): vscode.Disposable {
  const registered = commandIds.map((id) =>
    vscode.commands.registerCommand(id, async (...args: unknown[]) => {
      try {
        return await table[id](...args);
      } catch (error) {
        report(error);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}

export function runCommand(id: CommandId, ...args: unknown[]): Thenable<unknown> {
  return vscode.commands.executeCommand(id, ...args);
}

const shown = new Map<string, unknown>();

export function setContext<K extends keyof ContextKeys>(key: K, value: ContextKeys[K]): void {
  if (shown.get(key) === value) return;
  shown.set(key, value);
  void vscode.commands.executeCommand('setContext', key, value);
}
