/** `evaluate`: samples k completions a problem and grades them; beside a training stage it follows its checkpoints. */
import type { InputValue, StageKindDefinition } from './stage-kind.ts';

export const evaluate: StageKindDefinition<'evaluate'> = {
  kind: 'evaluate',
  module: 'longhand_engine.evaluate',
  engine: 'longhand',
  trains: false,
  inputs: ({ model, data }): Record<string, InputValue> => {
    if (typeof data === 'string') return { model, data };
    return data.path === undefined ? { model } : { model, 'data.path': data.path };
  },
  outputs: () => [],
  notes: ({ data }) =>
    typeof data === 'object' && data.hub !== undefined
      ? [`Reads ${data.hub} from the hub: this machine must reach it.`]
      : [],
};
