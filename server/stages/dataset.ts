/** `dataset`: problems, and perhaps worked completions, from a built-in task or from files. */
import type { StageKindDefinition } from './stage-kind.ts';

export const dataset: StageKindDefinition<'dataset'> = {
  kind: 'dataset',
  module: 'longhand_engine.dataset',
  engine: 'longhand',
  trains: false,
  inputs: (config) =>
    Object.fromEntries(Object.entries(config.files ?? {}).map(([name, path]) => [`files.${name}`, path])),
  outputs: (config) => [
    ...(config.task ? (['train', 'dev', 'test', 'fresh'] as const).filter((name) => config.task?.[name]) : []),
    ...Object.keys(config.files ?? {}),
  ],
};
