/** Where the tokens of a completion end: exact where its token ids are in the record and the model's vocabulary can be read. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Extent } from '../../core/protocol/events.ts';
import { fromEnds, type Positions } from '../../core/metrics/token-position.ts';
import { readVocabulary, tokenEnds, type Vocabulary } from '../../core/traces/token-ends.ts';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { tokensPart } from './paths.ts';
import type { TracePlace } from './traces.ts';

/** A larger file is no vocabulary. */
const FILE_LIMIT = 128 * 2 ** 20;
const KEPT_VOCABULARIES = 2;

export class TokenPlaces {
  private readonly index: IndexFile;
  /** By file, size and time; null: it has no byte-level tokens. */
  private readonly vocabularies = new Lru<string, { vocabulary: Vocabulary | null }>(KEPT_VOCABULARIES);

  constructor(index: IndexFile) {
    this.index = index;
  }

  /**
   * Of a completion's whole text, or of its beginning (`cut`). Null where its ids are not there, the model's folder has no `tokenizer.json` of a kind that
   * can be read, or the ids do not spell the text (bytes of it were no UTF-8). Yields while a vocabulary is read.
   */
  *of(place: TracePlace, text: string, cut: boolean): Generator<void, Positions | null> {
    const row = this.index.get<{ token_ids: string | null; model: string | null }>(
      `SELECT d.token_ids, coalesce(d.model, a.model) AS model FROM details d JOIN attempts a ON a.id = ? WHERE d.id = ?`,
      place.attemptId,
      place.id,
    );
    if (!row?.token_ids || !row.model || !isAbsolute(row.model)) return null;
    const vocabulary = yield* this.vocabulary(join(row.model, 'tokenizer.json'));
    if (!vocabulary) return null;
    const ids = readIds(place.folder, JSON.parse(row.token_ids) as Extent);
    const ends = ids && tokenEnds(ids, vocabulary, text, cut);
    return ends && fromEnds(ends);
  }

  private *vocabulary(path: string): Generator<void, Vocabulary | null> {
    const file = statSync(path, { throwIfNoEntry: false });
    if (!file?.isFile() || file.size > FILE_LIMIT) return null;
    const key = `${path} ${file.size} ${file.mtimeMs}`;
    const known = this.vocabularies.get(key);
    if (known) return known.vocabulary;
    let json: string;
    try {
      json = readFileSync(path, 'utf8');
    } catch {
      return null;
    }
    yield;
    const vocabulary = yield* readVocabulary(json);
    this.vocabularies.set(key, { vocabulary });
    return vocabulary;
  }
}

/** Four bytes an id, the least first. Null where the file or a part of it is gone. */
function readIds(folder: string, { part, offset, length }: Extent): Uint32Array | null {
  let file: number;
  try {
    file = openSync(tokensPart(folder, part), 'r');
  } catch {
    return null;
  }
  try {
    const bytes = Buffer.alloc(length);
    if (readSync(file, bytes, 0, length, offset) < length) return null;
    return Uint32Array.from({ length: length / 4 }, (_, i) => bytes.readUInt32LE(4 * i));
  } finally {
    closeSync(file);
  }
}
