/**
 * What the model sees of a step: its words and those of its neighbours, what was there before, where it stands, and what the rules
 * say. Every feature is a number of 32 bits; two that fall together share a weight, which costs less than names would.
 */
import type { Step } from '../../traces/steps.ts';
import { feature, hashOf } from './hash.ts';
import type { Recurrence } from './recurrence.ts';
import { MATHS, type Words } from './words.ts';

/** Words of a neighbour that are read. */
const NEIGHBOUR_WORDS = 12;
/** Words of a skeleton that are read. */
const SKELETON_WORDS = 40;

export interface StepView {
  step: Step;
  words: Words;
  recurrence: Recurrence;
  /** Bits of what the rules found: the labels that cover the step, those that begin in it, and those that do by a cue that decides alone. */
  rules: number;
  begun: number;
  sure: number;
  /** What the step says of a check: 1 that it agreed, 2 that it did not, 0 nothing. */
  judged: number;
  /** After `</think>` or a channel of the answer. */
  inAnswer: boolean;
}

const TEMPLATES = [
  ...['word', 'two', 'three', 'first', 'first two', 'first three', 'last', 'kind', 'length', 'numbers', 'equals'],
  ...['rule', 'begun', 'bias', 'seen', 'result', 'equation', 'given', 'times', 'paragraph', 'answer', 'place', 'end'],
  ...['skip', 'judged', 'sure', 'bare two', 'bare three', 'bare four', 'bare first'],
] as const;
const t = Object.fromEntries(TEMPLATES.map((name) => [name, hashOf(name)])) as Record<
  (typeof TEMPLATES)[number],
  number
>;
const NEAR = [-2, -1, 1, 2].map((away) => ({
  away,
  first: hashOf(`${away} first`),
  two: hashOf(`${away} first two`),
  word: hashOf(`${away} word`),
  last: hashOf(`${away} last`),
  equals: hashOf(`${away} equals`),
  length: hashOf(`${away} length`),
  rule: hashOf(`${away} rule`),
  begun: hashOf(`${away} begun`),
  result: hashOf(`${away} result`),
  paragraph: hashOf(`${away} paragraph`),
  kind: hashOf(`${away} kind`),
  judged: hashOf(`${away} judged`),
}));
const KINDS = { text: 1, display: 2, code: 3 } as const;

/** Takes features; the same one may come more than once and counts once. */
export interface FeatureSink {
  add: (feature: number) => void;
}

/** What a step's own words say, without its neighbours: the features from which evidence is chosen. */
export function wordFeatures({ tokens }: Words, from: number, to: number): number[] {
  const n = tokens.length;
  const whole = [tokens[from], tokens[from + 1], tokens[from + 2]];
  if (to - from === 1) return [feature(t.word, whole[0]), ...(from === 0 ? [feature(t.first, whole[0])] : [])];
  if (to - from === 2)
    return [feature(t.two, whole[0], whole[1]), ...(from === 0 ? [feature(t['first two'], whole[0], whole[1])] : [])];
  return from + 2 < n
    ? [
        feature(t.three, whole[0], whole[1], whole[2]),
        feature(t.skip, whole[0], whole[2]),
        ...(from === 0 ? [feature(t['first three'], whole[0], whole[1], whole[2])] : []),
      ]
    : [];
}

/** What the model sees of what was there before: the computation that decides where words do not. */
export function recurrenceFeatures({ seen, result, times, equation }: Recurrence): number[] {
  return [feature(t.seen, seen), feature(t.result, result), feature(t.times, times), ...(equation ? [t.equation] : [])];
}

/** The features that say what the rules found in the step itself. */
export const ruleFeatures = (labels: number): number[] =>
  [t.rule, t.begun, t.sure].flatMap((template) => Array.from({ length: labels }, (_, bit) => feature(template, bit)));

/** Gives every feature of step `i` to `found`. */
export function featuresOf(views: readonly StepView[], i: number, found: FeatureSink): void {
  const { step, words, recurrence, rules, begun, sure, judged, inAnswer } = views[i]!;
  const { tokens, numbers } = words;
  const n = tokens.length;
  found.add(t.bias);
  for (let k = 0; k < n; k += 1) {
    found.add(feature(t.word, tokens[k]));
    if (k + 1 < n) found.add(feature(t.two, tokens[k], tokens[k + 1]));
    if (k + 2 < n) {
      found.add(feature(t.three, tokens[k], tokens[k + 1], tokens[k + 2]));
      found.add(feature(t.skip, tokens[k], tokens[k + 2]));
    }
  }
  found.add(feature(t.first, tokens[0]));
  found.add(feature(t['first two'], tokens[0], tokens[1]));
  found.add(feature(t['first three'], tokens[0], tokens[1], tokens[2]));
  found.add(feature(t.last, tokens[n - 1]));
  found.add(feature(t.kind, KINDS[step.kind]));
  found.add(feature(t.length, Math.min(8, n >> 2)));
  found.add(feature(t.numbers, n === 0 ? 0 : Math.floor((5 * numbers.length) / n)));
  if (words.result >= 0) found.add(t.equals);
  for (const one of recurrenceFeatures(recurrence)) found.add(one);
  found.add(feature(t.given, recurrence.given));
  if (step.opensParagraph) found.add(t.paragraph);
  if (inAnswer) found.add(t.answer);
  if (judged > 0) found.add(feature(t.judged, judged));
  skeletonFeatures(words.skeleton, found);
  found.add(feature(t.place, Math.min(4, i)));
  found.add(feature(t.end, Math.min(4, views.length - 1 - i)));
  bits(found, t.rule, rules);
  bits(found, t.begun, begun);
  bits(found, t.sure, sure);
  for (const near of NEAR) {
    const other = views[i + near.away];
    if (!other) continue;
    const m = other.words.tokens.length;
    found.add(feature(near.first, other.words.tokens[0]));
    found.add(feature(near.two, other.words.tokens[0], other.words.tokens[1]));
    found.add(feature(near.last, other.words.tokens[m - 1]));
    found.add(feature(near.length, Math.min(6, Math.floor(m / 5))));
    found.add(feature(near.kind, KINDS[other.step.kind]));
    if (other.words.result >= 0) found.add(near.equals);
    if (other.judged > 0) found.add(feature(near.judged, other.judged));
    if (near.away * near.away > 1) continue;
    for (let k = 0; k < Math.min(m, NEIGHBOUR_WORDS); k += 1) found.add(feature(near.word, other.words.tokens[k]));
    found.add(feature(near.result, other.recurrence.result));
    if (other.step.opensParagraph) found.add(near.paragraph);
    bits(found, near.rule, other.rules);
    bits(found, near.begun, other.begun);
  }
}

/** Words in a row whatever the formulas between them are: those that the plain words do not have already. */
function skeletonFeatures(skeleton: Int32Array, found: FeatureSink): void {
  const n = Math.min(skeleton.length, SKELETON_WORDS);
  const four = (k: number) =>
    feature(feature(t['bare four'], skeleton[k], skeleton[k + 1]), skeleton[k + 2], skeleton[k + 3]);
  for (let k = 0; k + 1 < n; k += 1) {
    const [a, b, c] = [skeleton[k]!, skeleton[k + 1]!, skeleton[k + 2]!];
    if (a === MATHS || b === MATHS) found.add(feature(t['bare two'], a, b));
    if (k + 2 < n && (a === MATHS || b === MATHS || c === MATHS)) found.add(feature(t['bare three'], a, b, c));
    if (k + 3 < n) found.add(four(k));
  }
  found.add(feature(t['bare first'], skeleton[0], skeleton[1]));
  found.add(feature(t['bare first'], skeleton[0], skeleton[1], skeleton[2]));
  found.add(feature(t['bare first'], four(0)));
}

function bits(found: FeatureSink, template: number, mask: number): void {
  for (let bit = 0; mask >> bit > 0; bit += 1) if ((mask >> bit) & 1) found.add(feature(template, bit));
}
