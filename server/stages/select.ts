/** `select`: one checkpoint of a training stage, chosen by its evaluations. */
import type { StageKindDefinition } from './stage-kind.ts';

export const select: StageKindDefinition<'select'> = {
  kind: 'select',
  // Not `select`, which is a module of Python's own.
  module: 'longhand_engine.select_checkpoint',
  engine: 'longhand',
  trains: false,
  // Folders of stages, which only the planner may name.
  inputs: ({ from }) => ({ from: `\${stages.${from}.folder}`, evaluations: `\${stages.${from}.eval.folder}` }),
  outputs: () => ['checkpoint'],
};
