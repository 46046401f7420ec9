/** Labelled steps of the tuning half as examples of the model's tasks, in stretches of neighbours. */
import { createHash } from 'node:crypto';
import { beginsElsewhere, saidChecks } from '../../core/behaviours/labels/verification.ts';
import { featuresOf } from '../../core/behaviours/model/features.ts';
import { RULE_BITS, TASKS, type Task } from '../../core/behaviours/model/tasks.ts';
import { atOnce } from '../../core/metrics/slices.ts';
import { findByRules, viewsOf } from '../../core/behaviours/model/views.ts';
import { read } from '../../core/behaviours/text.ts';
import { covered } from '../../core/labels/agreement.ts';
import { isTuningHalf, type LabelledTrace } from '../support/behaviour-agreement.ts';
import type { Example } from './logistic.ts';

export const FOLDS = 5;
/** A step labelled by a machine counts so much; one whose text recurs, less by the root of how often. */
const MACHINE_WEIGHT = 0.3;
/** Steps around a labelled one that give it its context. */
const AROUND = 10;

/** Names of a source's labels by task; of a task without them the source says nothing. */
export type Names = Partial<Record<Task, { yes: string[]; unknown?: string[] }>>;

export const OWN: Names = {
  verification: { yes: ['V', 'VS'], unknown: ['?V', '?VS'] },
  check_start: { yes: ['VS'], unknown: ['?VS'] },
  backtracking: { yes: ['B'], unknown: ['?B'] },
  subgoal: { yes: ['S'], unknown: ['?S'] },
  backward_reasoning: { yes: ['W'], unknown: ['?W'] },
  uncertainty: { yes: ['U'], unknown: ['?U'] },
  answer_commitment: { yes: ['A'], unknown: ['?A'] },
  case_split: { yes: ['C'], unknown: ['?C'] },
};
export const BACKWARD: Names = { backward_reasoning: { yes: ['W'], unknown: ['?W'] } };
export const MACHINE: Names = {
  check_start: { yes: ['verification-init'] },
  backtracking: { yes: ['backtracking'], unknown: ['negative-reflection'] },
  subgoal: { yes: ['plan'] },
  uncertainty: { yes: ['uncertainty'] },
  answer_commitment: { yes: ['answer'] },
};

export interface Row extends Example {
  /** Rows of one problem are in one fold. */
  fold: number;
  /** Labelled for this project. */
  own: boolean;
  labelled: boolean;
  /** Not chosen by an earlier model, so that labels are as frequent as they are: thresholds are chosen on these alone. */
  drawn: boolean;
  /** Bits of the labels that the rules see begin in the step, by a cue that decides alone. */
  sure: number;
  /** The rules see a check begin whose result is said. */
  said: boolean;
  /** It begins something else. */
  elsewhere: boolean;
}

/** Steps of one text, each the next one's neighbour. */
export type Stretch = Row[];

/** What is labelled in the tuning half of these traces; features are still the numbers that the model hashes them to. */
export function stretchesOf(traces: readonly LabelledTrace[], names: Names, own: boolean): Stretch[] {
  const often = new Map<string, number>();
  const texts = new Map<Row, string>();
  const found = traces.filter(isTuningHalf).flatMap((trace) => {
    const problem = trace.question.startsWith('traces/') ? undefined : trace.question;
    const reading = read(trace.text, [], problem);
    const byRules = atOnce(findByRules(reading));
    const views = viewsOf(reading, byRules, problem);
    const said = saidChecks(reading, byRules[RULE_BITS.indexOf('verification')]!);
    const labels = labelsOf(trace, reading.steps);
    const near = new Set(
      [...labels.keys()].flatMap((i) => Array.from({ length: 2 * AROUND + 1 }, (_, d) => i + d - AROUND)),
    );
    const fold = createHash('sha256').update(trace.question).digest()[0]! % FOLDS;
    const stretches: Stretch[] = [];
    let last = -2;
    for (let i = 0; i < views.length; i += 1) {
      if (!near.has(i)) continue;
      if (i !== last + 1) stretches.push([]);
      last = i;
      const features = new Set<number>();
      featuresOf(views, i, features);
      const given = labels.get(i);
      const row: Row = {
        features: Int32Array.from(features),
        answers: answersOf(given, names, trace.unsaid ?? []),
        weight: 1,
        fold,
        own,
        labelled: given !== undefined,
        drawn: true,
        sure: views[i]!.sure,
        said: said.has(i),
        elsewhere: beginsElsewhere(reading, i),
      };
      stretches.at(-1)!.push(row);
      if (!row.labelled) continue;
      const words = reading.text.slice(reading.steps[i]!.start, reading.steps[i]!.end);
      texts.set(row, words);
      often.set(words, (often.get(words) ?? 0) + 1);
    }
    return stretches;
  });
  if (!own) for (const [row, words] of texts) row.weight = MACHINE_WEIGHT / Math.sqrt(often.get(words)!);
  return found;
}

const namesOf = ({ label, tags = [] }: LabelledTrace['spans'][number]): string[] => [label, ...tags];

/** Names of the labels of each labelled step, by its index. */
function labelsOf(trace: LabelledTrace, steps: readonly { start: number; end: number }[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  if (trace.units) {
    const at = new Map(steps.map(({ start }, i) => [start, i]));
    const named = Map.groupBy(trace.spans, ({ start }) => start);
    for (const { start } of trace.units) {
      const i = at.get(start);
      if (i !== undefined) found.set(i, named.get(start)?.flatMap(({ tags }) => tags ?? []) ?? []);
    }
    return found;
  }
  for (const i of steps.keys()) found.set(i, []);
  for (const name of new Set(trace.spans.flatMap(namesOf))) {
    const isUnder = covered(
      steps,
      trace.spans.filter((span) => namesOf(span).includes(name)),
    );
    for (const [i, under] of isUnder.entries()) if (under) found.get(i)!.push(name);
  }
  return found;
}

/** By task: 1 yes, 0 no, -1 not known. */
function answersOf(given: readonly string[] | undefined, names: Names, unsaid: readonly string[]): Int8Array {
  return Int8Array.from(TASKS, (task) => {
    const own = names[task];
    if (!given || !own) return -1;
    if (given.some((name) => own.yes.includes(name))) return 1;
    const isUnknown =
      given.some((name) => own.unknown?.includes(name)) || own.yes.some((name) => unsaid.includes(name));
    return isUnknown ? -1 : 0;
  });
}
