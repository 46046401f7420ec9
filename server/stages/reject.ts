/** `reject`: difficulty-aware rejection sampling, in rounds on what the last one left unsolved. */
import type { StageKindDefinition } from './stage-kind.ts';

export const reject: StageKindDefinition<'reject'> = {
  kind: 'reject',
  module: 'longhand_engine.reject',
  engine: 'longhand',
  trains: false,
  inputs: ({ model, data }) => ({ model, data }),
  outputs: () => ['data'],
  notes: ({ rounds, length }) => [
    `At least ${rounds[0]} and at most ${rounds.reduce((sum, n) => sum + n, 0)} samples a problem.`,
    `Keeps of the right samples by length: ${typeof length === 'object' ? `within the quantiles ${length.band.join(' to ')}` : (length ?? 'median_of_correct')}.`,
  ],
};
