/** What the service knows of a kind of stage: its worker, what it reads and what it leaves for others. */
import type { StageConfig, StageKind } from '../../core/recipes/schema.ts';

type ConfigOf<K extends StageKind> = Extract<StageConfig, { kind: K }>;

export interface StageKindDefinition<K extends StageKind = StageKind> {
  kind: K;
  /** Python module of the worker, started as `python -u -m MODULE ATTEMPT-DIR`. */
  module: string;
  /** What does the work, as the plan shows it. */
  engine: string;
  /** Training stages hold the accelerator: one at a time on each. */
  trains: boolean;
  /** Values of the configuration that name a model, a data set or a file, by the name under which the worker gets the path. */
  inputs(config: ConfigOf<K>): Record<string, InputValue>;
  /** Names under which other stages may refer to what this one leaves. */
  outputs(config: ConfigOf<K>): string[];
  /** What the plan says of the configuration beside what it holds. */
  notes?(config: ConfigOf<K>): string[];
}

/** A reference `${stages.…}`, a path or hub name, or a model that the package ships. */
export type InputValue = string | { builtin: 'longhand-base' };

/** Default of `grace`: seconds for a checkpoint between a polite stop and the kill. */
export const DEFAULT_GRACE_S = 120;
