/**
 * How Markdown looks while it stays what it is: which stretches of a block are signs, strong, emphasised or code. No character is
 * added, moved or taken away, so every offset stays. Pure: no DOM.
 */
import type { Block } from '../../core/traces/blocks.ts';

/** A stretch with a look, UTF-16 units; ascending, not overlapping. */
export interface Dress {
  start: number;
  end: number;
  look: 'sign' | 'marker' | 'strong' | 'em' | 'strong-em' | 'struck' | 'code';
}

interface Stretch {
  start: number;
  end: number;
}

/** Strong, emphasised and struck text within a line; longer stretches are left as they are. */
const INLINE =
  /(?<![*\w\\])(\*{1,3})(?=[^\s*])([^*\n]{1,400}?)(?<=[^\s*])\1(?!\*)|(?<![\w_\\])(_{1,3})(?=[^\s_])([^_\n]{1,400}?)(?<=[^\s_])\3(?![\w_])|(~~)(?=\S)([^~\n]{1,400}?)(?<=\S)~~/g;

/** The looks of `from…to` of a block. Within formulas and code nothing is looked for. */
export function dressOf(
  text: string,
  kind: Block['kind'],
  [from, to]: readonly [number, number],
  formulas: readonly Stretch[],
  codes: readonly (Stretch & { fence: boolean })[],
): Dress[] {
  if (kind === 'rule') return [{ start: from, end: to, look: 'sign' }];
  if (kind === 'code') return fenceSigns(text, from, to);
  if (kind === 'token' || kind === 'display') return [];
  const own = text.slice(from, to);
  const found: Dress[] = lineSigns(own, kind, from);
  if (/[*_~`]/.test(own)) inline(own, from, formulas, codes, found);
  return found.sort((a, b) => a.start - b.start);
}

function fenceSigns(text: string, from: number, to: number): Dress[] {
  const found: Dress[] = [];
  const first = /^ {0,3}(?:`{3,}|~{3,})[^\n`]*/.exec(text.slice(from, Math.min(to, from + 200)))?.[0];
  if (first) found.push({ start: from, end: from + first.length, look: 'sign' });
  const last = text.lastIndexOf('\n', to - 2) + 1;
  if (last > from && /^ {0,3}(?:`{3,}|~{3,})\s*$/.test(text.slice(last, Math.min(to, last + 200))))
    found.push({ start: last, end: to, look: 'sign' });
  return found;
}

/** The signs with which lines begin. */
function lineSigns(own: string, kind: Block['kind'], from: number): Dress[] {
  const begin = kind === 'heading' ? /^ {0,3}#{1,6}/g : kind === 'quote' ? /^ {0,3}>+/gm : null;
  if (begin) {
    const look = 'sign' as const;
    return [...own.matchAll(begin)].map(({ index, 0: sign }) => ({
      start: from + index,
      end: from + index + sign.length,
      look,
    }));
  }
  const marker = kind === 'list' ? /^\s{0,12}(\S{1,5})[ \t]/.exec(own) : null;
  if (!marker) return [];
  const at = from + marker[0].indexOf(marker[1]!);
  return [{ start: at, end: at + marker[1]!.length, look: 'marker' }];
}

function inline(
  own: string,
  from: number,
  formulas: readonly Stretch[],
  codes: readonly (Stretch & { fence: boolean })[],
  into: Dress[],
): void {
  const masked = mask(own, from, [...formulas, ...codes]);
  const taken = into.map(({ end }) => end);
  for (const match of masked.matchAll(INLINE)) {
    const start = from + match.index;
    if (taken.some((end) => start < end)) continue;
    const sign = (match[1] ?? match[3] ?? match[5])!.length;
    const end = start + match[0].length;
    const look = match[5] ? 'struck' : sign === 1 ? 'em' : sign === 2 ? 'strong' : 'strong-em';
    into.push(
      { start, end: start + sign, look: 'sign' },
      { start: start + sign, end: end - sign, look },
      { start: end - sign, end, look: 'sign' },
    );
  }
  const others = [...into];
  for (const { start, end, fence } of codes)
    if (!fence && !others.some((one) => one.start <= start && start < one.end)) into.push({ start, end, look: 'code' });
}

/** The same text with letters where formulas and code are. */
function mask(own: string, from: number, stretches: readonly Stretch[]): string {
  let masked = '';
  let at = 0;
  for (const { start, end } of [...stretches].sort((a, b) => a.start - b.start)) {
    masked += own.slice(at, start - from) + 'x'.repeat(end - start);
    at = end - from;
  }
  return masked + own.slice(at);
}

/** The cells of a table's rows, UTF-16 units: each begins with its bar; the last has what follows it. */
export function cellsOf(
  text: string,
  [from, to]: readonly [number, number],
  formulas: readonly Stretch[],
  codes: readonly Stretch[],
): Stretch[][] {
  const masked = mask(text.slice(from, to), from, [...formulas, ...codes]);
  const rows: Stretch[][] = [];
  for (let line = 0; line < masked.length;) {
    const newline = masked.indexOf('\n', line);
    const stop = newline < 0 ? masked.length : newline + 1;
    const bars = [...masked.slice(line, stop).matchAll(/(?<!\\)\|/g)].map(({ index }) => line + index);
    const cuts = [line, ...bars.slice(1, -1), stop];
    rows.push(cuts.slice(0, -1).map((cut, i) => ({ start: from + cut, end: from + cuts[i + 1]! })));
    line = stop;
  }
  return rows;
}
