/** Places of a completion that a reader wants to go to: the first right answer, the end of the reasoning, the answer, loops. */
import type { FoundAnswer } from '../protocol/events.ts';
import type { TraceFiguresAnswer } from '../protocol/figures.ts';
import type { Section } from './sections.ts';

export interface Landmark {
  kind: 'first_right' | 'reasoning_end' | 'answer' | 'loop';
  /** UTF-16 units of the completion, end exclusive. */
  start: number;
  end: number;
  name: string;
}

/** Loops that are landmarks; the ruler shows all of them. */
const MOST_LOOPS = 20;

interface Known {
  sections: readonly Section[];
  /** What the text says of the way to the answer; null: not read, or the trace is still being written. */
  figures: TraceFiguresAnswer | null;
  /** The answer that the checker was given. */
  answer: FoundAnswer | null;
}

/** In the order of the text. */
export function landmarksOf({ sections, figures, answer }: Known): Landmark[] {
  const found: Landmark[] = [];
  const right = firstRight(figures);
  if (right) found.push({ kind: 'first_right', start: right.start, end: right.end, name: 'first right answer' });
  const end = reasoningEnd(sections);
  if (end) found.push({ kind: 'reasoning_end', ...end, name: 'end of the reasoning' });
  if (answer) found.push({ kind: 'answer', start: answer.start, end: answer.end, name: 'the answer that counts' });
  for (const { start, end: stop } of figures?.loops.slice(0, MOST_LOOPS) ?? [])
    found.push({ kind: 'loop', start, end: stop, name: 'loop' });
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The first answer on the way that is right, or null. */
export function firstRight(figures: TraceFiguresAnswer | null): { start: number; end: number; text: string } | null {
  return figures === null || figures.first === null ? null : (figures.answers[figures.first] ?? null);
}

/** The delimiter that ends the reasoning, or null: there is none, or nothing after it. */
export function reasoningEnd(sections: readonly Section[]): { start: number; end: number } | null {
  const last = sections.findLastIndex(({ kind }) => kind === 'reasoning');
  const after = sections[last + 1];
  return last < 0 || !after ? null : { start: sections[last]!.end, end: after.start };
}
