/** The rows of a windowed text in order: the prompt's head, its blocks when it is open, the completion's blocks. Pure. */
import type { Block } from '../../core/traces/blocks.ts';
import type { TextPart } from './part.ts';

export interface TextItem {
  part: 'prompt' | 'completion';
  kind: 'head' | 'block';
  block: Block;
  /** Pixels; an estimate until it is measured. */
  height: number;
  measured: boolean;
  /** It lies wholly in a folded passage that begins before it: it takes no room. */
  folded?: boolean;
  /** UTF-16 units of it that are folded away. */
  hidden?: number;
}

/** The rows now. A row that was there before is the same object, with the height that was measured. */
export function itemsOf(
  old: readonly TextItem[],
  prompt: TextPart,
  completion: TextPart,
  promptOpen: boolean,
): TextItem[] {
  const known = { prompt: new Map<number, TextItem>(), completion: new Map<number, TextItem>() };
  let head: TextItem | undefined;
  for (const item of old) {
    if (item.kind === 'head') head = item;
    else known[item.part].set(item.block.start, item);
  }
  const items: TextItem[] = [];
  if (prompt.text !== '') {
    items.push(
      head ?? {
        part: 'prompt',
        kind: 'head',
        block: { start: 0, end: 0, kind: 'paragraph' },
        height: 34,
        measured: false,
      },
    );
    if (promptOpen) for (const block of prompt.blocks) items.push(itemOf(block, 'prompt', known.prompt));
  }
  for (const block of completion.blocks) items.push(itemOf(block, 'completion', known.completion));
  return items;
}

/**
 * Brings the completion's rows up to date from its block `first` on, the others untouched. Returns the index of the first row
 * that may have changed.
 */
export function updateItems(items: TextItem[], completion: TextPart, first: number): number {
  let before = items.length;
  while (before > 0 && items[before - 1]!.part === 'completion' && items[before - 1]!.kind === 'block') {
    // The rows before are as many as the blocks that did not change.
    const { start } = items[before - 1]!.block;
    const kept = completion.blocks[first - 1];
    if (kept && start <= kept.start) break;
    before -= 1;
  }
  const known = new Map(items.slice(before).map((item) => [item.block.start, item]));
  items.length = before;
  for (let i = first; i < completion.blocks.length; i += 1)
    items.push(itemOf(completion.blocks[i]!, 'completion', known));
  return before;
}

function itemOf(block: Block, part: TextItem['part'], known: ReadonlyMap<number, TextItem>): TextItem {
  const before = known.get(block.start);
  if (before && before.block.end === block.end && before.block.kind === block.kind) return before;
  return { part, kind: 'block', block, height: 0, measured: false };
}
