/** Tokens of a stretch of a completion as `traces/tokens` gives them, and put together again by who reads. */
import { fromEnds, type Positions } from '../metrics/token-position.ts';
import { TOKENS_LIMIT, type TokenSlice } from '../protocol/tokens.ts';
import type { TokenScores } from './token-scores.ts';

/** The tokens in `start…end` (UTF-16 units), whole, at most `limit`. `scores` have as many tokens as there are places. */
export function sliceTokens(
  positions: Positions,
  scores: Pick<TokenScores, 'logprobs' | 'entropies' | 'top'> | null,
  { start, end, limit = TOKENS_LIMIT }: { start: number; end: number; limit?: number },
): TokenSlice {
  const first = tokenOver(positions, start);
  // Tokens that add nothing (an end token that is not shown) belong to the end.
  const over = end >= positions.unitOf(positions.tokens) ? positions.tokens : positions.at(end);
  let last = Math.min(over, first + limit);
  // The next answer begins at a place in the text: with the first token that begins there.
  while (last < over && last > first && positions.unitOf(last) === positions.unitOf(last - 1)) last += 1;
  const lengths: number[] = [];
  for (let i = first; i < last; i += 1) lengths.push(positions.unitOf(i + 1) - positions.unitOf(i));
  const column = (values: Float32Array) => Array.from(values.subarray(first, last), shortest);
  const { logprobs = null, entropies = null, top = 0 } = scores ?? {};
  return {
    tokens: positions.tokens,
    first,
    start: positions.unitOf(first),
    lengths,
    ...(logprobs && { logprobs: column(logprobs) }),
    ...(entropies && { entropies: column(entropies) }),
    ...(entropies && top > 0 && { boundedBy: top }),
    next: last < over ? positions.unitOf(last) : null,
  };
}

/** The token that a place lies in, or that begins there, from 0. */
export function tokenOver(positions: Positions, unit: number): number {
  const at = positions.at(unit);
  return at > 0 && positions.unitOf(at) > unit ? at - 1 : at;
}

/** What a float16 says in as few digits as tell it from its neighbours. */
const shortest = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(4)) : null);

/** All tokens of a completion, exactly placed. NaN: not known of a token. */
export interface TokenTable {
  positions: Positions;
  ends: Int32Array;
  logprobs: Float32Array | null;
  entropies: Float32Array | null;
  /** Entropies are lower bounds, from so many of the likeliest tokens; null: they are exact. */
  boundedBy: number | null;
}

/** Puts slices together that follow each other from the beginning; gives the table when the last one is there. */
export class TokenTableReader {
  private ends: Int32Array | null = null;
  private logprobs: Float32Array | null = null;
  private entropies: Float32Array | null = null;
  private boundedBy: number | null = null;
  private count = 0;

  /** The whole table; null: there is more. @throws where the slice does not follow the one before */
  add(slice: TokenSlice): TokenTable | null {
    const { tokens, first, start, lengths } = slice;
    this.ends ??= new Int32Array(tokens);
    if (first !== this.count || this.ends.length !== tokens) throw new RangeError('tokens of another text');
    if (slice.logprobs) (this.logprobs ??= new Float32Array(tokens).fill(NaN)).set(slice.logprobs.map(known), first);
    if (slice.entropies) (this.entropies ??= new Float32Array(tokens).fill(NaN)).set(slice.entropies.map(known), first);
    this.boundedBy = slice.boundedBy ?? this.boundedBy;
    let end = start;
    for (const length of lengths) this.ends[this.count++] = end += length;
    if (slice.next !== null) return null;
    // Tokens that add nothing to the text may follow its end.
    this.ends.fill(end, this.count);
    const { ends, logprobs, entropies, boundedBy } = this;
    return { positions: fromEnds(ends), ends, logprobs, entropies, boundedBy };
  }
}

const known = (value: number | null): number => value ?? NaN;

/**
 * Means of `values` (of tokens) over `bins` stretches of equal length in the text, for a ruler; NaN where no token of a known value begins. A token
 * counts in the stretch that it begins in.
 */
export function binnedMeans(ends: Int32Array, values: Float32Array, length: number, bins: number): Float32Array {
  const sums = new Float64Array(bins);
  const counts = new Uint32Array(bins);
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isNaN(values[i])) continue;
    const bin = Math.min(bins - 1, Math.floor((bins * (i === 0 ? 0 : ends[i - 1]!)) / Math.max(1, length)));
    sums[bin]! += values[i]!;
    counts[bin]! += 1;
  }
  return Float32Array.from(sums, (sum, i) => (counts[i] ? sum / counts[i] : NaN));
}
