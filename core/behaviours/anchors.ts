/**
 * Anchors: beginnings of words without which a cue cannot stand. One pass over the text's letters, through one tree of all
 * anchors, says for every step who has to look at it.
 */

/** An opening cue's anchor stands at most so far behind the step's beginning, in UTF-16 units. */
const OPENING_REACH = 60;
const LETTERS = 26;

let taken = 0;
let openingBits = 0;
/** A tree over the letters a–z: `children[node * 26 + letter]` is the next node or 0, `ends[node]` the bits of anchors that end there. */
const children: number[] = Array.from({ length: LETTERS }, () => 0);
const ends: number[] = [0];
/** Bits of the anchors that begin with another sign, by its code. */
const signs = new Map<number, number>();

/**
 * Takes a bit that {@link gates} sets for the steps in which a word begins with one of these, case aside; of anchors that begin with
 * another sign (Chinese, `#`) the first sign alone counts. Called while modules load, a few times for each label.
 * @throws RangeError when all 31 bits are taken
 */
export function anchored(anchors: string, opening = false): number {
  if (taken === 31) throw new RangeError('all 31 bits of the gates are taken');
  const bit = 1 << taken;
  taken += 1;
  if (opening) openingBits |= bit;
  for (const anchor of anchors.split(/\s+/)) {
    if (/^[a-z]+$/.test(anchor)) plant(anchor, bit);
    else if (anchor !== '' && !/^[a-z]/.test(anchor))
      signs.set(anchor.charCodeAt(0), (signs.get(anchor.charCodeAt(0)) ?? 0) | bit);
    else if (anchor !== '') throw new RangeError(`the anchor “${anchor}” must be small letters, or begin with a sign`);
  }
  return bit;
}

function plant(anchor: string, bit: number): void {
  let node = 0;
  for (let i = 0; i < anchor.length; i += 1) {
    const edge = node * LETTERS + anchor.charCodeAt(i) - 97;
    if (children[edge] === 0) {
      children[edge] = ends.length;
      ends.push(0);
      for (let k = 0; k < LETTERS; k += 1) children.push(0);
    }
    node = children[edge]!;
  }
  ends[node]! |= bit;
}

/** For each step the bits of those that have to look at it. Code is never looked at. */
export function gates(text: string, steps: readonly { start: number; end: number; kind: string }[]): Int32Array {
  const found = new Int32Array(steps.length);
  for (let i = 0; i < steps.length; i += 1) {
    const { start, end, kind } = steps[i]!;
    if (kind !== 'code') found[i] = bitsOf(text, start, end);
  }
  return found;
}

function bitsOf(text: string, start: number, end: number): number {
  let bits = 0;
  let inWord = false;
  for (let i = start; i < end; i += 1) {
    const code = text.charCodeAt(i);
    const letter = (code | 32) - 97;
    if (letter >= 0 && letter < LETTERS) {
      if (!inWord) {
        const word = wordBits(text, i, end);
        bits |= i - start > OPENING_REACH ? word & ~openingBits : word;
        inWord = true;
      }
    } else {
      inWord = false;
      if (code > 127 || code === 35) {
        const sign = signs.get(code);
        if (sign !== undefined) bits |= sign;
      }
    }
  }
  return bits;
}

/** The bits of every anchor with which the word at `i` begins. */
function wordBits(text: string, from: number, end: number): number {
  let bits = 0;
  let node = 0;
  for (let i = from; i < end; i += 1) {
    const letter = (text.charCodeAt(i) | 32) - 97;
    if (letter < 0 || letter >= LETTERS) break;
    node = children[node * LETTERS + letter]!;
    if (node === 0) break;
    bits |= ends[node]!;
  }
  return bits;
}
