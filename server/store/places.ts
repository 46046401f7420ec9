/** Where the tokens of a completion end: exact where its token ids are in the record and the model's vocabulary can be read. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Extent } from '../../core/protocol/events.ts';
import type { NoTokens } from '../../core/protocol/tokens.ts';
import { fromEnds, type Positions } from '../../core/metrics/token-position.ts';
import { readVocabulary, tokenEnds, type Vocabulary } from '../../core/traces/token-ends.ts';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { attemptFolder, runFolder, tokensPart } from './paths.ts';
import type { TracePlace } from './traces.ts';

/** A larger file is no vocabulary. */
const FILE_LIMIT = 128 * 2 ** 20;
const KEPT_VOCABULARIES = 2;

interface Where {
  token_ids: string | null;
  model: string | null;
  run: string;
  /** Its own stage, and the one whose checkpoint wrote it. */
  stage: string;
  made: string;
}

export class TokenPlaces {
  private readonly index: IndexFile;
  private readonly root: string;
  /** By file, size and time; null: it has no byte-level tokens. */
  private readonly vocabularies = new Lru<string, { vocabulary: Vocabulary | null }>(KEPT_VOCABULARIES);

  private readonly tokenizers = new Lru<string, string>(256);

  constructor(index: IndexFile, root: string) {
    this.index = index;
    this.root = root;
  }

  /**
   * Of a completion's whole text, or of its beginning (`cut`). Null where its ids are not there, no `tokenizer.json` of a kind that can be
   * read is found, or the ids do not spell the text (bytes of it were no UTF-8). Yields while a vocabulary is read.
   */
  *of(place: TracePlace, text: string, cut: boolean): Generator<void, Positions | null> {
    const ends = yield* this.ends(place, text, cut);
    return ends instanceof Int32Array ? fromEnds(ends) : null;
  }

  /** Where each token ends, or why that is not known. */
  *ends(place: TracePlace, text: string, cut: boolean): Generator<void, Int32Array | NoTokens> {
    const row = this.index.get<Where>(
      `SELECT d.token_ids, coalesce(d.model, a.model) AS model, a.run, a.stage, coalesce(t.of, a.stage) AS made
       FROM details d JOIN traces t ON t.id = d.id JOIN attempts a ON a.id = t.attempt_id WHERE d.id = ?`,
      place.id,
    );
    if (!row?.token_ids) return 'no_ids';
    const path = this.tokenizerOf(row);
    const vocabulary = path === null ? null : yield* this.vocabulary(path);
    if (!vocabulary) return 'no_tokenizer';
    const ids = readIds(place.folder, JSON.parse(row.token_ids) as Extent);
    return ids ? ((yield* tokenEnds(ids, vocabulary, text, cut)) ?? 'no_match') : 'no_ids';
  }

  /**
   * The first `tokenizer.json` there is: the model's own, as its checkpoint is named from the stage's folder, in any checkpoint that the stage still has,
   * of the model that the stage began with. Whether it is the right one the text says: the ids must spell it.
   */
  private tokenizerOf({ run, stage, made, model }: Where): string | null {
    const key = JSON.stringify([run, stage, made, model]);
    const known = this.tokenizers.get(key);
    if (known !== undefined && existsSync(known)) return known;
    const folders = [
      ...(model === null ? [] : [isAbsolute(model) ? model : join(stageFolder(this.root, run, made), model)]),
    ];
    const attempts = this.index.all<{ stage: string; attempt: number; model: string | null; path: string | null }>(
      `SELECT a.stage, a.attempt, a.model, c.path FROM attempts a LEFT JOIN checkpoints c ON c.attempt_id = a.id
       WHERE a.run = ? AND a.stage IN (?, ?) ORDER BY a.stage = ? DESC, a.id DESC, c.step DESC LIMIT 200`,
      ...[run, made, stage, made],
    );
    for (const one of attempts)
      if (one.path !== null) folders.push(join(attemptFolder(this.root, { run, ...one }), one.path));
    for (const one of attempts) if (one.model !== null && isAbsolute(one.model)) folders.push(one.model);
    const found = [...new Set(folders)]
      .map((folder) => join(folder, 'tokenizer.json'))
      .find((path) => existsSync(path));
    if (found !== undefined) this.tokenizers.set(key, found);
    return found ?? null;
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

const stageFolder = (root: string, run: string, stage: string): string => join(runFolder(root, run), 'stages', stage);

/** Four bytes an id, the least first. Null where the file or a part of it is gone. */
function readIds(folder: string, extent: Extent): Uint32Array | null {
  const bytes = readExtent(tokensPart(folder, extent.part), extent);
  return bytes && Uint32Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => bytes.readUInt32LE(4 * i));
}

/** The bytes of a stretch of a part. Null where the file or a part of it is gone. */
export function readExtent(path: string, { offset, length }: Pick<Extent, 'offset' | 'length'>): Buffer | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    if (offset + length > fstatSync(file).size) return null;
    const bytes = Buffer.alloc(length);
    return readSync(file, bytes, 0, length, offset) < length ? null : bytes;
  } finally {
    closeSync(file);
  }
}
