/** Passages that a reader may fold away: checks that were answered, what was said before, code. Pure; nothing is cut, folds are a view. */
import { lowerBound } from './lower-bound.ts';

export const foldKinds = ['check', 'repeat', 'code'] as const;
export type FoldKind = (typeof foldKinds)[number];

export interface Fold {
  /** UTF-16 units, end exclusive: what is hidden when it is folded. What says what it is stays before it. */
  start: number;
  end: number;
  kind: FoldKind;
  /** Of a repeated passage: where it was said first. */
  first?: number;
}

interface Stretch {
  start: number;
  end: number;
}

export interface FoldSources {
  /** Where steps begin, ascending. */
  steps: readonly number[];
  /** Verifications whose result is known to hold. */
  checks: readonly Stretch[];
  /** Fenced code, with its fences. */
  code: readonly Stretch[];
}

/** Units that are worth folding. */
const WORTH = 120;
/** A shorter step ("So, yes.") comes again without anything being repeated. */
const LEAST_STEP = 24;
/** Steps that are read between two looks at the clock. */
const AT_ONCE = 64;

/** Folds in order, none inside or over another: code first, then what was said before, then checks. */
export function foldsOf(text: string, sources: FoldSources): Fold[] {
  const work = foldsInSlices(text, sources);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** {@link foldsOf} bit by bit: it yields every millisecond or so, that a page can go on meanwhile. */
export function* foldsInSlices(text: string, { steps, checks, code }: FoldSources): Generator<undefined, Fold[]> {
  const fenced = code.flatMap(({ start, end }): Fold[] => {
    const line = text.indexOf('\n', start);
    return line < 0 || line + 1 >= end ? [] : [{ start: line + 1, end, kind: 'code' }];
  });
  yield;
  const again = yield* repeats(text, steps);
  yield;
  const answered = checks.flatMap(({ start, end }): Fold[] => {
    // The step with the cue stays.
    const after = steps[lowerBound(steps.length, (i) => steps[i]! > start)];
    return after === undefined || after >= end ? [] : [{ start: after, end, kind: 'check' }];
  });
  let chosen: Fold[] = [];
  for (const folds of [fenced, again, answered]) chosen = withOthers(chosen, folds);
  return chosen;
}

/** Adds those folds that lie over none that is chosen, and over none of their own that begins before. Both in order. */
function withOthers(chosen: readonly Fold[], folds: readonly Fold[]): Fold[] {
  const all: Fold[] = [...chosen];
  let end = -1;
  for (const fold of folds.filter((one) => one.end - one.start >= WORTH).sort((a, b) => a.start - b.start)) {
    const next = chosen[lowerBound(chosen.length, (i) => chosen[i]!.end > fold.start)];
    if (fold.start < end || (next && next.start < fold.end)) continue;
    end = fold.end;
    all.push(fold);
  }
  return all.sort((a, b) => a.start - b.start);
}

/** Runs of steps that stood before in the same order, letter case and white space apart. */
function* repeats(text: string, steps: readonly number[]): Generator<undefined, Fold[]> {
  const found: Fold[] = [];
  /** The first step that says the same, by what it says; of a long step by its length, beginning and end, and compared then. */
  const seen = new Map<string, number>();
  const said = (i: number) =>
    text
      .slice(steps[i], steps[i + 1] ?? text.length)
      .replace(/\s+/g, ' ')
      .trim()
      .toLowerCase();
  let run: { from: number; first: number } | null = null;
  const close = (to: number) => {
    if (run) {
      const [from, first] = [steps[run.from]!, steps[run.first]!];
      const end = trimmedEnd(text, from, steps[to] ?? text.length);
      const last = found.at(-1);
      // What stood at two places before and comes together now is one passage.
      if (last && trimmedEnd(text, last.end, from) === last.end) last.end = end;
      else found.push({ start: from, end, kind: 'repeat', first });
    }
    run = null;
  };
  for (let i = 0; i < steps.length; i += 1) {
    if (i % AT_ONCE === 0) yield;
    const words = said(i);
    // Short steps neither begin a run nor end one.
    const goesOn: boolean = run !== null && said(run.first + i - run.from) === words;
    const key = words.length < 200 ? words : `${words.length} ${words.slice(0, 100)}${words.slice(-90)}`;
    const known = words.length < LEAST_STEP ? undefined : seen.get(key);
    if (run && !goesOn) close(i);
    if (!run && known !== undefined && said(known) === words) run = { from: i, first: known };
    if (words.length >= LEAST_STEP && known === undefined) seen.set(key, i);
  }
  close(steps.length);
  return found;
}

function trimmedEnd(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && /\s/.test(text.charAt(last - 1))) last -= 1;
  return last;
}
