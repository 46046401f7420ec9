/**
 * How well the detector agrees with labelled traces, by sentence and by span: precision, recall and F1.
 *
 * The unit is the detector's own step. A step is positive for a label when at least half of it lies under the label's spans.
 * Reasoningflow's problems are split in two by the parity of the last byte of the SHA-256 of their text (white space as one space): rules were tuned on
 * the even half, the odd half is what is reported. Nothing was tuned on thought-anchors.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { detect } from '../../core/behaviours/detect.ts';
import type { Label, Span } from '../../core/behaviours/spans.ts';
import {
  addCounts,
  covered,
  matchSpans,
  noCounts,
  scores,
  type Counts,
  type Stretch,
} from '../../core/labels/agreement.ts';
import { steps } from '../../core/traces/steps.ts';

export interface LabelledTrace {
  id: string;
  question: string;
  text: string;
  spans: { start: number; end: number; label: string; tags?: string[] }[];
  /** The steps that are labelled; absent: all of the text. */
  units?: { start: number; end: number }[];
  /** Labels of which only their presence says something. */
  unsaid?: readonly string[];
}

export interface Agreement {
  precision: number;
  recall: number;
  f1: number;
  /** Steps that are positive by the labels, and by the detector. */
  gold: number;
  found: number;
  /** By span: neighbouring positive steps are one, parted where a check begins; two are the same when they share half of what they cover. */
  spans: { precision: number; recall: number; f1: number; gold: number };
}

/** Which of a source's labels or tags mean one of ours. `starts`: the source labels the beginning of a passage only, so ours counts by its first step. */
export interface Mapping {
  label: Label;
  /** Others of ours that the source's label takes in, by its own definition. */
  also?: Label[];
  /** Where a label is measured in more than one way. */
  name?: string;
  means: string[];
  starts?: boolean;
  /** Labels with which a passage of `means` begins, so that two which touch are two. */
  begins?: string[];
  /** Steps under these count neither way: the source draws the line between them and ours elsewhere. */
  ignores?: string[];
}

export const REASONINGFLOW: readonly Mapping[] = [
  { label: 'verification', means: ['verification-init'], starts: true },
  { label: 'backtracking', means: ['backtracking'], ignores: ['negative-reflection'] },
  { label: 'subgoal', means: ['plan'] },
  { label: 'uncertainty', means: ['uncertainty'] },
  { label: 'answer_commitment', means: ['answer'] },
];
export const THOUGHT_ANCHORS: readonly Mapping[] = [
  { label: 'verification', means: ['self_checking', 'verification'] },
  { label: 'subgoal', means: ['plan_generation'] },
  { label: 'uncertainty', means: ['uncertainty_management'] },
  {
    label: 'uncertainty',
    name: 'uncertainty or backtracking',
    also: ['backtracking'],
    means: ['uncertainty_management'],
  },
  { label: 'answer_commitment', means: ['final_answer_emission', 'answer_emission'] },
];

export function readLabelled(path: string): LabelledTrace[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LabelledTrace);
}

/** True for the half that rules may be tuned on. */
export function isTuningHalf(trace: LabelledTrace): boolean {
  const digest = createHash('sha256').update(trace.question.split(/\s+/).filter(Boolean).join(' ')).digest();
  return digest[digest.length - 1]! % 2 === 0;
}

const detected = new Map<string, Span[]>();

/** What the detector finds in a trace: read once for all labels, and for all labelled stretches of one text. */
function spansOf({ text, question }: LabelledTrace): Span[] {
  const key = `${question}\n${text}`;
  const known = detected.get(key) ?? detect(text, { problem: question });
  detected.set(key, known);
  return known;
}

/** Agreement by label over all steps of all traces. */
export function agreement(
  traces: readonly LabelledTrace[],
  mapping: Mapping,
  onDisagreement?: (trace: LabelledTrace, step: Stretch, gold: boolean) => void,
): Agreement {
  let both = 0;
  let gold = 0;
  let found = 0;
  const spanCounts = noCounts(null);
  for (const trace of traces) {
    const all = steps(trace.text);
    const units = trace.units ?? all;
    const meant = labelled(trace, mapping.means);
    const spans = spansOf(trace).filter(({ label }) => label === mapping.label || mapping.also?.includes(label));
    const starts = (list: readonly { start: number; end: number }[]) =>
      list.map(({ start, end }) => ({ start, end: all.find((unit) => unit.end > start)?.end ?? end }));
    const ignored = covered(units, labelled(trace, mapping.ignores ?? []));
    const goldUnits = covered(units, meant);
    const foundUnits = covered(units, mapping.starts ? starts(spans) : spans);
    // Only where the source says what begins are neighbours told apart, on both sides.
    const first = mapping.begins ? covered(units, starts(spans)) : [];
    const goldFirst = covered(units, labelled(trace, mapping.begins ?? []));
    const [ofGold, ofFound] = [runs(units, goldUnits, goldFirst), runs(units, foundUnits, first)].map((list) =>
      list.map((run) => ({ ...run, label: mapping.label })),
    );
    addCounts(spanCounts, {
      both: matchSpans(ofGold!, ofFound!).length,
      gold: ofGold!.length,
      found: ofFound!.length,
      units: null,
    });
    for (const [i, unit] of units.entries()) {
      if (ignored[i]) continue;
      if (goldUnits[i]) gold += 1;
      if (foundUnits[i]) found += 1;
      if (goldUnits[i] && foundUnits[i]) both += 1;
      else if (goldUnits[i] !== foundUnits[i]) onDisagreement?.(trace, unit, goldUnits[i]!);
    }
  }
  const numbers = (counts: Counts) => {
    const { precision, recall, f1 } = scores(counts);
    return { precision: precision ?? NaN, recall: recall ?? NaN, f1: f1 ?? NaN, gold: counts.gold };
  };
  return { ...numbers({ both, gold, found, units: null }), found, spans: numbers(spanCounts) };
}

/** Neighbouring positive units as one stretch, parted at those with which another one begins. */
function runs(units: readonly Stretch[], positive: readonly boolean[], begins: readonly boolean[]): Stretch[] {
  const found: Stretch[] = [];
  for (const [i, { start, end }] of units.entries()) {
    if (!positive[i]) continue;
    const last = found.at(-1);
    if (last && positive[i - 1] && !begins[i]) last.end = end;
    else found.push({ start, end });
  }
  return found;
}

function labelled(trace: LabelledTrace, names: readonly string[]): LabelledTrace['spans'] {
  return trace.spans.filter((span) => [span.label, ...(span.tags ?? [])].some((name) => names.includes(name)));
}
