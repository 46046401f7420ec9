/** What the model answers of a step, each with a weight for every feature. */
import type { Label } from '../spans.ts';

/** In the order of the weights. `check_start`: a check begins here; its other steps are `verification` alone. */
export const TASKS = [
  'verification',
  'check_start',
  'backtracking',
  'subgoal',
  'backward_reasoning',
  'uncertainty',
  'answer_commitment',
  'case_split',
] as const;
export type Task = (typeof TASKS)[number];

/**
 * Labels whose rules the model sees, in the order of their bits, which the trained weights know them by; a marker says nothing that its own
 * word does not.
 */
export const RULE_BITS = [
  'verification',
  'backtracking',
  'subgoal',
  'backward_reasoning',
  'uncertainty',
  'answer_commitment',
  'restart',
  'case_split',
  'loop',
] as const satisfies readonly Label[];

/** Labels that are one step each, by the task that decides. */
export const STEP_TASKS = [
  'backtracking',
  'subgoal',
  'backward_reasoning',
  'uncertainty',
  'answer_commitment',
  'case_split',
] as const satisfies readonly (Task & Label)[];
export type StepTask = (typeof STEP_TASKS)[number];

/** Whether the bits of a step have that of a label. */
export const hasBit = (bits: number, label: (typeof RULE_BITS)[number]): boolean =>
  (bits & (1 << RULE_BITS.indexOf(label))) !== 0;
