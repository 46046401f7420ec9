/** What stands beside a block: its place in tokens, and the letters of the spans that begin in it. Decoration: never copied. */
import { count } from '../ui/format.ts';
import { lookOf } from '../ui/labels.ts';
import type { BlockOutput } from './block-view.ts';

/** Most letters at one line. */
const SLOTS = 3;

/** Writes where the block begins, in tokens. */
export function writePosition(block: HTMLElement, position: number, exact: boolean): void {
  let number = block.querySelector<HTMLElement>(':scope > .pos');
  if (!number) {
    number = document.createElement('span');
    number.className = 'pos';
    number.setAttribute('aria-hidden', 'true');
    block.prepend(number);
  }
  number.textContent = `${exact ? '' : '~'}${count(position)}`;
}

/** Where the letters of a laid-out block belong: reads the layout, changes nothing. Returns what writes them. */
export function placeLetters({ element, starts }: BlockOutput, blockTop: number, lineHeight: number): () => void {
  const slots = new Map<number, number>();
  const letters: HTMLElement[] = [];
  for (const [overlay, start] of starts) {
    const { letter } = lookOf(overlay.label);
    const rect = letter === '' ? undefined : start.getClientRects()[0];
    if (!rect) continue;
    // Beside its text, which lies off the grid of lines where a formula makes one taller.
    const top = rect.top + rect.height / 2 - blockTop - lineHeight / 2;
    const line = Math.round(top / lineHeight);
    const isOff = Math.abs(top - line * lineHeight) > lineHeight / 4;
    const slot = slots.get(line) ?? 0;
    slots.set(line, slot + 1);
    if (slot >= SLOTS) continue;
    const made = document.createElement('span');
    made.className = `letter label-${overlay.label}${overlay.by === 'judge' ? ' by-judge' : ''}`;
    made.setAttribute('aria-hidden', 'true');
    made.textContent = letter;
    made.style.top = `${isOff ? Math.round(top) : line * lineHeight}px`;
    made.style.setProperty('--slot', String(slot));
    letters.push(made);
  }
  return () => {
    for (const old of element.querySelectorAll(':scope > .letter')) old.remove();
    element.append(...letters);
  };
}

/** The row that opens and closes the prompt. */
export function buildPromptHead(title: string, open: boolean, onToggle: () => void): BlockOutput {
  const element = document.createElement('div');
  element.className = 'block prompt-head';
  const button = document.createElement('button');
  button.className = 'prompt-toggle';
  button.setAttribute('aria-expanded', String(open));
  const icon = document.createElement('span');
  icon.className = `codicon codicon-chevron-${open ? 'down' : 'right'}`;
  icon.setAttribute('aria-hidden', 'true');
  button.append(icon, title);
  button.addEventListener('click', onToggle);
  element.append(button);
  return { element, body: element, pending: [], elements: 0, spanElements: 0, starts: new Map() };
}
