/** From an error to a message with one button that helps. */
import * as vscode from 'vscode';
import { errorCodes, LonghandError, type ErrorCode } from '../core/protocol/errors.ts';
import { buttonTitles, isCommandId } from './contributions.ts';
import type { Log } from './log.ts';

/** An error with a button of its own, where the registry's does not fit. */
export class ActionableError extends Error {
  readonly button: string;
  readonly action: () => unknown;

  constructor(message: string, button: string, action: () => unknown) {
    super(message);
    this.name = 'ActionableError';
    this.button = button;
    this.action = action;
  }
}

export type Report = (error: unknown) => void;

/** Makes the function that shows an error to the user; a cancellation is no error. */
export function createReporter(log: Log): Report {
  return (error) => {
    if (LonghandError.is(error, 'cancelled') || error instanceof vscode.CancellationError) return;
    log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    void show(error, log);
  };
}

/** Codes whose help says what to do. That of the others says what kind of error it is, which the message has said better. */
const advice = new Set<ErrorCode>(['unknown_method', 'incompatible', 'internal', 'port_taken', 'disk_full', 'corrupt']);

async function show(error: unknown, log: Log): Promise<void> {
  if (error instanceof ActionableError) {
    if ((await vscode.window.showErrorMessage(error.message, error.button)) === error.button) await error.action();
    return;
  }
  if (LonghandError.is(error)) {
    const { help, action }: { help: string; action?: string } = errorCodes[error.code];
    const title = action && isCommandId(action) ? buttonTitles[action] : undefined;
    const text = advice.has(error.code) ? `${sentence(error.message)} ${help}` : sentence(error.message);
    const chosen = title
      ? await vscode.window.showErrorMessage(text, title)
      : await vscode.window.showErrorMessage(text);
    if (chosen && action) await vscode.commands.executeCommand(action);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  if ((await vscode.window.showErrorMessage(`Longhand: ${sentence(message)}`, 'Show Log')) === 'Show Log') log.show();
}

function sentence(text: string): string {
  return /[.!?:)]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}
