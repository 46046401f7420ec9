/** `mix`: the union of data sets, by weight, each with its style marker. */
import type { StageKindDefinition } from './stage-kind.ts';

export const mix: StageKindDefinition<'mix'> = {
  kind: 'mix',
  module: 'longhand_engine.mix',
  engine: 'longhand',
  trains: false,
  inputs: ({ sources }) => Object.fromEntries(sources.map(({ data }, i) => [`sources.${i}.data`, data])),
  outputs: ({ output }) => [output ?? 'train'],
};
