/** `synthesize`: two-turn documents of the model's own words, classed by their answers and balanced. */
import type { StageKindDefinition } from './stage-kind.ts';

const exceeds = {
  drop_rw: 'as many RW as WR are taken, and no RR',
  keep_all: 'all of them are taken, so right first answers are more',
  error: 'the stage fails',
};

export const synthesize: StageKindDefinition<'synthesize'> = {
  kind: 'synthesize',
  module: 'longhand_engine.synthesize',
  engine: 'longhand',
  trains: false,
  inputs: ({ model, data }) => ({ model, data }),
  outputs: () => ['data'],
  notes: ({ order, balance }) => [
    order === 'in_sequence'
      ? 'Draws answer 1, transition, answer 2, summary, in the order of the document.'
      : 'Draws both answers first, then the transition and the summary.',
    `Takes all WR and RW, and RR up to WR − RW; where RW are more than WR, ${exceeds[balance?.when_rw_exceeds ?? 'drop_rw']}.`,
  ],
};
