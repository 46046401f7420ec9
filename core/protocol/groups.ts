/** Groups of completions that a stage sampled of one prompt, and the health of its steps (`methods.ts`). */
import type { TraceRow } from './traces.ts';

/** A problem of which a stage sampled groups (GRPO). `graded` and `right` count completions. */
export interface ProblemGroups {
  problem: string;
  label: string;
  groups: number;
  /** Completions. */
  n: number;
  graded: number;
  right: number;
  firstStep: number | null;
  lastStep: number | null;
}

/** One group of a problem: G completions of one prompt in one step. Means are null where nothing is known yet. */
export interface GroupAtStep {
  step: number;
  group: string;
  /** Its first completion. */
  trace: string;
  n: number;
  right: number;
  reward: number | null;
  tokens: number | null;
}

export interface GroupMember {
  row: TraceRow;
  /** Parts by name; null: not applicable, left out of the total. */
  rewards: Record<string, number | null>;
  /** Recomputed from the totals of the group; null: no total yet. */
  advantage: number | null;
  advantageLogged: number | null;
}

export interface GroupDetail {
  problem: string;
  problemLabel: string;
  step: number | null;
  rewardMean: number | null;
  /** With n − 1. */
  rewardDeviation: number | null;
  /** How the advantage was recomputed here; `recorded`: it was not, the worker's own recomputation stands. */
  scale: 'group' | 'batch' | 'none' | 'recorded';
  /** Weights of the reward parts in the total, by name. */
  weights: Record<string, number>;
  members: GroupMember[];
}

/** Of the completions of one step that have a reward. */
export interface GroupHealth {
  step: number;
  groups: number;
  completions: number;
  /** Groups whose rewards are all equal, so that nothing is learned from them: all right, all wrong, or neither. */
  flat: { right: number; wrong: number; other: number };
  /** Completions cut at the maximum length. */
  cut: number;
  /** Completions with a cosine reward, and how many of them are at or beyond its maximum length. */
  cosine: { n: number; saturated: number } | null;
  right: number;
  wrong: number;
  /** Mean tokens of the right and of the wrong ones. */
  tokensRight: number | null;
  tokensWrong: number | null;
}
