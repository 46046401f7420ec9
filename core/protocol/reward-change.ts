/** Why the mean reward of a GRPO stage changed between two windows of its steps (`core/metrics/reward-change.ts`). */
import type { Interval } from '../metrics/bootstrap.ts';
import type { RewardSet } from '../metrics/reward-change.ts';
import type { ChangeKind, ComponentKind, Strata } from '../metrics/reward-table.ts';
import type { TraceRow } from './traces.ts';

/** Steps from the first to the last, both among them. */
export interface StepWindow {
  from: number;
  to: number;
}

/** The completions of a window that have a reward: those of which the steps were read. */
export interface RewardWindow extends StepWindow, RewardSet {
  /** Steps that have a completion with a reward, and how many of them were read (evenly spread, where they are too many). */
  steps: number;
  stepsRead: number;
}

export interface RewardChangePart {
  kind: ChangeKind;
  change: number;
  /** 95 %; null with fewer than two problems. */
  interval: Interval | null;
  /** The same by component, in their order. */
  byComponent: number[];
  /** Those that moved it most first, at most 20, at most two of a problem. */
  exemplars: { side: 'before' | 'after'; moved: number; row: TraceRow }[];
}

export interface RewardChange {
  /** Steps of the stage that have a completion with a reward, in ascending order, and the mean reward of each. */
  steps: { step: number[]; mean: number[] };
  before: RewardWindow;
  after: RewardWindow;
  /** after − before; the sum of the parts. */
  change: number;
  interval: Interval | null;
  components: { name: string; kind: ComponentKind; weight: number }[];
  parts: RewardChangePart[];
  strata: Strata;
  /** Resamples behind the intervals. */
  resamples: number;
}

export interface RewardChangeMethods {
  /**
   * Windows default to the first and the last fifth of the steps whose completions have rewards. Null where fewer than two steps
   * have. At most 50,000 completions of a window are read: more are thinned by whole steps.
   *
   * Refused (`invalid_params`): a window that begins after its end or has no such step, and two that overlap.
   */
  'metrics/rewardChange': {
    params: { run: string; stage: string; before?: StepWindow; after?: StepWindow };
    result: RewardChange | null;
  };
}
