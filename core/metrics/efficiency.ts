/** Thinking too much and too little: how much of an output came after, or led away from, what was right. */
import { keyOf, numbered } from './repetition.ts';
import { atOnce } from './slices.ts';

export interface Progress {
  /** Tokens of the whole output. */
  tokens: number;
  /** Tokens up to the end of the first right answer; null: none was right. */
  firstRight: number | null;
}

/**
 * Outcome efficiency ξ_O (Chen et al. 2024, "Do not think that much for 2+3=?", arXiv 2412.21187): mean over outputs of σ·T̂/T, where
 * T̂ are the tokens up to the first right answer, T all of them, and σ is 1 where there is a right answer and 0 otherwise. 1: every
 * output ends where it is first right. Outputs without a token are left out; null where none remains.
 */
export function outcomeEfficiency(outputs: readonly Progress[]): number | null {
  return mean(
    outputs
      .filter(({ tokens }) => tokens > 0)
      .map(({ tokens, firstRight }) => (firstRight === null ? 0 : firstRight / tokens)),
  );
}

/** Tokens of the stretches of an output that each end in an answer, and whether a stretch says something new. */
export interface Rounds {
  tokens: number;
  rounds: readonly { tokens: number; distinct: boolean }[];
}

/**
 * Process efficiency ξ_P (the same paper): mean over outputs of D/T, where D are the tokens of *distinct* solutions, T those of all solutions.
 * Text behind the last answer belongs to no solution. Outputs without a solution are left out; null where none remains.
 */
export function processEfficiency(outputs: readonly Rounds[]): number | null {
  return mean(
    outputs.flatMap(({ rounds }) => {
      const all = rounds.reduce((sum, { tokens }) => sum + tokens, 0);
      if (all === 0) return [];
      return [rounds.reduce((sum, { tokens, distinct }) => sum + (distinct ? tokens : 0), 0) / all];
    }),
  );
}

/**
 * Underthinking ξ_UT (Wang et al. 2025, arXiv 2501.18585): over *wrong* outputs the mean of 1 − T̂/T, where T̂ are the tokens up to the first
 * correct thought and T̂ = T where there is none. 0: nothing right was given up. The paper asks a judge for correct thoughts; an answer that
 * was committed to and is right stands for one here, which makes it a lower bound. Null where no output is wrong.
 */
export function underthinking(wrong: readonly Progress[]): number | null {
  return mean(
    wrong
      .filter(({ tokens }) => tokens > 0)
      .map(({ tokens, firstRight }) => (firstRight === null ? 0 : 1 - firstRight / tokens)),
  );
}

/** Share of tokens after the first right answer, over outputs that have one: Σ(T − T̂) / ΣT. Null where none has. */
export function wastedShare(outputs: readonly Progress[]): number | null {
  const reached = outputs.filter(({ firstRight }) => firstRight !== null);
  const all = reached.reduce((sum, { tokens }) => sum + tokens, 0);
  return all === 0 ? null : reached.reduce((sum, { tokens, firstRight }) => sum + tokens - firstRight!, 0) / all;
}

/** Units, or words, between two yields. */
const SLICE = 20_000;
/** Words in a row that are compared, and the share of them that must be new in a stretch that is a solution of its own. */
const GRAM = 3;
const NEW = 0.5;

/**
 * Which stretches of a text, cut at `ends` (ascending), are distinct: at least half of a stretch's word trigrams occur in none before it.
 * The paper lets a language model group solutions by their approach; this is the rule for texts, and counts a rewording as distinct.
 */
export function distinctRounds(
  text: string,
  ends: readonly number[],
): { start: number; end: number; distinct: boolean }[] {
  return atOnce(distinctSteps(text, ends));
}

/** {@link distinctRounds}, in slices of some milliseconds. */
export function* distinctSteps(
  text: string,
  ends: readonly number[],
): Generator<void, { start: number; end: number; distinct: boolean }[]> {
  const words: string[] = [];
  const firsts: number[] = [];
  for (const [i, end] of ends.entries()) {
    firsts.push(words.length);
    for (let from = i === 0 ? 0 : ends[i - 1]!; from < end;) {
      // Not between two letters.
      let to = Math.min(end, from + SLICE);
      while (to < end && /[\p{L}\p{N}]/u.test(text.charAt(to))) to += 1;
      for (const word of text
        .slice(from, to)
        .toLowerCase()
        .match(/[\p{L}\p{N}]+/gu) ?? [])
        words.push(word);
      if (to - from >= SLICE) yield;
      from = to;
    }
  }
  firsts.push(words.length);
  const { ids, size } = yield* numbered(words);
  const key = keyOf(ids, size, GRAM);
  const seen = new Set<number | string>();
  const found: { start: number; end: number; distinct: boolean }[] = [];
  for (const [i, end] of ends.entries()) {
    const last = firsts[i + 1]! - GRAM;
    const first = firsts[i]!;
    let fresh = 0;
    const own: (number | string)[] = [];
    for (let at = first; at <= last; at += 1) {
      if (own.length % SLICE === SLICE - 1) yield;
      const gram = key(at);
      if (!seen.has(gram)) fresh += 1;
      own.push(gram);
    }
    for (const gram of own) seen.add(gram);
    // A stretch of one or two words is the answer said again.
    const distinct = own.length === 0 ? i === 0 : fresh >= NEW * own.length;
    found.push({ start: i === 0 ? 0 : ends[i - 1]!, end, distinct });
  }
  return found;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
