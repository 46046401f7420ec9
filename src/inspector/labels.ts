/** *Export Labels* and *Import Labels*: a reader's labels of a run, to a file and from one. */
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { exportedRows, importRow, parseRow } from '../../core/labels/exchange.ts';
import type { Backends } from '../backends/backends.ts';
import { plural } from '../format.ts';
import type { Targets } from '../runs/targets.ts';

interface LabelParts {
  backends: Backends;
  targets: Targets;
}

/** Lines that could not be taken and are named one by one. */
const NAMED = 3;

export async function exportLabels({ backends, targets }: LabelParts, argument: unknown): Promise<void> {
  const run = await targets.withTraces(argument, 'Export Labels', 'There are no traces yet.');
  if (!run) return;
  const choices = [
    { label: 'Labels only', description: 'places in the texts', text: false },
    { label: 'Labels with texts', description: 'each row has its completion', text: true },
  ];
  const choice = await vscode.window.showQuickPick(choices, {
    title: `Export labels of ${run.name}`,
    placeHolder: 'What is written?',
  });
  if (!choice) return;
  const uri = await vscode.window.showSaveDialog({
    title: 'Export Labels',
    filters: { 'JSON lines': ['jsonl'] },
    defaultUri: vscode.Uri.joinPath(
      vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir()),
      `${run.run}.labels.jsonl`,
    ),
  });
  if (!uri) return;
  const lines: string[] = [];
  const call: Parameters<typeof exportedRows>[0] = (method, params) => backends.call(method, params);
  for await (const row of exportedRows(call, { run: run.run, text: choice.text }))
    lines.push(`${JSON.stringify(row)}\n`);
  if (lines.length === 0) {
    void vscode.window.showInformationMessage(`Nobody has labelled a trace of ${run.name} yet. Open one and press E.`);
    return;
  }
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(lines.join('')));
  void vscode.window.showInformationMessage(
    `Labels of ${plural(lines.length, 'trace')} were written to ${uri.fsPath}.`,
  );
}

export async function importLabels({ backends }: LabelParts, argument: unknown): Promise<void> {
  const picked =
    argument instanceof vscode.Uri
      ? [argument]
      : await vscode.window.showOpenDialog({
          title: 'Import Labels',
          openLabel: 'Import',
          filters: { 'JSON lines': ['jsonl'] },
        });
  const uri = picked?.[0];
  if (!uri) return;
  const lines = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)).split('\n');
  const call: Parameters<typeof importRow>[0] = (method, params) => backends.call(method, params);
  const faults: string[] = [];
  let [changed, same] = [0, 0];
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Importing labels', cancellable: true },
    async (progress, cancelled) => {
      for (const [i, line] of lines.entries()) {
        if (cancelled.isCancellationRequested) break;
        if (line.trim() === '') continue;
        try {
          if (await importRow(call, parseRow(line))) changed += 1;
          else same += 1;
        } catch (error) {
          faults.push(`line ${i + 1}: ${error instanceof Error ? error.message : String(error)}`);
        }
        progress.report({ increment: 100 / lines.length });
      }
    },
  );
  const taken = `Labels of ${plural(changed, 'trace')} were taken in${same > 0 ? `, ${same} were so before` : ''}.`;
  if (faults.length === 0) void vscode.window.showInformationMessage(taken);
  else
    void vscode.window.showWarningMessage(
      `${taken} ${plural(faults.length, 'line')} could not be taken: ${faults.slice(0, NAMED).join(' · ')}${faults.length > NAMED ? ' …' : ''}`,
    );
}
