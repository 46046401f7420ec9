/**
 * What a model thought of the tokens that it drew, as it lies in `tokens/part-*.bin` (`scores` of a `trace_end`).
 *
 * One stretch a completion: a head of 12 bytes, then a column after the other, all little-endian.
 *
 *     0   4 bytes  "LHTS"
 *     4   uint8    version, 1
 *     5   uint8    columns, in this order: 1 log-probabilities (float16), 2 entropies (float16), 4 lengths (uint16)
 *     6   uint8    0: entropies are those of the whole distribution; k: lower bounds from the k likeliest tokens
 *     7   uint8    0
 *     8   uint32   tokens
 *
 * Log-probabilities and entropies are natural and of the model's own distribution, before temperature and filters; NaN where
 * nothing is known of a token. A float16 is off by at most 2⁻¹¹ of its value (0.05 %). Lengths are bytes of UTF-8 that a token
 * adds to the text, where its id is not known.
 */

export interface TokenScores {
  tokens: number;
  /** Of the tokens that were drawn. */
  logprobs: Float32Array | null;
  /** In nats. */
  entropies: Float32Array | null;
  /** 0: entropies are exact; k: lower bounds from the k likeliest tokens. */
  top: number;
  /** Bytes of UTF-8 that each token adds to the text. */
  lengths: Uint16Array | null;
}

export const SCORES_HEAD = 12;
const VERSION = 1;
const MAGIC = 0x5354484c;
const LOGPROBS = 1;
const ENTROPIES = 2;
const LENGTHS = 4;

/** What the head of a stretch says: its tokens, and the bytes that it must have. Null: it is none of version 1. */
export function readScoresHead(
  bytes: Uint8Array,
): { tokens: number; bytes: number; columns: number; top: number } | null {
  if (bytes.length < SCORES_HEAD) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint8(4) !== VERSION) return null;
  const columns = view.getUint8(5) & 7;
  const tokens = view.getUint32(8, true);
  const count = [LOGPROBS, ENTROPIES, LENGTHS].filter((bit) => columns & bit).length;
  return { tokens, bytes: SCORES_HEAD + 2 * tokens * count, columns, top: view.getUint8(6) };
}

/** A whole stretch; null where it is none, or too short for what its head says. */
export function readScores(bytes: Uint8Array): TokenScores | null {
  const head = readScoresHead(bytes);
  if (!head || bytes.length < head.bytes) return null;
  const { tokens, columns, top } = head;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = SCORES_HEAD;
  const column = <T>(bit: number, read: (from: number) => T): T | null => {
    if (!(columns & bit)) return null;
    const found = read(at);
    at += 2 * tokens;
    return found;
  };
  const halves = (from: number) => {
    const found = new Float32Array(tokens);
    for (let i = 0; i < tokens; i += 1) found[i] = fromHalf(view.getUint16(from + 2 * i, true));
    return found;
  };
  return {
    tokens,
    logprobs: column(LOGPROBS, halves),
    entropies: column(ENTROPIES, halves),
    lengths: column(LENGTHS, (from) =>
      Uint16Array.from({ length: tokens }, (_, i) => view.getUint16(from + 2 * i, true)),
    ),
    top,
  };
}

/** The bytes of a stretch. */
export function packScores({ tokens, logprobs, entropies, top, lengths }: TokenScores): Uint8Array {
  const columns = [logprobs, entropies, lengths];
  const present = columns.filter((column) => column !== null);
  const bytes = new Uint8Array(SCORES_HEAD + 2 * tokens * present.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, (logprobs ? LOGPROBS : 0) | (entropies ? ENTROPIES : 0) | (lengths ? LENGTHS : 0));
  view.setUint8(6, top);
  view.setUint32(8, tokens, true);
  let at = SCORES_HEAD;
  for (const column of present)
    for (let i = 0; i < tokens; i += 1, at += 2)
      view.setUint16(at, column === lengths ? column[i]! : toHalf(column[i]!), true);
  return bytes;
}

const asFloat = new Float32Array(1);
const asBits = new Uint32Array(asFloat.buffer);

/** The nearest 16 bits of IEEE 754, ties to even; beyond 65,504 infinite. */
function toHalf(value: number): number {
  asFloat[0] = value;
  const bits = asBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  if (Number.isNaN(value)) return 0x7e00;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | rounded(size * 2 ** 24);
  const exponent = ((bits >>> 23) & 255) - 127;
  // A fraction that is rounded up to a whole goes over into the exponent by itself.
  return sign + ((exponent + 15) << 10) + rounded((size / 2 ** exponent - 1) * 1024);
}

function rounded(value: number): number {
  const whole = Math.floor(value);
  const left = value - whole;
  return left > 0.5 || (left === 0.5 && whole % 2 === 1) ? whole + 1 : whole;
}

/** The number that 16 bits of IEEE 754 say. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
