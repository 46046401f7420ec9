/** `command`: any program, with progress from every trainer of Hugging Face's. */
import type { StageKindDefinition } from './stage-kind.ts';

export const command: StageKindDefinition<'command'> = {
  kind: 'command',
  module: 'longhand_engine.command',
  engine: 'command',
  // With `resources.gpus` it holds them as a training does: the scheduler looks at what the stage asks for.
  trains: false,
  inputs: ({ inputs }) => inputs ?? {},
  outputs: ({ outputs }) => Object.keys(outputs ?? {}),
};
