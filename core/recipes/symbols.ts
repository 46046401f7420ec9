/** What an outline, a folding range or a CodeLens needs: the recipe's stages with their places. */
import { pairAt, rangeAt, type Range, type RecipeDocument } from './document.ts';
import { stagesOf } from './check.ts';

export interface StageSymbol {
  /** Null when the stage has none yet. */
  id: string | null;
  kind: string | null;
  index: number;
  /** The whole stage, and what to select of it: its id. */
  range: Range;
  selection: Range;
}

export function stageSymbols(document: RecipeDocument): StageSymbol[] {
  return stagesOf(document.value).map((stage, index) => {
    const path = ['stages', index];
    const range = rangeAt(document, path);
    const { value } = pairAt(document, path);
    // A node's range reaches to the next one; the blank lines between belong to none.
    const text = document.text.slice(range.start, value?.range?.[1] ?? range.end);
    return {
      id: typeof stage.id === 'string' ? stage.id : null,
      kind: typeof stage.kind === 'string' ? stage.kind : null,
      index,
      range: { start: range.start, end: range.start + text.trimEnd().length },
      selection: rangeAt(document, typeof stage.id === 'string' ? [...path, 'id'] : path),
    };
  });
}

/** The range of `name`, where a lens for the whole recipe stands; the file's beginning when there is none. */
export function recipeSymbol(document: RecipeDocument): Range {
  return rangeAt(document, ['name'], 'key');
}
