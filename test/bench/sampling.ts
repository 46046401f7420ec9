/** Tokens a second of the embedded sampling engine on one thread, beside `model.generate`. */
import { engineFigures } from '../support/engine-bench.ts';
import type { Figure } from './run.ts';

export async function bench(): Promise<Figure[]> {
  return engineFigures('sampling.py');
}
