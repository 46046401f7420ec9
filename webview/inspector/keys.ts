/** The keys of the inspector: one table for what they do and for the help that lists them. Pure. */
import type { Label } from '../../core/behaviours/spans.ts';
import { labelLooks } from '../ui/labels.ts';

export type Action =
  | { do: 'trace'; by: 1 | -1 }
  | { do: 'sibling'; by: 1 | -1 }
  | { do: 'span'; label: Label | null; by: 1 | -1 }
  | { do: 'raw' | 'facts' | 'list' | 'prompt' | 'find' | 'help' | 'start' | 'end' | 'copy' | 'editor' | 'labels' };

export interface KeyLine {
  keys: readonly string[];
  words: string;
  action: Action;
}

export const keyLines: readonly KeyLine[] = [
  { keys: ['j'], words: 'Next trace', action: { do: 'trace', by: 1 } },
  { keys: ['k'], words: 'Previous trace', action: { do: 'trace', by: -1 } },
  { keys: [']'], words: 'Next sample of the group', action: { do: 'sibling', by: 1 } },
  { keys: ['['], words: 'Previous sample of the group', action: { do: 'sibling', by: -1 } },
  { keys: ['n'], words: 'Next span of any kind', action: { do: 'span', label: null, by: 1 } },
  { keys: ['N'], words: 'Previous span of any kind', action: { do: 'span', label: null, by: -1 } },
  ...labelLooks.flatMap(({ label, name, key }): KeyLine[] => [
    { keys: [key], words: `Next: ${name.toLowerCase()}`, action: { do: 'span', label, by: 1 } },
    { keys: [key.toUpperCase()], words: `Previous: ${name.toLowerCase()}`, action: { do: 'span', label, by: -1 } },
  ]),
  { keys: ['/', 'Ctrl+F'], words: 'Find in trace', action: { do: 'find' } },
  { keys: ['r'], words: 'Raw text or reading', action: { do: 'raw' } },
  { keys: ['h'], words: 'Highlights on or off', action: { do: 'labels' } },
  { keys: ['p'], words: 'Prompt open or closed', action: { do: 'prompt' } },
  { keys: ['g'], words: 'Beginning of the text', action: { do: 'start' } },
  { keys: ['G'], words: 'End of the text', action: { do: 'end' } },
  { keys: ['f'], words: 'Facts open or closed', action: { do: 'facts' } },
  { keys: ['l'], words: 'List open or closed', action: { do: 'list' } },
  { keys: ['y'], words: 'Copy the raw text', action: { do: 'copy' } },
  { keys: ['e'], words: 'Open the raw text in an editor', action: { do: 'editor' } },
  { keys: ['?'], words: 'These keys', action: { do: 'help' } },
];

/** What a key press asks for, or null. Keys typed into a field are text, apart from Ctrl+F. */
export function actionOf(event: {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  typing: boolean;
}): Action | null {
  const command = event.ctrlKey || event.metaKey;
  if (command) return event.key.toLowerCase() === 'f' && !event.altKey ? { do: 'find' } : null;
  if (event.typing || event.altKey) return null;
  return keyLines.find((line) => line.keys.includes(event.key))?.action ?? null;
}
