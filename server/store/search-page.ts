/** Where the texts of some traces lie, as numbers that pass between threads. */

/** Numbers of an extent: part, position, bytes. */
export const EXTENT = 3;

/** What is known when a search begins. */
export interface SearchBegin {
  /** Traces that it will look at. */
  total: number;
  /** The row id behind which it begins; -1: at the first. */
  after: number;
  /** Traces of which it is not known whether they belong to it, since their text was not read; null: nothing is asked that is found in texts. */
  unread: number | null;
}

/** Texts and the extents of each: those of text `i` are numbers `starts[i]` to `starts[i + 1]` of `extents`. */
export interface TextPlaces {
  starts: Uint32Array;
  /** {@link EXTENT} numbers each. */
  extents: Float64Array;
}

/** Traces of one attempt, by rising row id. */
export interface SearchPage {
  /** Of the attempt, where its parts are. */
  folder: string;
  ids: Float64Array;
  completions: TextPlaces;
  /** By `promptOf`; -1: the trace has none. Empty where prompts were not asked for. */
  prompts: TextPlaces;
  promptOf: Int32Array;
}
