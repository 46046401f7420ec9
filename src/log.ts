import * as vscode from 'vscode';

/** The extension's log. Its level is the user's (*Developer: Set Log Level*). */
export function createLog(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel('Longhand', { log: true });
}

export type Log = vscode.LogOutputChannel;
