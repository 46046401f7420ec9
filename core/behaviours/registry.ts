/** Every behaviour that is looked for: one line each. */
import type { LabelRules } from './label.ts';
import type { Label } from './spans.ts';
import { answerCommitment } from './labels/answer-commitment.ts';
import { backtracking } from './labels/backtracking.ts';
import { backwardReasoning } from './labels/backward-reasoning.ts';
import { caseSplit } from './labels/case-split.ts';
import { loop } from './labels/loop.ts';
import { marker } from './labels/marker.ts';
import { restart } from './labels/restart.ts';
import { subgoal } from './labels/subgoal.ts';
import { uncertainty } from './labels/uncertainty.ts';
import { verification } from './labels/verification.ts';

export const registry: readonly LabelRules[] = [
  verification,
  backtracking,
  subgoal,
  backwardReasoning,
  uncertainty,
  answerCommitment,
  restart,
  caseSplit,
  loop,
  marker,
];

/** The rules of one label. */
export const rulesOf = (label: Label): LabelRules => registry.find((rules) => rules.label === label)!;
