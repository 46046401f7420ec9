/** The commands that press a key of the page that has the focus. */
import * as vscode from 'vscode';
import { labels, type Label } from '../../core/behaviours/spans.ts';
import type { PageKey } from '../../core/protocol/webview.ts';
import type { CommandId } from '../contributions.ts';
import { pageCommands } from './page-keys.ts';
import type { Panels } from './panels.ts';

type PageCommand = keyof typeof pageCommands;
type Pressed = Record<PageCommand | 'longhand.nextSpanOf' | 'longhand.previousSpanOf', () => unknown>;

/** Pages hear of them; what they do is the page's affair. */
export function pressKeys(panels: Panels): Pressed {
  const entries = Object.entries(pageCommands) as [PageCommand, PageKey][];
  const ofLabel = async (action: PageKey, title: string) => {
    const label = await askLabel(title);
    if (label) panels.key(action, label);
  };
  const own = Object.fromEntries(entries.map(([id, key]) => [id, () => panels.key(key)]));
  return {
    ...(own as Record<PageCommand, () => void>),
    'longhand.nextSpanOf': () => ofLabel('nextSpan', 'Go to Next Span of a Label'),
    'longhand.previousSpanOf': () => ofLabel('previousSpan', 'Go to Previous Span of a Label'),
  } satisfies Partial<Record<CommandId, unknown>>;
}

async function askLabel(title: string): Promise<Label | undefined> {
  const items = labels.map((value) => ({
    label: value[0]!.toUpperCase() + value.slice(1).replaceAll('_', ' '),
    value,
  }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Of which label?' }))?.value;
}
