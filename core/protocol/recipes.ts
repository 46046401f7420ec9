/** Recipes, presets, plans and the engine's configurations, as the methods of the contract give them (`methods.ts`). */
import type { StageKind } from '../recipes/schema.ts';

/** A preset by name, or the text of a recipe file (with its path for messages and for files beside it). */
export type RecipeSource = { preset: string } | { text: string; path: string | null };

/** A recorded run, to be run again exactly: its plan, with every variable, path and seed that it had. */
export interface RunSource {
  run: string;
}

/** Something that is not as it was when a run ran: a version, a part of the machine, a file. */
export interface RunDifference {
  what: string;
  was: string;
  is: string;
}

export interface PresetInfo {
  name: string;
  title: string;
  description: string;
  needsGpu: boolean;
  text: string;
}

/** `range` is in UTF-16 offsets of the recipe's text. */
export interface RecipeDiagnostic {
  message: string;
  range: { start: number; end: number };
  severity: 'error' | 'warning';
}

export interface PlannedStage {
  id: string;
  kind: StageKind;
  /** Set for stages that the planner added: the stage that they belong to. */
  of: string | null;
  needs: string[];
  engine: string;
  device: string;
  reads: string[];
  writes: string[];
  /** Measured on earlier attempts of the like on this machine, or null: nothing is known. */
  expectedSeconds: number | null;
  /** What the planner decided and why, in sentences. */
  notes: string[];
  config: Record<string, unknown>;
}

export interface Plan {
  name: string;
  vars: Record<string, unknown>;
  stages: PlannedStage[];
  notes: string[];
}

/** A training stage's configuration, constructed by TRL's own class. */
export interface EngineConfig {
  stage: string;
  /** `SFTConfig` or `GRPOConfig`. */
  class: string;
  /** Processes that the batch sizes were computed for. */
  processes: number;
  /** Every argument with the value that it will have; null where TRL refuses. */
  arguments: Record<string, unknown> | null;
  /** Arguments that the recipe sets, and those that differ from TRL's own defaults. */
  set: string[];
  changed: string[];
  /** What follows from several arguments together, such as the sequences a step. */
  facts: string[];
  /** What could not be checked on this machine, in sentences. */
  notChecked: string[];
  /** What TRL refuses, in its words, and the keys that it means. */
  problem: string | null;
  problemKeys: string[];
}

export interface EngineConfigs {
  versions: Record<string, string | null>;
  stages: EngineConfig[];
}
