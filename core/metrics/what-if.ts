/**
 * Rejection sampling again on stored samples: what other rounds or another rule of length would have kept. The same rules as
 * `longhand_engine/rejection` (lengths.py, what_if.py); both are held to server/engine/tests/what_if.json.
 */

/** Which right sample of a problem is of “medium length”. */
export type LengthRule = 'median_of_correct' | 'nearest_to_mean' | { band: [number, number] };

export interface RejectSettings {
  /** Samples a problem, by round. */
  rounds: number[];
  length: LengthRule;
  /** Right samples that are kept of a problem. */
  keep: number;
}

export interface StoredSample {
  /** Its number, from 0, in the order in which a problem's samples were drawn. */
  sample: number;
  right: boolean;
  tokens: number;
}

export interface WhatIf {
  problems: number;
  /** Problems with a right sample. */
  solved: number;
  /** Drawn in all rounds, a round for what the last one left unsolved. */
  samples: number;
  /** Lengths of the samples that are kept. */
  kept: number[];
  /**
   * Problems for which more would be drawn than is stored. What is kept of them rests on what is; where none of it is right,
   * whether they would be solved is not known, and they count as unsolved.
   */
  incomplete: number;
}

export function whatIf(problems: Iterable<readonly StoredSample[]>, { rounds, length, keep }: RejectSettings): WhatIf {
  const found: WhatIf = { problems: 0, solved: 0, samples: 0, kept: [], incomplete: 0 };
  for (const stored of problems) {
    found.problems += 1;
    // By number: a sample whose request failed is one that is missing.
    const ordered = stored.toSorted((a, b) => a.sample - b.sample);
    let start = 0;
    let isSolved = false;
    for (const n of rounds) {
      const there = ordered.filter(({ sample }) => sample >= start && sample < start + n);
      found.samples += n;
      start += n;
      const right = there.filter((one) => one.right).map(({ tokens }) => tokens);
      if (right.length === 0) continue;
      isSolved = true;
      found.solved += 1;
      if (there.length < n) found.incomplete += 1;
      for (const place of rank(right, length).slice(0, keep)) found.kept.push(right[place]!);
      break;
    }
    if (!isSolved && ordered.length < start) found.incomplete += 1;
  }
  return found;
}

/** The places of `lengths` (in the order in which they were drawn), the best of the rule first; ties as they were drawn. */
export function rank(lengths: readonly number[], rule: LengthRule): number[] {
  const places = lengths.map((_, i) => i);
  if (lengths.length === 0) return places;
  const by = (...keys: ((place: number) => number)[]) =>
    places.toSorted((a, b) => keys.map((key) => key(a) - key(b)).find((difference) => difference !== 0) ?? a - b);
  if (rule === 'median_of_correct') {
    const middle = (lengths.length - 1) >> 1;
    const away = new Map(by((place) => lengths[place]!).map((place, at) => [place, Math.abs(at - middle)]));
    return by((place) => away.get(place)!);
  }
  if (rule === 'nearest_to_mean') {
    const mean = lengths.reduce((sum, value) => sum + value, 0) / lengths.length;
    return by((place) => Math.abs(lengths[place]! - mean));
  }
  const ordered = lengths.toSorted((a, b) => a - b);
  const [low, high] = rule.band.map((share) => quantile(ordered, share)) as [number, number];
  const isOut = (place: number) => (lengths[place]! >= low && lengths[place]! <= high ? 0 : 1);
  return by(isOut, (place) => Math.abs(lengths[place]! - (low + high) / 2));
}

/** Linear between the two nearest (numpy's default). `ordered` is ascending and not empty. */
function quantile(ordered: readonly number[], share: number): number {
  const place = share * (ordered.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, ordered.length - 1);
  return ordered[below]! + (ordered[above]! - ordered[below]!) * (place - below);
}

export interface WhatIfFigures extends Omit<WhatIf, 'kept'> {
  rows: number;
  /** Of the kept. */
  tokensMean: number | null;
}

/** What the stage kept beside what it would have kept, and how long both are, by bins of one width. */
export interface WhatIfAnswer {
  /** Samples that are stored. */
  stored: number;
  settings: RejectSettings;
  own: WhatIfFigures;
  asked: WhatIfFigures;
  edges: number[];
  ownKept: number[];
  askedKept: number[];
}

const BINS = 24;

export function compareWhatIf(
  problems: ReadonlyMap<string, readonly StoredSample[]>,
  settings: RejectSettings,
  asked: Partial<RejectSettings>,
): WhatIfAnswer {
  const [own, other] = [settings, { ...settings, ...asked }].map((one) => whatIf(problems.values(), one)) as [
    WhatIf,
    WhatIf,
  ];
  const all = [...own.kept, ...other.kept];
  const low = all.reduce((a, b) => Math.min(a, b), Infinity);
  const high = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const width = Math.max(1, Math.ceil((high - low + 1) / BINS));
  const bins = all.length > 0 ? Math.floor((high - low) / width) + 1 : 0;
  const counts = (lengths: readonly number[]) => {
    const found = Array.from({ length: bins }, () => 0);
    for (const length of lengths) found[Math.floor((length - low) / width)]! += 1;
    return found;
  };
  let stored = 0;
  for (const samples of problems.values()) stored += samples.length;
  return {
    stored,
    settings,
    own: figures(own),
    asked: figures(other),
    edges: bins > 0 ? Array.from({ length: bins + 1 }, (_, i) => low + i * width) : [],
    ownKept: counts(own.kept),
    askedKept: counts(other.kept),
  };
}

function figures({ kept, ...rest }: WhatIf): WhatIfFigures {
  const tokensMean = kept.length > 0 ? kept.reduce((sum, value) => sum + value, 0) / kept.length : null;
  return { ...rest, rows: kept.length, tokensMean };
}
