/** Trace files become a run: inspected, mapped if need be, read, and what could not be read is said. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { ImportMapping, ImportResult } from '../../core/protocol/imports.ts';
import type { Backends } from '../backends/backends.ts';
import type { Documents } from '../documents.ts';
import { bytes, count, plural } from '../format.ts';
import type { Memory } from '../memento.ts';
import type { RunStore } from '../runs/store.ts';
import { askMapping, columnSignature, fits } from './mapping.ts';

export interface ImportParts {
  backends: Backends;
  store: RunStore;
  memory: Memory;
  documents: Documents;
}

/**
 * Imports one file, or several of the same columns as one run.
 * @returns null when the user left the dialog
 * @throws LonghandError also when nothing could be read
 */
export async function importFiles(parts: ImportParts, uris: readonly vscode.Uri[]): Promise<ImportResult | null> {
  const { backends, memory } = parts;
  for (const { scheme } of uris) if (scheme !== 'file') throw notHere(scheme);
  await backends.need();
  if (!backends.sharesFiles) {
    throw new LonghandError(
      'not_runnable',
      `The backend runs on ${backends.hello?.host ?? 'another machine'} and reads its own files; sending it a file of this machine is not supported yet. Connect to the backend of this machine, or put the file on that one.`,
    );
  }
  const paths = uris.map(({ fsPath }) => fsPath);
  const [first = ''] = paths;
  const name = paths.length === 1 ? path.basename(first) : `${path.basename(first)} and ${paths.length - 1} more`;

  const inspection = await withProgress(name, (progress, signal) => {
    progress.report({ message: 'looking at its columns' });
    return backends.call('import/inspect', { path: first }, { signal, timeout: 120_000 });
  });
  let mapping: ImportMapping | undefined;
  if (inspection.needsMapping) {
    if (inspection.columns.length === 0) {
      const why = inspection.notes.join(' ') || 'no rows with prompts and completions were found.';
      throw new LonghandError('unreadable', `${name}: ${why}`);
    }
    const signature = columnSignature(inspection);
    const known = memory.mapping(signature);
    mapping = known && fits(known, inspection.columns) ? known : await askMapping(inspection);
    if (!mapping) return null;
    await memory.setMapping(signature, mapping);
  }
  const result = await withProgress(name, (progress, signal) => {
    let last = 0;
    return backends.call(
      'import/run',
      { paths, ...(mapping ? { mapping } : {}) },
      {
        signal,
        timeout: 600_000,
        onProgress: ({ rows, bytes: done, totalBytes }) => {
          const part = totalBytes > 0 ? (100 * done) / totalBytes : 0;
          progress.report({
            message: `${plural(rows, 'row')}, ${bytes(done)} of ${bytes(totalBytes)}`,
            increment: part - last,
          });
          last = part;
        },
      },
    );
  });
  await parts.store.refresh(result.run);
  const skipped = result.skipped.length + result.skippedMore;
  if (result.traces === 0) {
    if (mapping) await memory.setMapping(columnSignature(inspection), undefined);
    if (skipped > 0) await showSkipped(parts.documents, name, result);
    throw new LonghandError('unreadable', `No trace was found in ${name}. ${result.notes.join(' ')}`.trim());
  }
  if (skipped > 0) void saySkipped(parts.documents, name, result, skipped);
  return result;
}

type Progress = vscode.Progress<{ message?: string; increment?: number }>;

/** A notification with Cancel while `work` goes on; it is gone before anything is asked. */
function withProgress<T>(name: string, work: (progress: Progress, signal: AbortSignal) => Promise<T>): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Longhand: reading ${name}`, cancellable: true },
    (progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      return work(progress, controller.signal);
    },
  );
}

function notHere(scheme: string): LonghandError {
  return new LonghandError(
    'not_runnable',
    `Files of “${scheme}:” are not on the backend's machine, and sending them is not supported yet. Save the file to disk there, or open the folder with Remote-SSH.`,
  );
}

async function saySkipped(documents: Documents, name: string, result: ImportResult, skipped: number): Promise<void> {
  const text = `${name}: ${plural(result.traces, 'trace')} read; ${plural(skipped, 'row')} could not be read and ${skipped === 1 ? 'was' : 'were'} skipped.`;
  if ((await vscode.window.showWarningMessage(text, 'Show')) === 'Show') await showSkipped(documents, name, result);
}

async function showSkipped(documents: Documents, name: string, result: ImportResult): Promise<void> {
  const lines = [
    `Rows of ${name} that could not be read (${result.format}; ${plural(result.traces, 'trace')} were):`,
    '',
    ...result.skipped.map(({ file, line, why }) => `${file}:${line}: ${why}`),
  ];
  if (result.skippedMore > 0) lines.push('', `… and ${count(result.skippedMore)} more that are not listed here.`);
  if (result.notes.length > 0) lines.push('', ...result.notes);
  await documents.report(`Skipped rows of ${name}.txt`, `${lines.join('\n')}\n`);
}
