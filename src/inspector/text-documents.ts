/** The raw text of a trace as a read-only document, with an outline of what was marked in it; it grows with the trace. */
import * as vscode from 'vscode';
import type { Span } from '../../core/behaviours/spans.ts';
import { SLICE_LIMIT } from '../../core/protocol/methods.ts';
import type { HostMethods } from '../../core/protocol/webview.ts';
import type { Backends } from '../backends/backends.ts';
import { ids } from '../contributions.ts';
import { Disposables } from '../disposables.ts';
import { queryOf, type Documents, type DocumentSource } from '../documents.ts';
import { count, oneLine } from '../format.ts';
import { lineStarts, positionIn } from './lines.ts';

/** Longest text that is shown, in UTF-16 units: VS Code itself gives up on larger documents. */
const MAX_UNITS = 32 * 1024 * 1024;
const REFRESH_MS = 500;

interface Shown {
  trace: string;
  raw: string;
  live: boolean;
}

export class TextDocuments implements DocumentSource, vscode.DocumentSymbolProvider, vscode.Disposable {
  readonly #backends: Backends;
  readonly #documents: Documents;
  readonly #disposables = new Disposables();
  readonly #shown = new Map<string, Shown>();
  #timer: NodeJS.Timeout | null = null;

  constructor(backends: Backends, documents: Documents) {
    this.#backends = backends;
    this.#documents = documents;
    documents.register('trace', this);
    this.#disposables.add(
      vscode.languages.registerDocumentSymbolProvider({ scheme: ids.scheme, pattern: '**/*.txt' }, this, {
        label: 'Longhand',
      }),
    );
    this.#disposables.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#shown.delete(uri.toString())));
    this.#disposables.add(
      backends.onEvents(({ stream }) => {
        for (const { trace, live } of this.#shown.values())
          if (live && trace.startsWith(`${stream}/`)) this.#refreshSoon();
      }),
    );
  }

  uri(trace: string, part: 'prompt' | 'completion'): vscode.Uri {
    return this.#documents.uri('trace', `${trace.split('/').slice(1).join(' ')} ${part}.txt`, { trace, in: part });
  }

  /** Opens the text, with a stretch of it selected. */
  async open({ trace, in: part, start, end }: HostMethods['host/openText']['params']): Promise<void> {
    const uri = this.uri(trace, part);
    const editor = await vscode.window.showTextDocument(uri, { preview: true });
    const raw = this.#shown.get(uri.toString())?.raw;
    if (start === undefined || raw === undefined) return;
    const range = rangeIn(lineStarts(raw), start, end ?? start);
    editor.selection = new vscode.Selection(range.start, range.end);
    editor.revealRange(range, vscode.TextEditorRevealType.InCenter);
  }

  async content(query: Readonly<Record<string, string>>, uri: vscode.Uri): Promise<string> {
    const { trace = '' } = query;
    const part = query['in'] === 'prompt' ? 'prompt' : 'completion';
    await this.#backends.need();
    const known = this.#shown.get(uri.toString());
    let raw = known?.raw ?? '';
    let live = false;
    for (;;) {
      const slice = await this.#backends.call('traces/slice', {
        trace,
        in: part,
        start: raw.length,
        end: raw.length + SLICE_LIMIT,
      });
      live = slice.live;
      raw += slice.text;
      if (slice.text.length === 0 || raw.length >= slice.length || raw.length >= MAX_UNITS) break;
    }
    this.#shown.set(uri.toString(), { trace, raw, live });
    if (raw.length < MAX_UNITS) return raw;
    return `${raw}\n… cut after ${count(MAX_UNITS)} characters; the inspector shows all of it.\n`;
  }

  async provideDocumentSymbols(document: vscode.TextDocument): Promise<vscode.DocumentSymbol[]> {
    const { kind, trace, in: part } = queryOf(document.uri);
    const raw = this.#shown.get(document.uri.toString())?.raw;
    if (kind !== 'trace' || !trace || raw === undefined) return [];
    const { spans, sections } = await this.#backends.call('traces/annotations', { trace });
    const starts = lineStarts(raw);
    const symbols = spans
      .filter((span) => span.in === part && span.end <= raw.length)
      .map((span) => symbol(raw, starts, span));
    if (part !== 'completion') return symbols;
    // Sections hold what lies in them, so that the outline is a tree.
    const roots: vscode.DocumentSymbol[] = sections.map((section) => {
      const range = rangeIn(starts, section.start, section.end);
      return new vscode.DocumentSymbol(
        section.kind,
        `${count(section.end - section.start)} characters`,
        vscode.SymbolKind.Namespace,
        range,
        range,
      );
    });
    for (const found of symbols) {
      const parent = roots.find(
        (root) => root.kind === vscode.SymbolKind.Namespace && root.range.contains(found.range),
      );
      if (parent) parent.children.push(found);
      else roots.push(found);
    }
    return roots;
  }

  dispose(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#disposables.dispose();
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      for (const [uri, { live }] of this.#shown) if (live) this.#documents.changed(vscode.Uri.parse(uri));
    }, REFRESH_MS);
  }
}

const kinds: Partial<Record<Span['label'], vscode.SymbolKind>> = {
  verification: vscode.SymbolKind.Boolean,
  backtracking: vscode.SymbolKind.Event,
  subgoal: vscode.SymbolKind.Key,
  backward_reasoning: vscode.SymbolKind.Operator,
  answer_commitment: vscode.SymbolKind.Constant,
  marker: vscode.SymbolKind.String,
};

function symbol(raw: string, starts: readonly number[], span: Span): vscode.DocumentSymbol {
  const range = rangeIn(starts, span.start, span.end);
  const text = oneLine(raw.slice(span.start, Math.min(span.end, span.start + 200)), 80) || span.label;
  const label = span.label.replace('_', ' ');
  return new vscode.DocumentSymbol(
    text,
    span.outcome ? `${label}, ${span.outcome}` : label,
    kinds[span.label] ?? vscode.SymbolKind.Field,
    range,
    range,
  );
}

function rangeIn(starts: readonly number[], start: number, end: number): vscode.Range {
  const from = positionIn(starts, start);
  const to = positionIn(starts, end);
  return new vscode.Range(from.line, from.character, to.line, to.character);
}
