/**
 * The outline of a completion: its reasoning and its answer, in them the steps by what opens them (a subgoal, a restart, another case, a
 * change of approach), in those the behaviours and the answers on the way.
 */
import type { Label, Span } from '../behaviours/spans.ts';
import type { VerdictValue } from '../protocol/events.ts';
import type { TraceFiguresAnswer } from '../protocol/figures.ts';
import { lowerBound } from './lower-bound.ts';
import type { Section } from './sections.ts';

export interface OutlineEntry {
  kind: 'section' | 'steps' | 'behaviour' | 'answer' | 'more';
  /** Of behaviours, and of steps that one opens. */
  label?: Label;
  /** Of answers. */
  value?: VerdictValue;
  name: string;
  detail: string;
  /** UTF-16 units, end exclusive; what lies in it are its children. */
  start: number;
  end: number;
  /** What is shown when the reader goes there: within `start … end`. */
  at: { start: number; end: number };
  children: OutlineEntry[];
}

export interface OutlineKnown {
  text: string;
  spans: readonly Span[];
  sections: readonly Section[];
  /** Where steps start, ascending. */
  steps: readonly number[];
  figures: TraceFiguresAnswer | null;
}

/** Steps that stand together where nothing opens a new part. */
const MOST_STEPS = 40;
/** Entries in all; the rest is counted. */
export const MOST_ENTRIES = 5_000;
const NAME = 80;

/** What begins a part of its own. */
const opening: ReadonlySet<Label> = new Set<Label>(['subgoal', 'restart', 'case_split', 'backtracking']);
/** A sentence that announces one of these is named by it, not by the announcement. */
const naming: ReadonlySet<Label> = new Set<Label>(['verification', 'restart', 'case_split', 'backtracking']);
const signs: Record<VerdictValue, string> = { right: '✓', wrong: '✗', undecided: '?', none: '·' };

export function outlineOf(known: OutlineKnown): OutlineEntry[] {
  const { text, spans, sections, steps, figures } = known;
  const all = spans.filter((span) => span.in === 'completion' && span.label !== 'marker' && span.end <= text.length);
  const named = new Set(all.filter(({ label }) => naming.has(label)).map(({ start }) => start));
  const own = all.filter(({ label, start }) => label !== 'subgoal' || !named.has(start));
  const openers = own.filter(({ label }) => opening.has(label));
  const inside = [
    ...own.filter(({ label }) => label !== 'answer_commitment' || !figures).map((span) => behaviour(text, span)),
    ...answers(text, figures),
  ].sort((a, b) => a.start - b.start || b.end - a.end);
  let left = MOST_ENTRIES;
  let next = 0;
  let more = 0;
  const roots: OutlineEntry[] = [];
  for (const { kind, start, end } of sections) {
    if (start >= text.length) continue;
    const stop = Math.min(end, text.length);
    const section = entry('section', kind, '', start, stop, { start, end: Math.min(stop, start + 1) });
    const parts = partsOf(text, { start, end: stop }, steps, openers);
    section.detail = `${parts.length} ${parts.length === 1 ? 'part' : 'parts'}`;
    roots.push(section);
    left -= 1;
    for (const part of parts) {
      if (left > 0) {
        section.children.push(part);
        left -= 1;
      } else more += 1;
      for (; next < inside.length && inside[next]!.start < part.end; next += 1) {
        const one = inside[next]!;
        // What opens the part is its name already.
        if (one.start < part.start || (one.label === part.label && one.start === part.at.start)) continue;
        if (left > 0) {
          part.children.push({ ...one, end: Math.min(one.end, part.end), at: clipped(one.at, part.end) });
          left -= 1;
        } else more += 1;
      }
    }
  }
  if (more > 0) {
    const end = text.length;
    roots.push(entry('more', `… ${more} more`, 'the ruler shows all of them', end, end, { start: end, end }));
  }
  return roots;
}

function entry(
  kind: OutlineEntry['kind'],
  name: string,
  detail: string,
  start: number,
  end: number,
  at: { start: number; end: number },
): OutlineEntry {
  return { kind, name, detail, start, end, at, children: [] };
}

const clipped = ({ start, end }: { start: number; end: number }, limit: number) => ({
  start,
  end: Math.max(start, Math.min(end, limit)),
});

function behaviour(text: string, span: Span): OutlineEntry {
  const { label, start, end, outcome } = span;
  const words = label.replaceAll('_', ' ');
  return {
    ...entry('behaviour', line(text, start, end) || words, outcome ? `${words}, ${outcome}` : words, start, end, {
      start,
      end,
    }),
    label,
  };
}

function answers(text: string, figures: TraceFiguresAnswer | null): OutlineEntry[] {
  if (!figures) return [];
  return figures.answers
    .filter(({ end }) => end <= text.length)
    .map(({ start, end, value, text: answer }, i) => ({
      ...entry(
        'answer',
        `${signs[value]} ${line(answer, 0, answer.length) || 'answer'}`,
        i === figures.first ? 'first right answer' : `answer, ${value === 'none' ? 'not compared' : value}`,
        start,
        end,
        { start, end },
      ),
      value,
    }));
}

/** The steps of a section in parts: a new one at each opener, and where there would be too many steps in one. */
function partsOf(
  text: string,
  { start, end }: { start: number; end: number },
  steps: readonly number[],
  openers: readonly Span[],
): OutlineEntry[] {
  const first = lowerBound(steps.length, (i) => steps[i]! >= start);
  const last = lowerBound(steps.length, (i) => steps[i]! >= end);
  const parts: OutlineEntry[] = [];
  let opener = 0;
  let from = first;
  let by: Span | null = null;
  const close = (to: number) => {
    if (to <= from) return;
    const begin = parts.length === 0 ? start : steps[from]!;
    const stop = to < last ? steps[to]! : end;
    const at = by ? clipped(by, stop) : { start: steps[from]!, end: Math.min(stop, steps[from + 1] ?? stop) };
    const range = to - from === 1 ? `step ${from + 1}` : `steps ${from + 1}–${to}`;
    const words = by ? `${by.label.replaceAll('_', ' ')}, ${range}` : range;
    parts.push({
      ...entry('steps', line(text, at.start, at.end) || range, words, begin, stop, at),
      ...(by && { label: by.label }),
    });
  };
  for (let i = first; i < last; i += 1) {
    const stepEnd = i + 1 < last ? steps[i + 1]! : end;
    while (opener < openers.length && openers[opener]!.start < steps[i]!) opener += 1;
    const found = openers[opener] && openers[opener]!.start < stepEnd ? openers[opener]! : null;
    if (!found && i - from < MOST_STEPS) continue;
    close(i);
    from = i;
    by = found;
  }
  close(last);
  return parts;
}

/** The beginning of a stretch on one line. */
function line(text: string, start: number, end: number): string {
  const words = text
    .slice(start, Math.min(end, start + 3 * NAME))
    .replace(/\s+/g, ' ')
    .trim();
  return words.length > NAME ? `${words.slice(0, NAME - 1).replace(/[\ud800-\udbff]$/, '')}…` : words;
}
