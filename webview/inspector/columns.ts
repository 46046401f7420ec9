/** The columns of the list: what each shows, how wide it is, and which of them a width has room for. Pure. */
import type { ComponentChildren } from 'preact';
import type { TraceRow, TraceSortKey } from '../../core/protocol/traces.ts';
import { brief } from '../text/visible.ts';
import { labelLooks } from '../ui/labels.ts';
import { count, decimal, signed, tokens } from '../ui/format.ts';

export interface Column {
  id: string;
  title: string;
  sort: TraceSortKey | null;
  /** Pixels that it has where the reader gave it no width. */
  pixels: number;
  /** It takes what the others leave. */
  flexible?: true;
  /** What it is, where the title does not say. */
  what?: string;
  number: boolean;
  text: (row: TraceRow) => string;
  /** What stands in the cell where it is more than its text. */
  cell?: (row: TraceRow) => ComponentChildren;
}

const column = (
  id: string,
  title: string,
  sort: TraceSortKey | null,
  pixels: number,
  text: (row: TraceRow) => string,
  number = false,
): Column => ({
  id,
  title,
  sort,
  pixels,
  ...(id === 'problem' && { flexible: true }),
  ...(wordsOf(id) !== undefined && { what: wordsOf(id)! }),
  number,
  text,
});

/** What a column's short title stands for. */
const words: Record<string, string> = {
  place: 'stage and step',
  set: 'set that the problem belongs to',
  epoch: 'epoch of the training that wrote it',
  gold: 'the right answer',
  group: 'group of completions that are rewarded together',
  problemTokens: 'tokens; sorted problem by problem, in each by length',
  length: 'characters of the completion',
  sample: 'number of the sample',
  bar: 'length, on the scale of the longest trace of the run',
  advantage: 'advantage within its group',
  after: 'tokens after the first right answer',
  flips: 'changes between right and wrong answers',
  lost: 'tokens lost in loops',
};

/** The five that are counted per trace everywhere. */
const behaviours = labelLooks
  .slice(0, 5)
  .map(({ label, name, short }) => ({ label, name, title: short ?? name, id: `behaviour.${label}` as const }));

function wordsOf(id: string): string | undefined {
  const behaviour = behaviours.find((one) => one.id === id);
  if (!behaviour) return words[id];
  return `passages of ${behaviour.name.toLowerCase()}, known where the text was read; sorting by it reads all`;
}

/** In the order on the screen, where the reader chose none. */
export const all: readonly Column[] = [
  column('problem', 'Problem', 'problem', 84, (row) => row.problemLabel),
  column('place', 'Stage · step', 'step', 88, placeOf),
  column('sample', '#', 'sample', 30, (row) => String(row.sample + 1), true),
  column('verdict', 'Verdict', 'verdict', 46, verdictText),
  column('answer', 'Answer', 'answer', 90, (row) => brief(row.answer ?? (row.live ? '' : '–'))),
  column('bar', 'Length', 'tokens', 46, () => ''),
  column('tokens', 'Tokens', 'tokens', 58, (row) => tokens(row.tokens, row.tokensExact), true),
  column('finish', 'Finish', 'finish', 54, (row) => (row.live ? 'writing' : (row.finish ?? '–'))),
  column('reward', 'Reward', 'reward', 56, (row) => decimal(row.reward), true),
  column('advantage', 'Adv.', 'advantage', 52, (row) => signed(row.advantage), true),
  // Known where the text was read; sorting by one of them reads them all.
  column('after', 'After', 'after', 58, (row) => (row.figures ? tokens(row.figures.after, false) : ''), true),
  column('flips', 'Flips', 'flips', 44, (row) => (row.figures ? count(row.figures.flips) : ''), true),
  column('lost', 'Loops', 'lost', 52, (row) => (row.figures ? tokens(row.figures.lost, false) : ''), true),
  // Those below are shown where the reader chooses them.
  column('set', 'Set', 'set', 80, (row) => row.set ?? '–'),
  column('epoch', 'Epoch', 'epoch', 48, (row) => decimal(row.epoch), true),
  column('gold', 'Gold', 'gold', 80, (row) => brief(row.gold ?? '–')),
  column('group', 'Group', 'group', 64, (row) => row.group ?? '–'),
  column('problemTokens', 'In problem', 'problemTokens', 70, (row) => tokens(row.tokens, row.tokensExact), true),
  column('length', 'Characters', 'length', 76, (row) => count(row.length), true),
  ...behaviours.map(({ label, title, id }) =>
    column(id, title, id, 84, (row) => (row.behaviours ? count(row.behaviours[label] ?? 0) : ''), true),
  ),
];

/** Those that must be seen first, when there is not room for all. */
const importance = [
  'problem',
  'verdict',
  'bar',
  'tokens',
  'place',
  'answer',
  'reward',
  'advantage',
  'sample',
  'finish',
  'after',
  'flips',
  'lost',
];

/** What the reader chose of the columns; nothing: as many as there is room for. */
export interface ColumnChoice {
  /** Ids in their order. */
  shown?: readonly string[];
  /** Pixels by id. */
  widths?: Readonly<Record<string, number>>;
}

/** Pixels that no column gets narrower or wider than. */
export const NARROWEST = 24;
export const WIDEST = 800;

/** The columns that are shown in a width: those chosen, or the most important ones that have room. */
export function columnsFor(width: number, { shown: chosen, widths }: ColumnChoice = {}): Column[] {
  if (chosen) {
    const found = chosen.flatMap((id) => all.find((one) => one.id === id) ?? []);
    if (found.length > 0) return found;
  }
  const shown = new Set<string>();
  let left = width - 20;
  for (const id of importance) {
    const found = all.find((one) => one.id === id)!;
    const pixels = (widths?.[id] ?? found.pixels) + 8;
    if (left < pixels) break;
    left -= pixels;
    shown.add(id);
  }
  return all.filter(({ id }) => shown.has(id));
}

/** The grid's columns for CSS: the flexible one takes what is left, and all keep what the reader gave them. */
export function templateOf(columns: readonly Column[], widths: ColumnChoice['widths'] = {}): string {
  return columns
    .map(({ id, pixels, flexible }) => {
      const own = widths[id];
      if (own !== undefined) return `${own}px`;
      return flexible ? `minmax(${Math.min(60, pixels)}px, 1fr)` : `${pixels}px`;
    })
    .join(' ');
}

/** Everything of a row in words, for its tooltip and for screen readers. */
export function describe(row: TraceRow): string {
  const lines = all.flatMap((one) => {
    const text = one.id === 'bar' ? '' : one.id === 'verdict' ? verdictWords(row) : one.text(row);
    return text === '' ? [] : `${one.title === '#' ? 'Sample' : one.title}: ${text}`;
  });
  if (row.superseded) lines.push('Superseded by a later attempt');
  return lines.join('\n');
}

export function placeOf(row: TraceRow): string {
  const stage = row.of ?? row.stage;
  return row.step === null ? stage : `${stage} · ${count(row.step)}`;
}

export function verdictText(row: Pick<TraceRow, 'verdict' | 'finish' | 'live'>): string {
  if (row.live) return '●';
  if (row.verdict === 'right') return '✓';
  if (row.finish === 'length') return '… cut';
  if (row.verdict === 'wrong') return '✗';
  if (row.finish === 'error') return '! error';
  return row.verdict === 'undecided' ? '?' : '–';
}

export function verdictWords(row: Pick<TraceRow, 'verdict' | 'finish' | 'live'>): string {
  if (row.live) return 'being written';
  const cut = row.finish === 'length' ? ', cut at the limit' : '';
  if (row.verdict === 'right') return `right${cut}`;
  if (row.verdict === 'wrong') return `wrong${cut}`;
  return `${row.verdict === 'undecided' ? 'undecided' : row.verdict === 'none' ? 'no gold' : 'no verdict'}${cut}`;
}
