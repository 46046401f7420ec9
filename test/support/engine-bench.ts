/** Figures that the engine measures on itself: `server/engine/bench/*.py` print them, one JSON line each. */
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Figure } from '../bench/run.ts';

const engine = resolve(import.meta.dirname, '..', '..', 'server', 'engine');

/** Runs one of the engine's benches on one thread; throws with its standard error when it fails. */
export function engineFigures(script: string, ...args: string[]): Figure[] {
  const python = process.env.LONGHAND_PYTHON;
  if (!python) throw new Error('LONGHAND_PYTHON is not set: run this through `npm run bench`.');
  const env: NodeJS.ProcessEnv = { ...process.env, OMP_NUM_THREADS: '1', HF_HUB_OFFLINE: '1' };
  delete env.PYTHONDONTWRITEBYTECODE;
  const output = execFileSync(python, [join(engine, 'bench', script), ...args], { env, encoding: 'utf8' });
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Figure);
}
