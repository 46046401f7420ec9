/**
 * Finds a few bytes in many: a WebAssembly function of some forty instructions that looks at sixteen places at a time. Texts are read
 * straight into its memory. `Buffer.indexOf` knows no letter case, and expressions look at every character by itself.
 */

/** Behind what is looked at there is room for two more loads of the function. */
const SLACK = 1024;
const PAGE = 64 * 1024;

/** Frequent characters of English and of mathematics, the most frequent first; what is not among them is rare. */
const FREQUENT = " etaoinsrhldcumfpgwybv.,0123=k-x4567()8+9\n\\{}zjq:'";
const rank = (byte: number): number => {
  const at = FREQUENT.indexOf(String.fromCharCode(byte).toLowerCase());
  return at < 0 ? FREQUENT.length : at;
};

type Find = (from: number, to: number, a: number, a2: number, b: number, b2: number, apart: number) => number;

export class ByteScanner {
  /** All of the memory. A longer text makes it another one: keep none. */
  bytes: Buffer;
  /** Counts what was put into the memory; a new number: nothing of what was there counts any more. */
  generation = 0;
  private readonly memory: WebAssembly.Memory;
  readonly find: Find;

  constructor(bytes = 4 * 2 ** 20) {
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((bytes + SLACK) / PAGE) });
    this.bytes = Buffer.from(this.memory.buffer);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(program()), { m: { m: this.memory } });
    this.find = instance.exports['find'] as Find;
  }

  /** Makes room for so many bytes from the beginning on. What was there is of no use any more. */
  begin(bytes: number): void {
    this.generation += 1;
    const lacking = bytes + SLACK - this.bytes.length;
    if (lacking <= 0) return;
    this.memory.grow(Math.ceil(lacking / PAGE));
    this.bytes = Buffer.from(this.memory.buffer);
  }
}

/** Bytes to look for in a scanner's memory, from left to right; ASCII letters in either case with `fold`. */
export class Needle {
  readonly length: number;
  private readonly scanner: ByteScanner;
  private readonly lower: Uint8Array;
  private readonly upper: Uint8Array;
  /** The two rarest of its bytes, the first one first. */
  private readonly first: number;
  private readonly second: number;
  private generation = -1;
  private from = 0;
  private at = 0;

  constructor(scanner: ByteScanner, bytes: Uint8Array, fold: boolean) {
    this.scanner = scanner;
    this.length = bytes.length;
    this.lower = fold ? bytes.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte)) : bytes;
    this.upper = fold ? bytes.map((byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte)) : bytes;
    const rare = [...bytes.keys()].sort((i, j) => rank(bytes[j]!) - rank(bytes[i]!) || i - j).slice(0, 2);
    this.first = Math.min(...rare);
    this.second = Math.max(...rare);
  }

  /**
   * Where it begins first at `from` or behind, and ends at `to` or before; `to` where it does not. Cheap where the same question was
   * asked from a place before: so a whole window of texts is gone through once.
   */
  next(from: number, to: number): number {
    if (this.generation === this.scanner.generation && from >= this.from && from <= this.at) return this.at;
    this.generation = this.scanner.generation;
    this.from = from;
    return (this.at = this.search(from, to));
  }

  private search(from: number, to: number): number {
    const { lower, upper, first, second, length } = this;
    const { bytes } = this.scanner;
    const last = to - length;
    for (let at = from; at <= last; at++) {
      const found = this.scanner.find(at + first, last + first + 1, lower[first]!, upper[first]!, lower[second]!, upper[second]!, second - first); // prettier-ignore
      at = found - first;
      if (at > last) break;
      let i = 0;
      for (; i < length; i++) {
        const byte = bytes[at + i];
        if (byte !== lower[i] && byte !== upper[i]) break;
      }
      if (i === length) return at;
    }
    return to;
  }
}

/**
 * `find(from, to, a, a2, b, b2, apart)`: the first place `p` in `from` to `to` with `a` or `a2` there and `b` or `b2` at `p + apart`; `to`
 * where there is none.
 */
function program(): Uint8Array<ArrayBuffer> {
  const [from, to, a, a2, b, b2, apart, va, va2, vb, vb2, mask] = Array.from({ length: 12 }, (_, i) => i) as [
    number, number, number, number, number, number, number, number, number, number, number, number,
  ]; // prettier-ignore
  const get = (local: number) => [0x20, local];
  const set = (local: number) => [0x21, local];
  const i32 = 0x7f;
  const v128 = 0x7b;
  const load = [0xfd, 0x00, 0x00, 0x00];
  const splat = [0xfd, 0x0f];
  const equal = [0xfd, 0x23];
  const and = [0xfd, 0x4e];
  const or = [0xfd, 0x50];
  const bitmask = [0xfd, 0x64];
  const add = [0x6a];
  const body = [
    ...[2, 4, v128, 1, i32],
    ...[...get(a), ...splat, ...set(va), ...get(a2), ...splat, ...set(va2)],
    ...[...get(b), ...splat, ...set(vb), ...get(b2), ...splat, ...set(vb2)],
    ...[0x02, 0x40, 0x03, 0x40], // block, loop
    ...[...get(from), ...get(to), 0x4f, 0x0d, 1], // from >= to: leaves the block
    ...[...get(from), ...load, ...get(va), ...equal, ...get(from), ...load, ...get(va2), ...equal, ...or],
    ...[...get(from), ...get(apart), ...add, ...load, ...get(vb), ...equal],
    ...[...get(from), ...get(apart), ...add, ...load, ...get(vb2), ...equal, ...or, ...and, ...bitmask],
    ...[0x22, mask, 0x04, 0x40], // if there is one: its place, or the end where it lies behind
    ...[...get(from), ...get(mask), 0x68, ...add, 0x22, from, ...get(to)],
    ...[...get(from), ...get(to), 0x49, 0x1b, 0x0f], // select of the two by from < to; return
    0x0b,
    ...[...get(from), 0x41, 16, ...add, ...set(from), 0x0c, 0], // the next sixteen; again
    ...[0x0b, 0x0b, ...get(to), 0x0b],
  ];
  const section = (id: number, bytes: number[]) => [id, ...leb(bytes.length), ...bytes];
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 7, i32, i32, i32, i32, i32, i32, i32, 1, i32]),
    ...section(2, [1, ...name('m'), ...name('m'), 0x02, 0x00, 0x01]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('find'), 0x00, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

/** As unsigned LEB128. */
const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >> 7)]);
