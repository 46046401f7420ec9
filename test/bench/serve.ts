/** Tokens a second through the embedded server beside `model.generate`, its time to be ready and its memory. */
import { engineFigures } from '../support/engine-bench.ts';
import type { Figure } from './run.ts';

export async function bench(): Promise<Figure[]> {
  return engineFigures('serve.py');
}
