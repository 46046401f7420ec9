/** The keys of labelling: one table for what they do and for the sheet that lists them. Pure. */
import { readerLabels, type ReaderLabel } from '../../core/protocol/labels.ts';
import type { EditKey, MoveKey } from '../../core/protocol/webview.ts';
import type { SheetLine } from '../ui/help.tsx';
import { lookOf } from '../ui/labels.ts';
import type { KeyPress } from '../ui/keys.ts';

/** `by`: a step or character forward or back. */
export type EditAction =
  | { do: 'step'; by: 1 | -1; extend: boolean }
  | { do: 'own'; by: 1 | -1; label: ReaderLabel | null }
  | { do: 'label'; label: ReaderLabel }
  | { do: 'move'; which: 'start' | 'end' | 'both'; unit: 'step' | 'character'; by: 1 | -1 }
  | { do: 'begin' | 'remove' | 'undo' | 'redo' | 'reviewed' | 'whole' | 'snap' | 'compare' | 'back' }
  | { do: 'settle' }
  | { do: 'leave' };

export interface EditKeyLine {
  keys: readonly string[];
  words: string;
  actions: readonly EditAction[];
}

const line = (words: string, keys: readonly string[], ...actions: EditAction[]): EditKeyLine => ({
  words,
  keys,
  actions,
});
const pair = (words: string, keys: readonly [string, string], action: (by: 1 | -1) => EditAction): EditKeyLine =>
  line(words, keys, action(1), action(-1));

export const labelKeys: readonly { label: ReaderLabel; name: string; key: string }[] = readerLabels.map((label) => {
  const { name, key } = lookOf(label);
  return { label, name, key };
});

export const editKeyLines: readonly EditKeyLine[] = [
  pair('Next, previous step', ['ArrowDown', 'ArrowUp'], (by) => ({ do: 'step', by, extend: false })),
  pair('… with the steps before', ['Shift+ArrowDown', 'Shift+ArrowUp'], (by) => ({ do: 'step', by, extend: true })),
  pair('Next, previous label of yours', ['n', 'N'], (by) => ({ do: 'own', by, label: null })),
  line('Give a label, or change the one that is selected; with Shift to the one before:', []),
  ...labelKeys.map(({ label, name, key }) =>
    line(`… ${name.toLowerCase()}`, [key, key.toUpperCase()], { do: 'label', label }, { do: 'own', by: -1, label }),
  ),
  pair('End a step later, earlier', ['.', ','], (by) => ({ do: 'move', which: 'end', unit: 'step', by })),
  pair('Beginning a step later, earlier', ['>', '<'], (by) => ({ do: 'move', which: 'start', unit: 'step', by })),
  pair('All of it a step later, earlier', ['+', '-'], (by) => ({ do: 'move', which: 'both', unit: 'step', by })),
  pair('End a character later, earlier', ['ArrowRight', 'ArrowLeft'], (by) => ({
    ...{ do: 'move', which: 'end', unit: 'character', by },
  })),
  pair('Beginning a character later, earlier', ['Shift+ArrowRight', 'Shift+ArrowLeft'], (by) => ({
    ...{ do: 'move', which: 'start', unit: 'character', by },
  })),
  line('Remove the label', ['Delete', 'Backspace'], { do: 'remove' }, { do: 'remove' }),
  line('Undo, do again', ['z', 'Z'], { do: 'undo' }, { do: 'redo' }),
  line('Reviewed up to here; all of the text, or none', ['m', 'M'], { do: 'reviewed' }, { do: 'whole' }),
  line('Settle a disagreement: your labels stand', ['q'], { do: 'settle' }),
  line('Begin with the detector’s spans', ['Enter'], { do: 'begin' }),
  line('What is selected snaps to steps, or not', ['i'], { do: 'snap' }),
  line('The detector’s spans beside yours, or not', ['t'], { do: 'compare' }),
  line('From the label to its steps; then end', ['Escape'], { do: 'back' }),
  line('End', ['E'], { do: 'leave' }),
];

const byKey = new Map(
  editKeyLines.flatMap(({ keys, actions }) => actions.map((action, i) => [keys[i]!, action] as const)),
);
const named = /^(?:Arrow|Page|Home|End)/;

/** What a key press asks for, or null. Ctrl+Z and Ctrl+Shift+Z (or Ctrl+Y) undo and do again as everywhere. */
export function editActionOf(event: KeyPress & { shiftKey: boolean }): EditAction | null {
  if (event.typing || event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    const key = event.key.toLowerCase();
    if (key === 'y' || (key === 'z' && event.shiftKey)) return { do: 'redo' };
    return key === 'z' ? { do: 'undo' } : null;
  }
  return byKey.get(event.shiftKey && named.test(event.key) ? `Shift+${event.key}` : event.key) ?? null;
}

const moves: Record<MoveKey, EditAction> = {
  endStepLater: { do: 'move', which: 'end', unit: 'step', by: 1 },
  endStepEarlier: { do: 'move', which: 'end', unit: 'step', by: -1 },
  startStepLater: { do: 'move', which: 'start', unit: 'step', by: 1 },
  startStepEarlier: { do: 'move', which: 'start', unit: 'step', by: -1 },
  bothStepLater: { do: 'move', which: 'both', unit: 'step', by: 1 },
  bothStepEarlier: { do: 'move', which: 'both', unit: 'step', by: -1 },
  endCharacterLater: { do: 'move', which: 'end', unit: 'character', by: 1 },
  endCharacterEarlier: { do: 'move', which: 'end', unit: 'character', by: -1 },
  startCharacterLater: { do: 'move', which: 'start', unit: 'character', by: 1 },
  startCharacterEarlier: { do: 'move', which: 'start', unit: 'character', by: -1 },
};

/** What the commands of the editor do; the label that is given comes with the command. */
export const editHostActions: Record<Exclude<EditKey, 'giveLabel'>, EditAction> = {
  ...moves,
  nextStep: { do: 'step', by: 1, extend: false },
  previousStep: { do: 'step', by: -1, extend: false },
  extendToNextStep: { do: 'step', by: 1, extend: true },
  extendToPreviousStep: { do: 'step', by: -1, extend: true },
  nextOwnLabel: { do: 'own', by: 1, label: null },
  previousOwnLabel: { do: 'own', by: -1, label: null },
  removeLabel: { do: 'remove' },
  undoLabel: { do: 'undo' },
  redoLabel: { do: 'redo' },
  reviewedToHere: { do: 'reviewed' },
  reviewedWhole: { do: 'whole' },
  settle: { do: 'settle' },
  beginWithDetector: { do: 'begin' },
  snapToSteps: { do: 'snap' },
  detectorBeside: { do: 'compare' },
};

const arrows: Record<string, string> = { ArrowDown: '↓', ArrowUp: '↑', ArrowLeft: '←', ArrowRight: '→' };

/** The sheet of keys while labels are edited: these, and the others as far as they do what they always do. */
export function editSheet(others: readonly SheetLine[]): SheetLine[] {
  const own = editKeyLines.map(({ keys, words }) => {
    return {
      words,
      group: 'Your labels',
      keys: keys.map((key) => key.replace(/Arrow\w+/, (name) => arrows[name] ?? name)),
    };
  });
  const rest = others.filter(({ keys }) => !keys.some((key) => byKey.has(key) && key !== 'Enter'));
  return [...own, ...rest];
}
