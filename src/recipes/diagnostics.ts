/** Diagnostics of the open recipes, a moment after the last key. */
import * as vscode from 'vscode';
import { checkRecipe, type CheckOptions } from '../../core/recipes/check.ts';
import { ids } from '../contributions.ts';
import { Disposables } from '../disposables.ts';
import { pathOf } from './bases.ts';

const DELAY_MS = 250;

export class RecipeDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection(ids.language);
  readonly #disposables = new Disposables();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #options: CheckOptions;

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#disposables.add(this.#collection);
    this.#disposables.add(vscode.workspace.onDidOpenTextDocument((document) => this.#check(document)));
    this.#disposables.add(vscode.workspace.onDidChangeTextDocument(({ document }) => this.#later(document)));
    this.#disposables.add(vscode.workspace.onDidCloseTextDocument((document) => this.#forget(document)));
    for (const document of vscode.workspace.textDocuments) this.#check(document);
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#disposables.dispose();
  }

  #later(document: vscode.TextDocument): void {
    if (document.languageId !== ids.language) return;
    this.#soon(document);
    // What another open recipe extends may be this one.
    for (const other of vscode.workspace.textDocuments) {
      if (other !== document && other.languageId === ids.language && /^extends:/m.test(other.getText()))
        this.#soon(other);
    }
  }

  #soon(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => this.#check(document), DELAY_MS),
    );
  }

  #check(document: vscode.TextDocument): void {
    if (document.languageId !== ids.language) return;
    const { diagnostics } = checkRecipe(document.getText(), { ...this.#options, from: pathOf(document) });
    this.#collection.set(
      document.uri,
      diagnostics.map(({ message, range, severity }) => {
        const found = new vscode.Diagnostic(
          new vscode.Range(document.positionAt(range.start), document.positionAt(range.end)),
          message,
          severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
        );
        found.source = 'Longhand';
        return found;
      }),
    );
  }

  #forget(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#collection.delete(document.uri);
  }
}
