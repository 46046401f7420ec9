/** A stage's log as a read-only document that follows the file's end while it is open. */
import * as vscode from 'vscode';
import type { StageInfo } from '../../core/protocol/methods.ts';
import type { Backends } from '../backends/backends.ts';
import { ids } from '../contributions.ts';
import { Disposables } from '../disposables.ts';
import { queryOf, type Documents, type DocumentSource } from '../documents.ts';
import { bytes } from '../format.ts';

/** The end of a log that is shown, in bytes; what is before is in the file, and the first line says so. */
const SHOWN_BYTES = 2 * 1024 * 1024;
const SLICE = 256 * 1024;
const POLL_MS = 1000;

interface Tail {
  text: string;
  /** Byte after the last one that was read, and of the first one that is kept. */
  end: number;
  from: number;
}

export class LogDocuments implements DocumentSource, vscode.Disposable {
  readonly #backends: Backends;
  readonly #documents: Documents;
  readonly #disposables = new Disposables();
  readonly #tails = new Map<string, Tail>();
  readonly #timer: NodeJS.Timeout;

  constructor(backends: Backends, documents: Documents) {
    this.#backends = backends;
    this.#documents = documents;
    documents.register('log', this);
    this.#timer = setInterval(() => void this.#follow(), POLL_MS);
    this.#disposables.add(
      vscode.workspace.onDidCloseTextDocument((document) => this.#tails.delete(document.uri.toString())),
    );
    this.#disposables.add(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const [change] = contentChanges;
        if (change && this.#tails.has(document.uri.toString())) keepAtEnd(document, change.range.start.line);
      }),
    );
  }

  async content(query: Readonly<Record<string, string>>, uri: vscode.Uri): Promise<string> {
    const tail = await this.#read(query, this.#tails.get(uri.toString()));
    this.#tails.set(uri.toString(), tail);
    if (tail.from === 0) return tail.text || '(nothing was written yet)\n';
    return `… ${bytes(tail.from)} before this are not shown; the whole log is ${query['stream']}.log in the attempt's folder.\n${tail.text}`;
  }

  /** Shows the log of a stage's newest attempt: what it printed, or its errors when it failed. */
  async show(run: { run: string; name: string }, stage: StageInfo): Promise<void> {
    const attempt = stage.attempts.at(-1)?.attempt;
    const items = [
      { label: 'stderr', description: 'warnings, errors and the trainer’s own messages', stream: 'stderr' },
      { label: 'stdout', description: 'what the worker printed', stream: 'stdout' },
    ];
    const picked = await vscode.window.showQuickPick(items, {
      title: `Log of ${stage.id}`,
      placeHolder: 'Which stream?',
    });
    if (!picked) return;
    const name = `${stage.id} ${picked.stream}${attempt && attempt > 1 ? ` attempt ${attempt}` : ''} (${run.name}).log`;
    const uri = this.#documents.uri('log', name, {
      run: run.run,
      stage: stage.id,
      stream: picked.stream,
      ...(attempt ? { attempt: String(attempt) } : {}),
    });
    toEnd(await vscode.window.showTextDocument(uri, { preview: true }));
  }

  /** The error of a failed stage with its traceback, and where the log is. */
  async showError(run: { name: string }, stage: StageInfo): Promise<void> {
    const attempt = stage.attempts.at(-1);
    const error = attempt?.error;
    const lines = error
      ? [
          `${error.class}: ${error.message}`,
          '',
          ...(error.hint ? [`What to do: ${error.hint}`, ''] : []),
          error.traceback.trimEnd(),
        ]
      : [`The stage ended without an error of its own${attempt?.reason ? `: ${attempt.reason}` : ''}.`];
    lines.push(
      '',
      `Run ${run.name}, stage ${stage.id}, attempt ${attempt?.attempt ?? '?'}.`,
      'The log: “Longhand: Show Stage Log”. After the fix: “Longhand: Resume Stage”.',
      `Folder: ${stage.folder}`,
    );
    await this.#documents.report(`${stage.id} error.txt`, `${lines.join('\n')}\n`);
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#disposables.dispose();
  }

  async #read(query: Readonly<Record<string, string>>, known: Tail | undefined): Promise<Tail> {
    const { run = '', stage = '', attempt, stream } = query;
    const base = {
      run,
      stage,
      stream: stream === 'stdout' ? ('stdout' as const) : ('stderr' as const),
      ...(attempt ? { attempt: Number(attempt) } : {}),
    };
    let tail = known;
    if (!tail) {
      const { size } = await this.#backends.call('stages/log', { ...base, offset: 0, limit: 1 });
      const from = Math.max(0, size - SHOWN_BYTES);
      tail = { text: '', end: from, from };
    }
    let { text, end, from } = tail;
    for (;;) {
      const slice = await this.#backends.call('stages/log', { ...base, offset: end, limit: SLICE });
      if (slice.size < end) return this.#read(query, undefined);
      text += slice.text;
      if (slice.end <= end) break;
      end = slice.end;
      if (end >= slice.size) break;
    }
    if (text.length > 2 * SHOWN_BYTES) {
      const cut = text.indexOf('\n', text.length - SHOWN_BYTES) + 1;
      from += Buffer.byteLength(text.slice(0, cut));
      text = text.slice(cut);
    }
    return { text, end, from };
  }

  /** Looks for more text of the logs on screen. */
  async #follow(): Promise<void> {
    if (this.#backends.state !== 'connected') return;
    for (const { document } of vscode.window.visibleTextEditors) {
      const known = this.#tails.get(document.uri.toString());
      if (document.uri.scheme !== ids.scheme || !known) continue;
      const { run = '', stage = '', attempt, stream } = queryOf(document.uri);
      const size = await this.#backends
        .call('stages/log', {
          run,
          stage,
          stream: stream === 'stdout' ? 'stdout' : 'stderr',
          ...(attempt ? { attempt: Number(attempt) } : {}),
          offset: known.end,
          limit: 1,
        })
        .then((slice) => slice.size)
        .catch(() => known.end);
      if (size !== known.end) this.#documents.changed(document.uri);
    }
  }
}

/** An editor whose caret was at the end goes along with it. `from`: the line where the new text begins. */
function keepAtEnd(document: vscode.TextDocument, from: number): void {
  for (const editor of vscode.window.visibleTextEditors) {
    if (editor.document === document && editor.selection.active.line >= from - 1) toEnd(editor);
  }
}

function toEnd(editor: vscode.TextEditor): void {
  const { end } = editor.document.lineAt(editor.document.lineCount - 1).range;
  editor.selection = new vscode.Selection(end, end);
  editor.revealRange(new vscode.Range(end, end));
}
