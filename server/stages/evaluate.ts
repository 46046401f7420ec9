/** `evaluate`: samples k completions a problem and grades them; beside a training stage it follows its checkpoints. */
import type { StageKindDefinition } from './stage-kind.ts';

export const evaluate: StageKindDefinition<'evaluate'> = {
  kind: 'evaluate',
  module: 'longhand_engine.evaluate',
  engine: 'longhand',
  trains: false,
  inputs: ({ model, data }) => ({ model, data }),
  outputs: () => [],
};
