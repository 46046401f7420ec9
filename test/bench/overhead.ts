/** Our workers against plain TRL scripts with the same config, rows and reward functions: CPU time, interleaved pairs. */
import { engineFigures } from '../support/engine-bench.ts';
import type { Figure } from './run.ts';

export async function bench(): Promise<Figure[]> {
  return ['grpo', 'grpo-generate', 'sft'].flatMap((kind) => engineFigures('overhead.py', kind, '--pairs', '9'));
}
