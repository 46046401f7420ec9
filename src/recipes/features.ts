/** Completion, hover, outline, CodeLens and links of a recipe. What is known of a place comes from `core/recipes`. */
import * as vscode from 'vscode';
import { completionsAt, hoverAt, type CompletionItem } from '../../core/recipes/describe.ts';
import { rangeAt, readDocument, type Range, type RecipeDocument } from '../../core/recipes/document.ts';
import { references } from '../../core/recipes/references.ts';
import { recipeSymbol, stageSymbols } from '../../core/recipes/symbols.ts';
import type { TrlKeys } from '../../core/recipes/trl-keys.ts';
import { ids, type CommandId } from '../contributions.ts';
import { pathOf, type RecipeBases } from './bases.ts';
import { runDescription } from '../runs/model.ts';
import type { RunStore } from '../runs/store.ts';
import { at, textAt } from '../shape.ts';

const kinds: Record<CompletionItem['kind'], vscode.CompletionItemKind> = {
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.Value,
  reference: vscode.CompletionItemKind.Reference,
};

const stageIcons: Record<string, vscode.SymbolKind> = {
  dataset: vscode.SymbolKind.Array,
  evaluate: vscode.SymbolKind.Boolean,
};

export function registerRecipeFeatures(
  trlKeys: TrlKeys | undefined,
  bases: RecipeBases,
  store: RunStore,
): vscode.Disposable {
  const optionsOf = (document: vscode.TextDocument) => ({
    findBase: bases.findBase,
    presets: bases.presets,
    from: pathOf(document),
    ...(trlKeys ? { trlKeys } : {}),
  });
  const { languages } = vscode;
  return vscode.Disposable.from(
    languages.registerCompletionItemProvider(
      ids.language,
      {
        provideCompletionItems(document, position) {
          const { items, replace } = completionsAt(
            document.getText(),
            document.offsetAt(position),
            optionsOf(document),
          );
          const range = rangeOf(document, replace);
          return items.map((item, place) => completion(item, range, place));
        },
      },
      '$',
      '{',
      ':',
      ' ',
    ),
    languages.registerHoverProvider(ids.language, {
      provideHover(document, position) {
        const hover = hoverAt(document.getText(), document.offsetAt(position), optionsOf(document));
        return hover
          ? new vscode.Hover(new vscode.MarkdownString(hover.contents), rangeOf(document, hover.range))
          : null;
      },
    }),
    languages.registerDocumentSymbolProvider(ids.language, { provideDocumentSymbols: outline }),
    languages.registerCodeLensProvider(ids.language, {
      onDidChangeCodeLenses: (listener) => store.onDidChange(() => listener()),
      provideCodeLenses: (document) => lenses(document, store),
    }),
    languages.registerDefinitionProvider(ids.language, { provideDefinition: definition }),
    languages.registerDocumentLinkProvider(ids.language, {
      provideDocumentLinks: (document) => links(document, bases),
    }),
  );
}

function completion(item: CompletionItem, range: vscode.Range, place: number): vscode.CompletionItem {
  const made = new vscode.CompletionItem({ label: item.label, description: item.detail }, kinds[item.kind]);
  made.insertText = item.insert;
  made.range = range;
  // A reference begins with `$`, which the editor would not take for a part of the word.
  made.filterText = item.label;
  made.sortText = String(place).padStart(4, '0');
  if (item.documentation) made.documentation = new vscode.MarkdownString(item.documentation);
  return made;
}

function outline(document: vscode.TextDocument): vscode.DocumentSymbol[] {
  return stageSymbols(readDocument(document.getText())).map(
    ({ id, kind, index, range, selection }) =>
      new vscode.DocumentSymbol(
        id ?? `stage ${index + 1}`,
        kind ?? '',
        stageIcons[kind ?? ''] ?? vscode.SymbolKind.Function,
        rangeOf(document, range),
        rangeOf(document, selection),
      ),
  );
}

function lenses(document: vscode.TextDocument, store: RunStore): vscode.CodeLens[] {
  const recipe = readDocument(document.getText());
  const range = rangeOf(document, recipeSymbol(recipe));
  const lens = (command: CommandId, title: string, tooltip: string, argument: unknown = document.uri) =>
    new vscode.CodeLens(range, { command, title, tooltip, arguments: [argument] });
  const found = [
    lens('longhand.runRecipe', '$(play) Run', 'Show the plan and start the recipe'),
    lens('longhand.planRecipe', '$(list-tree) Plan', 'Show what would run, and start nothing'),
  ];
  const name = textAt(recipe.value, 'name');
  const newest = store.runs.find((run) => run.kind === 'recipe' && run.name === name);
  if (newest) {
    const title = `$(graph-line) ${runDescription(newest)}`;
    found.push(lens('longhand.openDashboard', title, 'Open the dashboard of the newest run', { run: newest.run }));
  }
  return found;
}

/** Where the stage or the variable of the reference at a place is defined. */
function definition(document: vscode.TextDocument, position: vscode.Position): vscode.DefinitionLink[] {
  const recipe = readDocument(document.getText());
  const offset = document.offsetAt(position);
  for (const { range, target } of placed(recipe)) {
    if (offset < range.start || offset > range.end || !target) continue;
    const to = rangeOf(document, target);
    return [
      {
        originSelectionRange: rangeOf(document, range),
        targetUri: document.uri,
        targetRange: to,
        targetSelectionRange: to,
      },
    ];
  }
  return [];
}

/** References as links within the file: a click goes to the stage or the variable. What is extended is a link to its file. */
function links(document: vscode.TextDocument, bases: RecipeBases): vscode.DocumentLink[] {
  const recipe = readDocument(document.getText());
  const name = textAt(recipe.value, 'extends');
  const file = name === undefined ? null : bases.file(name, document);
  const base = file ? [new vscode.DocumentLink(rangeOf(document, rangeAt(recipe, ['extends'])), file)] : [];
  return [...base, ...within(document, recipe)];
}

function within(document: vscode.TextDocument, recipe: RecipeDocument): vscode.DocumentLink[] {
  return placed(recipe).flatMap(({ range, target }) => {
    if (!target) return [];
    const { line, character } = document.positionAt(target.start);
    const link = new vscode.DocumentLink(
      rangeOf(document, range),
      document.uri.with({ fragment: `L${line + 1},${character + 1}` }),
    );
    link.tooltip = 'Go to its definition';
    return [link];
  });
}

/** The references of a recipe with their own ranges and those of what they mean. */
function placed(recipe: RecipeDocument): { range: Range; target: Range | null }[] {
  const stages = stageSymbols(recipe);
  const value = at(recipe.value, 'stages');
  return references(value, ['stages']).flatMap(({ text, path, target }) => {
    const holder = rangeAt(recipe, path);
    const offset = recipe.text.slice(holder.start, holder.end).indexOf(text);
    if (offset < 0) return [];
    const start = holder.start + offset;
    const range = { start, end: start + text.length };
    // A variable or stage of the base is not defined here.
    if ('var' in target) {
      const isHere = at(recipe.value, 'vars', target.var) !== undefined;
      return [{ range, target: isHere ? rangeAt(recipe, ['vars', target.var], 'key') : null }];
    }
    if ('stage' in target) return [{ range, target: stages.find(({ id }) => id === target.stage)?.selection ?? null }];
    return [{ range, target: null }];
  });
}

function rangeOf(document: vscode.TextDocument, { start, end }: Range): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}
