/**
 * What a ruler shows of one trace, and where each thing lies on it: the geometry, apart from the drawing. The ruler beside the text and the
 * strips of a group are made of the same picture. Pure.
 */
import type { Label } from '../../core/behaviours/spans.ts';
import type { VerdictValue } from '../../core/protocol/events.ts';
import type { TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import { firstRight, reasoningEnd } from '../../core/traces/landmarks.ts';
import type { Section } from '../../core/traces/sections.ts';
import { count } from '../ui/format.ts';
import { lookOf, outcomeWords } from '../ui/labels.ts';
import type { Overlay, Tone } from './overlay.ts';

interface Stretch {
  start: number;
  end: number;
}

export interface RulerAnswer extends Stretch {
  value: VerdictValue;
  text: string;
}

export interface RulerPicture {
  /** UTF-16 units of the completion. */
  length: number;
  /** By lane, in the order of {@link laneLabels}. Null: the reader hides the label. */
  lanes: readonly (readonly Overlay[] | null)[];
  answers: readonly RulerAnswer[];
  /** The answer that the checker was given. */
  counts: (Stretch & { tone: Tone }) | null;
  loops: readonly Stretch[];
  firstRight: Stretch | null;
  reasoningEnd: Stretch | null;
  reviewed: readonly (readonly [start: number, end: number])[];
}

export const laneLabels: readonly Label[] = [
  'verification',
  'backtracking',
  'subgoal',
  'backward_reasoning',
  'uncertainty',
];

interface Known {
  length: number;
  overlays: readonly Overlay[];
  hidden: readonly Label[];
  /** Null where the text was not read for them: candidate answers are those that the detector marked. */
  figures: TraceFiguresAnswer | null;
  sections: readonly Section[];
  reviewed?: RulerPicture['reviewed'];
}

export function pictureOf({ length, overlays, hidden, figures, sections, reviewed = [] }: Known): RulerPicture {
  const own = overlays.filter((span) => span.in === 'completion' && span.start < length);
  const byLabel = Map.groupBy(own, ({ label }) => label);
  const counted = own.find(({ answer }) => answer !== undefined);
  const answers = figures
    ? figures.answers.map(({ start, end, value, text }) => ({ start, end, value, text }))
    : (byLabel.get('answer_commitment') ?? [])
        .filter(({ answer }) => answer === undefined)
        .map(({ start, end, evidence }) => ({ start, end, value: 'none' as const, text: evidence }));
  const isHidden = (label: Label) => hidden.includes(label);
  return {
    length,
    lanes: laneLabels.map((label) => (isHidden(label) ? null : (byLabel.get(label) ?? []))),
    answers: isHidden('answer_commitment') ? [] : answers,
    counts: counted ? { start: counted.start, end: counted.end, tone: counted.answer! } : null,
    loops: isHidden('loop') ? [] : (figures?.loops ?? byLabel.get('loop') ?? []),
    firstRight: firstRight(figures),
    reasoningEnd: reasoningEnd(sections),
    reviewed,
  };
}

/** Where a place lies, in pixels from the beginning of the scale. */
export interface Scale {
  /** Units. */
  length: number;
  /** Pixels. */
  size: number;
}

export const pixelOf = ({ length, size }: Scale, unit: number): number =>
  (Math.max(0, Math.min(length, unit)) / Math.max(1, length)) * size;

export const unitOf = ({ length, size }: Scale, pixel: number): number =>
  Math.max(0, Math.min(length - 1, Math.round((pixel / Math.max(1, size)) * length)));

/**
 * The pixels that stretches cover, as runs `[from, to)` that do not touch: so many spans are drawn as there are pixels, not as there are
 * spans. A stretch has at least `least` pixels, so that none is lost.
 */
export function runsOf(stretches: readonly Stretch[], scale: Scale, least: number): [from: number, to: number][] {
  const size = Math.max(1, Math.round(scale.size));
  const covered = new Uint8Array(size);
  for (const { start, end } of stretches) {
    const from = Math.min(size - 1, Math.floor(pixelOf(scale, start)));
    const to = Math.min(size, Math.max(from + least, Math.round(pixelOf(scale, end))));
    covered.fill(1, Math.min(from, Math.max(0, size - least)), to);
  }
  const runs: [number, number][] = [];
  let from = -1;
  for (let at = 0; at <= size; at += 1) {
    if (at < size && covered[at] === 1) {
      if (from < 0) from = at;
    } else if (from >= 0) {
      runs.push([from, at]);
      from = -1;
    }
  }
  return runs;
}

/** Candidate answers of which none hides another of another kind: those of one kind at the same pixels are one mark, right ones come last. */
export function answerMarks(
  answers: readonly RulerAnswer[],
  scale: Scale,
  size: number,
): { at: number; value: VerdictValue }[] {
  const marks: { at: number; value: VerdictValue }[] = [];
  const last = new Map<VerdictValue, number>();
  for (const { end, value } of answers) {
    const at = Math.round(pixelOf(scale, end));
    if (at - (last.get(value) ?? -Infinity) < size / 2) continue;
    last.set(value, at);
    marks.push({ at, value });
  }
  const order: Record<VerdictValue, number> = { none: 0, undecided: 1, wrong: 2, right: 3 };
  return marks.sort((a, b) => order[a.value] - order[b.value]);
}

/** The mean of a value over each pixel, as a share of the largest mean; null where there is none. */
export function densityOf(
  values: readonly (Stretch & { value: number })[],
  scale: Scale,
): Float32Array<ArrayBuffer> | null {
  const size = Math.max(1, Math.round(scale.size));
  const sums = new Float32Array(size);
  const counts = new Float32Array(size);
  for (const { start, end, value } of values) {
    if (!Number.isFinite(value)) continue;
    const from = Math.min(size - 1, Math.floor(pixelOf(scale, start)));
    const to = Math.max(from + 1, Math.min(size, Math.ceil(pixelOf(scale, end))));
    for (let at = from; at < to; at += 1) {
      sums[at]! += value;
      counts[at]! += 1;
    }
  }
  let most = 0;
  for (let at = 0; at < size; at += 1) {
    if (counts[at]! > 0) sums[at]! /= counts[at]!;
    most = Math.max(most, sums[at]!);
  }
  return most > 0 ? sums.map((sum) => Math.max(0, sum) / most) : null;
}

/** What is under a pointer: the stretch that a click goes to, if there is one, and each thing in words. */
export interface UnderPointer {
  target: Stretch | null;
  words: string[];
}

interface Lanes {
  lanes: readonly { at: number; size: number }[];
  answers: { at: number; size: number };
  loops: { at: number; size: number };
}

const verdictWords: Record<VerdictValue, string> = {
  right: '✓ right',
  wrong: '✗ wrong',
  undecided: '? undecided',
  none: '· not compared',
};

/** @param across pixels across the ruler, @param slack units that a pointer may be off */
export function underPointer(
  picture: RulerPicture,
  layout: Lanes,
  across: number,
  unit: number,
  slack: number,
): UnderPointer {
  const near = ({ start, end }: Stretch) => start <= unit + slack && end >= unit - slack;
  const inside = ({ at, size }: { at: number; size: number }) => across >= at - 1 && across < at + size + 1;
  const words: string[] = [];
  let target: Stretch | null = null;
  const aim = (found: readonly Stretch[]) => {
    for (const one of found) if (!target || Math.abs(one.start - unit) < Math.abs(target.start - unit)) target = one;
  };
  const lane = layout.lanes.findIndex(inside);
  const answers = picture.answers.filter(({ end }) => Math.abs(end - unit) <= slack);
  const loops = picture.loops.filter(near);
  // The lane that the pointer is on comes first, and alone says where a click goes.
  if (lane >= 0) aim(picture.lanes[lane]?.filter(near) ?? []);
  else if (inside(layout.answers)) aim(answers);
  else if (inside(layout.loops)) aim(loops);
  const all = laneLabels.map((_, i) => i);
  const order = lane >= 0 ? [lane, ...all.filter((i) => i !== lane)] : all;
  for (const i of order) {
    const found = picture.lanes[i]?.filter(near) ?? [];
    if (found.length === 0) continue;
    const { letter, name } = lookOf(laneLabels[i]!);
    const outcome =
      found.length === 1 && found[0]!.outcome ? `: ${outcomeWords(laneLabels[i]!, found[0]!.outcome).text}` : '';
    words.push(`${letter} ${name}${found.length > 1 ? ` × ${found.length}` : outcome}`);
  }
  const said = answers.slice(0, 3).map(({ value, text }) => `A ${verdictWords[value]}: ${text.slice(0, 40)}`);
  if (answers.length > 3) said.push(`A … ${answers.length - 3} more answers`);
  if (inside(layout.answers)) words.unshift(...said);
  else words.push(...said);
  if (picture.counts && Math.abs(picture.counts.end - unit) <= slack) words.push('□ the answer that counts');
  for (const { start, end } of loops.slice(0, 1)) words.push(`L loop of ${count(end - start)} characters`);
  const { firstRight: right, reasoningEnd: over } = picture;
  if (over && Math.abs(over.end - unit) <= slack) words.push('― end of the reasoning');
  if (right && Math.abs(right.end - unit) <= slack) words.push('✓ first right answer');
  else if (right && unit > right.end) words.push('after the first right answer');
  if (picture.reviewed.some(([start, end]) => start <= unit && end >= unit)) words.push('▏reviewed by you');
  return { target, words };
}
