import * as vscode from 'vscode';
import { ActionableError } from './errors.ts';

/** Reading works in Restricted Mode, launching does not. */
export function requireTrust(what: string): void {
  if (vscode.workspace.isTrusted) return;
  throw new ActionableError(
    `This workspace is not trusted, so ${what} is off. Reading traces works.`,
    'Manage Workspace Trust',
    () => vscode.commands.executeCommand('workbench.trust.manage'),
  );
}
