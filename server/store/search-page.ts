/** Where the texts of some traces lie, as numbers that pass between threads. */

/** Numbers of an extent: part, position, bytes. */
export const EXTENT = 3;

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
