/** Where each token of a text ends, from its ids and the vocabulary of a byte-level BPE tokenizer (GPT-2's alphabet: Qwen, Llama 3, DeepSeek, …). */

/** What each id stands for. A piece is written in the tokenizer's alphabet, one sign a byte; an added token is text. */
export interface Vocabulary {
  pieces: (string | undefined)[];
  added: Map<number, string>;
}

/** Entries of a vocabulary, or tokens of a text, between two yields. */
const SLICE = 4096;

/**
 * Reads a `tokenizer.json` of the `tokenizers` library without parsing all of it, which would take longer than one slice. Null where its tokens are no
 * byte-level ones, or it is no such file.
 */
export function* readVocabulary(json: string): Generator<void, Vocabulary | null> {
  const model = json.indexOf('"model"', Math.max(0, json.indexOf('"decoder"')));
  const decoder = json.slice(Math.max(0, json.indexOf('"decoder"')), Math.max(0, model));
  const start = model < 0 ? -1 : json.indexOf('"vocab"', model);
  if (start < 0 || !decoder.includes('"ByteLevel"')) return null;
  const added = addedTokens(json);
  const pieces: (string | undefined)[] = [];
  const entry = /[\s{,]*("(?:[^"\\]|\\.)*")\s*:\s*(\d+)/y;
  entry.lastIndex = json.indexOf('{', start);
  for (let n = 1; ; n += 1) {
    const found = entry.exec(json);
    if (!found) break;
    try {
      pieces[Number(found[2])] = JSON.parse(found[1]!) as string;
    } catch {
      return null;
    }
    if (n % SLICE === 0) yield;
  }
  return pieces.length === 0 || !added ? null : { pieces, added };
}

function addedTokens(json: string): Map<number, string> | null {
  const list = /"added_tokens"\s*:\s*(\[[^]*?\])\s*,\s*"normalizer"/.exec(json.slice(0, 4_000_000))?.[1];
  try {
    const tokens = JSON.parse(list ?? '[]') as { id: number; content: string }[];
    return tokens.every(({ content }) => typeof content === 'string')
      ? new Map(tokens.map(({ id, content }) => [id, content]))
      : null;
  } catch {
    return null;
  }
}

/** The byte that each sign of the alphabet stands for: printable bytes are themselves, the others follow from U+0100 on. */
const bytes = new Map<number, number>();
for (let byte = 0, other = 256; byte < 256; byte += 1) {
  const isItself = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  bytes.set(isItself ? byte : other++, byte);
}

/**
 * The end of each token in the text, in UTF-16 units, ascending; a token that ends inside a character ends where the character begins. `ids` may go on behind
 * a text that was cut (`cut`), and added tokens behind a whole one (an end token that is not shown). Null where the tokens do not spell the text, byte for byte. Yields now and then.
 */
export function* tokenEnds(
  ids: Uint32Array,
  { pieces, added }: Vocabulary,
  text: string,
  cut = false,
): Generator<void, Int32Array | null> {
  const ends = new Int32Array(ids.length);
  const walk = new Utf8Walk(text);
  for (let i = 0; i < ids.length; i += 1) {
    if (i % SLICE === SLICE - 1) yield;
    const literal = added.get(ids[i]!);
    const piece = literal ?? pieces[ids[i]!];
    if (piece === undefined) return null;
    if (walk.isOver && cut) return ends.subarray(0, i);
    if (walk.isOver && literal !== undefined) {
      // Servers leave the end token out of the text.
      ends[i] = walk.unit;
      continue;
    }
    if (literal === undefined) {
      for (let k = 0; k < piece.length; k += 1)
        if (!walk.take(bytes.get(piece.charCodeAt(k)) ?? -1)) return walk.isOver && cut ? ends.subarray(0, i) : null;
    } else {
      const other = new Utf8Walk(literal);
      for (let byte = other.next(); byte >= 0; byte = other.next())
        if (!walk.take(byte)) return walk.isOver && cut ? ends.subarray(0, i) : null;
    }
    ends[i] = walk.unit;
  }
  return walk.isOver || cut ? ends : null;
}

/**
 * The same where it is known how many bytes of UTF-8 each token adds to the text. Null where they do not add up to its length.
 */
export function endsOfLengths(lengths: Uint16Array, text: string): Int32Array | null {
  const ends = new Int32Array(lengths.length);
  const walk = new Utf8Walk(text);
  for (const [i, length] of lengths.entries()) {
    for (let k = 0; k < length; k += 1) if (walk.next() < 0) return null;
    ends[i] = walk.unit;
  }
  return walk.isOver ? ends : null;
}

/** Goes through a text by the bytes of its UTF-8. */
class Utf8Walk {
  private readonly text: string;
  private readonly left: number[] = [];
  /** Where the character that is being gone through begins, or the next one. */
  unit = 0;
  private size = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isOver(): boolean {
    return this.left.length === 0 && this.unit >= this.text.length;
  }

  /** The next byte; −1: the text is over. */
  next(): number {
    if (this.left.length === 0) {
      const code = this.text.codePointAt(this.unit);
      if (code === undefined) return -1;
      if (code < 0x80) {
        this.unit += 1;
        return code;
      }
      this.size = code > 0xffff ? 2 : 1;
      if (code > 0xffff) this.left.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63));
      else if (code > 0x7ff) this.left.push(0xe0 | (code >> 12));
      else this.left.push(0xc0 | (code >> 6));
      if (code > 0xffff || code > 0x7ff) this.left.push(0x80 | ((code >> 6) & 63));
      this.left.push(0x80 | (code & 63));
    }
    const byte = this.left.shift()!;
    if (this.left.length === 0) this.unit += this.size;
    return byte;
  }

  take(byte: number): boolean {
    return this.next() === byte;
  }
}
