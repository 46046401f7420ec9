/** Cuts a text into steps: sentences, display formulas, lines of a list or of a calculation, code fences. */
import { lowerBound } from './lower-bound.ts';
import { regions, type Regions } from './math.ts';

/** UTF-16 units, end exclusive; white space and tokens around the step belong to none. */
export interface Step {
  start: number;
  end: number;
  kind: 'text' | 'display' | 'code';
  /** An empty line, a token or the text's beginning stands before it. */
  opensParagraph: boolean;
}

/** Where each step starts, in UTF-16 units, ascending. */
export function stepStarts(text: string): number[] {
  return steps(text).map((step) => step.start);
}

/**
 * A candidate for an end of a sentence: a stop with what closes after it, before white space; a full-width stop; a line's end.
 * `0.5` has no white space after its stop and so is no candidate.
 */
const CANDIDATE = /[.!?…]{1,8}["'”’)\]*_]{0,8}(?=\s|$)|[。！？；]+["”’」』）]*|\r?\n\s*/g;

const ABBREVIATIONS = new Set(
  'e.g i.e eg ie etc vs cf al approx resp w.l.o.g s.t w.r.t a.k.a a.m p.m u.s dr mr mrs ms prof jr sr inc ltd co'.split(
    ' ',
  ),
);
/** Those that shorten only before a number: `No. 5`, but "Wait, no. Then". */
const NUMBERED = new Set('no nos fig figs eq eqs eqn eqns p pp ch sec vol thm prop lem cor def ex ca'.split(' '));

/** Steps in order; they do not overlap. Formulas, code and tokens may be given when they are known already. */
export function steps(text: string, known: Regions = regions(text)): Step[] {
  const found: Step[] = [];
  const candidate = candidates(text);
  let from = 0;
  let opens = true;
  // Displays, fences and tokens cut the text; sentences are looked for in between.
  for (const cut of cuts(known)) {
    opens = sentences(text, from, cut.start, known, candidate, opens, found);
    if (cut.kind !== 'token') {
      let end = cut.end;
      while (end < text.length && /[.,;:]/.test(text.charAt(end))) end += 1;
      found.push({ start: cut.start, end, kind: cut.kind, opensParagraph: opens });
      from = end;
      opens = false;
    } else {
      from = cut.end;
      opens = true;
    }
  }
  sentences(text, from, text.length, known, candidate, opens, found);
  return found;
}

interface Cut {
  start: number;
  end: number;
  kind: 'display' | 'code' | 'token';
}

function cuts(known: Regions): Cut[] {
  const all: Cut[] = known.tokens.map(({ start, end }) => ({ start, end, kind: 'token' }));
  for (const { start, end, display } of known.math) if (display) all.push({ start, end, kind: 'display' });
  for (const { start, end, fence } of known.code) if (fence) all.push({ start, end, kind: 'code' });
  return all.sort((a, b) => a.start - b.start);
}

type Candidate = (from: number) => RegExpExecArray | null;

/** The first {@link CANDIDATE} at or after places that grow: the text is searched once, however often it is cut. */
function candidates(text: string): Candidate {
  const scan = new RegExp(CANDIDATE);
  let found: RegExpExecArray | null | undefined;
  return (from) => {
    if (found === undefined || (found !== null && found.index < from)) {
      scan.lastIndex = from;
      found = scan.exec(text);
    }
    return found;
  };
}

/** Sentences of `text[from…to]`, pushed to `into`. Returns whether what follows opens a paragraph. */
function sentences(
  text: string,
  from: number,
  to: number,
  known: Regions,
  candidate: Candidate,
  opens: boolean,
  into: Step[],
): boolean {
  const inline = inlineWithin(known, from);
  let start = skipSpace(text, from, to);
  let opensParagraph = opens || /\n\s*\n/.test(text.slice(from, start));
  let next = start;
  let match: RegExpExecArray | null;
  while (start < to && (match = candidate(next)) && match.index < to) {
    const at = match.index;
    next = at + match[0].length;
    const region = inline(at);
    if (region > at) {
      next = region;
      continue;
    }
    const isLine = match[0].includes('\n');
    const stop = isLine ? at : at + match[0].length;
    if (stop > to) break;
    const after = isLine ? at + match[0].length : stop;
    if (isLine ? !endsLine(text, start, at, match[0], after) : !endsSentence(text, start, at, match[0], after))
      continue;
    if (stop > start) into.push({ start, end: stop, kind: 'text', opensParagraph });
    start = skipSpace(text, after, to);
    opensParagraph = /\n\s*\n/.test(text.slice(stop, start));
    next = Math.max(next, start);
  }
  if (start < to) {
    let end = to;
    while (end > start && /\s/.test(text.charAt(end - 1))) end -= 1;
    into.push({ start, end, kind: 'text', opensParagraph });
    return /\n\s*\n/.test(text.slice(end, to));
  }
  return opensParagraph;
}

/** For growing `at`: the end of the inline formula or code span that holds it, or -1. */
function inlineWithin(known: Regions, from: number): (at: number) => number {
  let m = lowerBound(known.math.length, (i) => known.math[i]!.end > from);
  let c = lowerBound(known.code.length, (i) => known.code[i]!.end > from);
  return (at) => {
    while (m < known.math.length && known.math[m]!.end <= at) m += 1;
    while (c < known.code.length && known.code[c]!.end <= at) c += 1;
    const math = known.math[m];
    if (math && math.start <= at) return math.end;
    const code = known.code[c];
    return code && code.start <= at ? code.end : -1;
  };
}

function skipSpace(text: string, from: number, to: number): number {
  let i = from;
  while (i < to && /\s/.test(text.charAt(i))) i += 1;
  return i;
}

function endsSentence(text: string, start: number, at: number, stop: string, after: number): boolean {
  const sign = stop.charCodeAt(0);
  if (sign > 0x2026) return true;
  // A plain stop behind a long word of small letters, by far the most frequent case, needs no closer look.
  if (stop === '.' && at - start > 8 && endsLongWord(text, at)) return true;
  const before = text.slice(Math.max(start, at - 16), at);
  const following = text.slice(after, after + 40).match(/^\s*(\S)/)?.[1] ?? '';
  if (sign === 33 /* ! */ && /[\d)a-z]$/i.test(before) && /[=+\-*/^<>≤≥×·÷)]/.test(following)) return false;
  if (sign === 33 && /\d$/.test(before) && /[a-z0-9]/.test(following)) return false;
  if (stop.startsWith('.')) {
    // "1." or "a." at the beginning of a line is a list's number, not a sentence.
    if (/^\s*[*_]*(?:\(?\d{1,3}|[a-zA-Z]|[ivx]{1,5})$/.test(text.slice(start, at)) && stop === '.') return false;
    const word = /([A-Za-z](?:[A-Za-z.]*[A-Za-z])?)$/.exec(before)?.[1]?.toLowerCase();
    if (stop === '.' && word && ABBREVIATIONS.has(word) && !(word === 'etc' && /[A-Z]/.test(following))) return false;
    if (stop === '.' && word && NUMBERED.has(word) && /[\d(\\$]/.test(following)) return false;
    if (/^(?:\.{2,}|…)/.test(stop) && /[a-z,]/.test(following)) return false;
  }
  return true;
}

function endsLongWord(text: string, at: number): boolean {
  for (let i = at - 1; i >= at - 7; i -= 1) {
    const code = text.charCodeAt(i);
    if (code < 97 || code > 122) return false;
  }
  return true;
}

/** A line's end ends a step unless the line was only wrapped: the next begins in lower case and no stop stands before. */
function endsLine(text: string, start: number, at: number, lines: string, after: number): boolean {
  if (/\n\s*\n/.test(lines)) return true;
  if (at <= start) return true;
  const before = text.charAt(at - 1);
  if (/[.!?:;。！？：；]/.test(before)) return true;
  return !/[a-z(]/.test(text.charAt(after)) || at - start < 50;
}
