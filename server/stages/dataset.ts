/** `dataset`: problems, and perhaps worked completions, from a built-in task, from files, or chosen from sources. */
import type { InputValue, StageKindDefinition } from './stage-kind.ts';

export const dataset: StageKindDefinition<'dataset'> = {
  kind: 'dataset',
  module: 'longhand_engine.dataset',
  engine: 'longhand',
  trains: false,
  inputs: ({ files = {}, sources = [], decontaminate, tokenizer }) =>
    Object.fromEntries<InputValue>([
      ...Object.entries(files).map(([name, path]): [string, InputValue] => [`files.${name}`, path]),
      ...sources.flatMap(({ path }, i): [string, InputValue][] =>
        path === undefined ? [] : [[`sources.${i}.path`, path]],
      ),
      ...(decontaminate?.against ?? []).map((path, i): [string, InputValue] => [`decontaminate.against.${i}`, path]),
      ...(tokenizer === undefined ? [] : [['tokenizer', tokenizer] as [string, InputValue]]),
    ]),
  outputs: ({ task, files, sources, output }) => [
    ...(task ? (['train', 'dev', 'test', 'fresh'] as const).filter((name) => task[name]) : []),
    ...Object.keys(files ?? {}),
    ...(sources ? [output ?? 'train'] : []),
  ],
  notes: ({ sources = [], tokenizer, choose }) => [
    ...sources.flatMap(({ hub }) =>
      hub === undefined ? [] : [`Reads ${hub} from the hub: this machine must reach it.`],
    ),
    ...(sources.length > 0 && tokenizer === undefined && choose?.endsWith('_correct')
      ? ['Without a tokenizer the length of a generation is counted in characters, or by `columns.tokens`.']
      : []),
  ],
};
