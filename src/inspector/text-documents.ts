/** The raw text of a trace as a read-only document, with an outline of what was marked in it; it grows with the trace. */
import * as vscode from 'vscode';
import type { Span } from '../../core/behaviours/spans.ts';
import { SLICE_LIMIT } from '../../core/protocol/methods.ts';
import type { HostMethods } from '../../core/protocol/webview.ts';
import { readAnnotations } from '../../core/traces/annotation-pages.ts';
import { reasoningEnd } from '../../core/traces/landmarks.ts';
import { outlineOf, type OutlineEntry } from '../../core/traces/outline.ts';
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
    const live = this.#shown.get(document.uri.toString())?.live ?? false;
    const [{ spans, sections, steps }, figures] = await Promise.all([
      readAnnotations((from) => this.#backends.call('traces/annotations', { trace, from })),
      // The answers on the way are known of a trace that has ended; without them the outline is there all the same.
      live ? null : this.#backends.call('traces/figures', { trace }).catch(() => null),
    ]);
    const starts = lineStarts(raw);
    if (part !== 'completion') {
      return spans
        .filter((span) => span.in === 'prompt' && span.label !== 'marker' && span.end <= raw.length)
        .map((span) => promptSymbol(raw, starts, span));
    }
    const symbols = outlineOf({ text: raw, spans, sections, steps, figures }).map((entry) => symbolOf(starts, entry));
    const end = reasoningEnd(sections);
    if (end) {
      const range = rangeIn(starts, end.start, end.end);
      const name = oneLine(raw.slice(end.start, end.end), 40) || 'end';
      symbols.push(new vscode.DocumentSymbol(name, 'end of the reasoning', vscode.SymbolKind.Event, range, range));
    }
    return symbols.sort((x, y) => x.range.start.compareTo(y.range.start));
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

function promptSymbol(raw: string, starts: readonly number[], span: Span): vscode.DocumentSymbol {
  const range = rangeIn(starts, span.start, span.end);
  const label = span.label.replaceAll('_', ' ');
  const text = oneLine(raw.slice(span.start, Math.min(span.end, span.start + 200)), 80) || label;
  return new vscode.DocumentSymbol(text, label, kinds[span.label] ?? vscode.SymbolKind.Field, range, range);
}

function symbolOf(starts: readonly number[], entry: OutlineEntry): vscode.DocumentSymbol {
  const symbol = new vscode.DocumentSymbol(
    entry.name,
    entry.detail,
    kindOf(entry),
    rangeIn(starts, entry.start, entry.end),
    rangeIn(starts, entry.at.start, entry.at.end),
  );
  symbol.children = entry.children.map((child) => symbolOf(starts, child));
  return symbol;
}

function kindOf({ kind, label }: OutlineEntry): vscode.SymbolKind {
  if (kind === 'section') return vscode.SymbolKind.Namespace;
  if (kind === 'answer') return vscode.SymbolKind.Constant;
  if (kind === 'more') return vscode.SymbolKind.Null;
  return (label && kinds[label]) ?? (kind === 'steps' ? vscode.SymbolKind.Package : vscode.SymbolKind.Field);
}

function rangeIn(starts: readonly number[], start: number, end: number): vscode.Range {
  const from = positionIn(starts, start);
  const to = positionIn(starts, end);
  return new vscode.Range(from.line, from.character, to.line, to.character);
}
