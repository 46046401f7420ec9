/** Answers `traces/tokens`: where the tokens of a completion are, and what the model thought of them where that was recorded. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Extent } from '../../core/protocol/events.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { NoTokens } from '../../core/protocol/tokens.ts';
import { fromEnds, type Positions } from '../../core/metrics/token-position.ts';
import { endsOfLengths } from '../../core/traces/token-ends.ts';
import { sliceTokens } from '../../core/traces/token-slice.ts';
import { readScores, type TokenScores } from '../../core/traces/token-scores.ts';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { tokensPart } from './paths.ts';
import { readExtent, type TokenPlaces } from './places.ts';
import type { TextReader } from './text.ts';
import { findTrace, textOf, type TracePlace } from './traces.ts';

/** UTF-16 units of the longest completion whose tokens are placed. */
const TEXT_LIMIT = 32 * 2 ** 20;
/** Tokens of the completions that were asked for last. */
const KEPT = 2 ** 21;

interface Placed {
  positions: Positions;
  scores: TokenScores | null;
}

export class Tokens {
  private readonly index: IndexFile;
  private readonly root: string;
  private readonly texts: TextReader;
  private readonly places: TokenPlaces;
  /** By trace and length: a text only grows. */
  private readonly kept = new Lru<string, Placed>(KEPT, ({ positions }) => positions.tokens);

  constructor(index: IndexFile, root: string, texts: TextReader, places: TokenPlaces) {
    this.index = index;
    this.root = root;
    this.texts = texts;
    this.places = places;
  }

  /** Yields while a vocabulary is read and a text is gone through. @throws `not_found`, `corrupt` where the text is gone */
  *answer({ trace, start, end }: Params<'traces/tokens'>): Generator<void, Result<'traces/tokens'>> {
    const found = yield* this.placed(findTrace(this.index, this.root, trace), trace);
    if (typeof found === 'string') return { slice: null, why: found };
    return { slice: sliceTokens(found.positions, found.scores, { start, end }), why: null };
  }

  forget(): void {
    this.kept.clear();
  }

  private *placed(place: TracePlace, trace: string): Generator<void, Placed | NoTokens> {
    if (place.live) return 'live';
    const length = this.texts.length(0, place.id);
    if (length > TEXT_LIMIT) return 'too_long';
    const key = `${trace} ${length}`;
    const known = this.kept.get(key);
    if (known) return known;
    const scores = this.scores(place);
    const text = this.text(place, trace);
    const ends = scores?.lengths ? endsOfLengths(scores.lengths, text) : yield* this.places.ends(place, text, false);
    if (ends === null) return 'no_match';
    if (typeof ends === 'string') return ends;
    // Other columns than there are tokens belong to another completion.
    const fitting = scores?.tokens === ends.length ? scores : null;
    const placed = { positions: fromEnds(ends), scores: fitting };
    this.kept.set(key, placed);
    return placed;
  }

  private text(place: TracePlace, trace: string): string {
    const { kind, owner } = textOf(place, 'completion');
    try {
      return this.texts.slice(place.folder, kind, owner, 0, TEXT_LIMIT, TEXT_LIMIT).text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new LonghandError('corrupt', `The text of ${trace} is gone.`);
    }
  }

  private scores(place: TracePlace): TokenScores | null {
    const row = this.index.get<{ scores: string | null }>('SELECT scores FROM details WHERE id = ?', place.id);
    if (!row?.scores) return null;
    const extent = JSON.parse(row.scores) as Extent;
    const bytes = readExtent(tokensPart(place.folder, extent.part), extent);
    return bytes && readScores(bytes);
  }
}
