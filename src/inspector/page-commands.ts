/** The commands that press a key of the page that has the focus. */
import * as vscode from 'vscode';
import { labels, type Label } from '../../core/behaviours/spans.ts';
import { readerLabels } from '../../core/protocol/labels.ts';
import { moveKeys, type MoveKey, type PageKey } from '../../core/protocol/webview.ts';
import type { CommandId } from '../contributions.ts';
import { pageCommands } from './page-keys.ts';
import type { Panels } from './panels.ts';

type PageCommand = keyof typeof pageCommands;
type Asking = 'longhand.nextSpanOf' | 'longhand.previousSpanOf' | 'longhand.giveLabel' | 'longhand.moveLabel';
type Pressed = Record<PageCommand | Asking, () => unknown>;

/** Pages hear of them; what they do is the page's affair. */
export function pressKeys(panels: Panels): Pressed {
  const entries = Object.entries(pageCommands) as [PageCommand, PageKey][];
  const ofLabel = async (action: PageKey, title: string, among: readonly Label[] = labels) => {
    const label = await askLabel(title, among);
    if (label) panels.key(action, label);
  };
  const own = Object.fromEntries(entries.map(([id, key]) => [id, () => panels.key(key)]));
  return {
    ...(own as Record<PageCommand, () => void>),
    'longhand.nextSpanOf': () => ofLabel('nextSpan', 'Go to Next Span of a Label'),
    'longhand.previousSpanOf': () => ofLabel('previousSpan', 'Go to Previous Span of a Label'),
    'longhand.giveLabel': () => ofLabel('giveLabel', 'Give or Change a Label', readerLabels),
    'longhand.moveLabel': async () => {
      const move = await askMove();
      if (move) panels.key(move);
    },
  } satisfies Partial<Record<CommandId, unknown>>;
}

async function askLabel(title: string, among: readonly Label[]): Promise<Label | undefined> {
  const items = among.map((value) => ({
    label: value[0]!.toUpperCase() + value.slice(1).replaceAll('_', ' '),
    value,
  }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Of which label?' }))?.value;
}

const ends = { start: 'Beginning', end: 'End', both: 'All of it' };

async function askMove(): Promise<MoveKey | undefined> {
  const items = moveKeys.map((value) => {
    const [end, unit, way] = value.split(/(?=[A-Z])/) as [keyof typeof ends, string, string];
    return { label: `${ends[end]} a ${unit.toLowerCase()} ${way.toLowerCase()}`, value };
  });
  return (await vscode.window.showQuickPick(items, { title: 'Move the Label or an End of It' }))?.value;
}
