/** The keys of two traces side by side: those of the inspector that make sense here, and its own. Pure. */
import type { Label } from '../../core/behaviours/spans.ts';
import type { PageKey, SidesKey } from '../../core/protocol/webview.ts';
import { hostActionOf } from '../inspector/host-keys.ts';
import { actionOf, keyLines, type Action, type KeyLine } from '../inspector/keys.ts';
import type { SideName } from './place-map.ts';
import type { KeyPress } from '../ui/keys.ts';

export type SidesAction =
  | Action
  | { do: 'difference'; by: 1 | -1 }
  | { do: 'attempt'; by: 1 | -1 }
  | { do: 'side'; side: SideName }
  | { do: 'swap' | 'sync' | 'branches' | 'parting' | 'partner' };

type Own = { keys: readonly string[]; words: string; actions: readonly SidesAction[]; group: string };
const line = (words: string, keys: readonly string[], ...actions: SidesAction[]): Own => ({
  keys,
  words,
  actions,
  group: 'Side by side',
});

const own: readonly Own[] = [
  line('Next, previous difference', ['n', 'N'], { do: 'difference', by: 1 }, { do: 'difference', by: -1 }),
  line('… by arrows', ['Alt+↓', 'Alt+↑']),
  line('Where they part', ['d'], { do: 'parting' }),
  line('The same place on the other side', ['Enter'], { do: 'partner' }),
  line('Focus the left, the right text', ['1', '2'], { do: 'side', side: 'left' }, { do: 'side', side: 'right' }),
  line('Next, previous attempt on the side in use', ['j', 'k'], { do: 'attempt', by: 1 }, { do: 'attempt', by: -1 }),
  line('Scroll together or apart', ['l'], { do: 'sync' }),
  line('Swap the sides', ['q'], { do: 'swap' }),
  line('Branches of the group', ['t'], { do: 'branches' }),
];

/** Of the inspector's keys. */
const acted = new Set<Action['do']>([
  'span',
  'raw',
  'labels',
  'tokens',
  'foldAll',
  'foldHere',
  'prompt',
  'goTo',
  'landmark',
  'link',
  'find',
  'start',
  'end',
  'copy',
  'editor',
  'help',
]);
const taken = new Set(own.flatMap(({ keys }) => keys));
const kept: KeyLine[] = keyLines.filter(
  ({ keys, actions }) =>
    actions.length > 0 && actions.every((one) => acted.has(one.do)) && !keys.some((key) => taken.has(key)),
);

export const sidesKeyLines = [...own, ...kept];

const byKey = new Map(own.flatMap(({ keys, actions }) => actions.map((action, i) => [keys[i]!, action] as const)));
const keptKeys = new Set(kept.flatMap(({ keys }) => keys));

export function sidesActionOf(event: KeyPress): SidesAction | null {
  const { key, ctrlKey, metaKey, altKey, typing } = event;
  if (altKey && !ctrlKey && !metaKey && (key === 'ArrowDown' || key === 'ArrowUp'))
    return { do: 'difference', by: key === 'ArrowDown' ? 1 : -1 };
  if (!ctrlKey && !metaKey && !altKey && !typing) {
    const action = byKey.get(key);
    if (action) return action;
    if (!keptKeys.has(key)) return null;
  }
  const action = actionOf(event);
  return action && acted.has(action.do) ? action : null;
}

/** What the commands of the editor do here and nowhere else. */
export const sidesHostActions: Record<SidesKey, SidesAction> = {
  nextDifference: { do: 'difference', by: 1 },
  previousDifference: { do: 'difference', by: -1 },
  parting: { do: 'parting' },
  partner: { do: 'partner' },
  leftText: { do: 'side', side: 'left' },
  rightText: { do: 'side', side: 'right' },
  scrollTogether: { do: 'sync' },
  swapSides: { do: 'swap' },
  branches: { do: 'branches' },
};

/** What a command of the editor asks for, or null. */
export function sidesHostActionOf(key: { action: PageKey; label?: Label }): SidesAction | null {
  const found = (sidesHostActions as Partial<Record<PageKey, SidesAction>>)[key.action] ?? hostActionOf(key);
  if (found?.do === 'trace') return { do: 'attempt', by: found.by };
  return found;
}
