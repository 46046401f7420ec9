/** The keys of the inspector: one table for what they do and for the help that lists them. Pure. */
import type { Label } from '../../core/behaviours/spans.ts';
import type { KeyPress } from '../ui/keys.ts';
import { labelLooks } from '../ui/labels.ts';
import { auditKeyLines, type AuditAction } from './audit-keys.ts';
import type { EditAction } from './edit-keys.ts';
import { placeKeyLines, type PlaceAction } from './place-keys.ts';

export type Action =
  | AuditAction
  | PlaceAction
  | { do: 'trace'; by: 1 | -1 }
  | { do: 'sibling'; by: 1 | -1 }
  | { do: 'span'; label: Label | null; by: 1 | -1 }
  | { do: 'disagreement'; by: 1 | -1 }
  | { do: 'edit' }
  | { do: 'editing'; what: EditAction }
  | { do: 'compare' }
  | { do: 'tokens' | 'foldAll' | 'foldHere' }
  | {
      do:
        | 'raw'
        | 'facts'
        | 'list'
        | 'prompt'
        | 'find'
        | 'query'
        | 'help'
        | 'start'
        | 'end'
        | 'copy'
        | 'editor'
        | 'labels';
    };

export interface KeyLine {
  keys: readonly string[];
  words: string;
  /** What the first key does, what the second does: the other way round, where there is one. */
  actions: readonly Action[];
  group: string;
}

type Line = Omit<KeyLine, 'group'>;

const line = (words: string, keys: readonly string[], ...actions: Action[]): Line => ({ keys, words, actions });
const both = (words: string, keys: readonly [string, string], action: (by: 1 | -1) => Action): Line =>
  line(words, keys, action(1), action(-1));

const groups: Readonly<Record<string, readonly Line[]>> = {
  'Go to': [
    both('Next, previous trace', ['j', 'k'], (by) => ({ do: 'trace', by })),
    line('… from everywhere in the tab', ['Alt+↓', 'Alt+↑']),
    both('Next, previous sample of the group', [']', '['], (by) => ({ do: 'sibling', by })),
    line('Beginning, end of the text', ['g', 'G'], { do: 'start' }, { do: 'end' }),
    line('Query of the list', ['Q'], { do: 'query' }),
    line('Find in trace', ['/', 'Ctrl+F'], { do: 'find' }),
    ...placeKeyLines,
    line('Side by side with another attempt', ['2'], { do: 'compare' }),
  ],
  Spans: [
    both('Next, previous span of any label', ['n', 'N'], (by) => ({ do: 'span', label: null, by })),
    line('Next, previous span, from everywhere in the tab', ['F8', 'Shift+F8']),
    ...labelLooks.map(({ label, name, key }) =>
      both(`… ${name.toLowerCase()}`, [key, key.toUpperCase()], (by) => ({ do: 'span', label, by })),
    ),
    both('Next, previous disagreement', ['d', 'D'], (by) => ({ do: 'disagreement', by })),
    line('Edit labels of your own, with more keys', ['E'], { do: 'edit' }),
  ],
  'Answer and verdict': auditKeyLines,
  View: [
    line('Raw text or reading', ['r'], { do: 'raw' }),
    line('Highlights on or off', ['h'], { do: 'labels' }),
    line('Lines under tokens: entropy, probability, none', ['H'], { do: 'tokens' }),
    line('Fold checks, repeats and code, or unfold all', ['F'], { do: 'foldAll' }),
    line('… the passage where you are', ['P'], { do: 'foldHere' }),
    line('Prompt open or closed', ['p'], { do: 'prompt' }),
    line('Facts open or closed', ['f'], { do: 'facts' }),
    line('List open or closed', ['l'], { do: 'list' }),
    line('Text of the trace gets the focus', ['Enter']),
    line('Copy the raw text', ['y'], { do: 'copy' }),
    line('Open the raw text in an editor', ['e'], { do: 'editor' }),
    line('These keys', ['?'], { do: 'help' }),
  ],
};

export const keyLines: readonly KeyLine[] = Object.entries(groups).flatMap(([group, lines]) =>
  lines.map((one) => ({ ...one, group })),
);

const byKey = new Map(keyLines.flatMap(({ keys, actions }) => actions.map((action, i) => [keys[i]!, action] as const)));

/** What a key press asks for, or null. Keys typed into a field are text, apart from Ctrl+F. */
export function actionOf(event: KeyPress): Action | null {
  const command = event.ctrlKey || event.metaKey;
  if (command) return event.key.toLowerCase() === 'f' && !event.altKey ? { do: 'find' } : null;
  if (event.typing || event.altKey) return null;
  return byKey.get(event.key) ?? null;
}
