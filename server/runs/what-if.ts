/** What a `reject` stage would have kept with other rounds or another rule, from the samples that it left in its table. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { compareWhatIf, type RejectSettings, type StoredSample } from '../../core/metrics/what-if.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { rejectStageSchema } from '../../core/recipes/stages/reject.ts';
import type { RunRecord } from '../store/trace-store.ts';
import { linesOf, listed, type RowFault } from './row-lines.ts';
import { attemptsOf } from './start-attempt.ts';

const MOST = 1_000_000;
const { rounds, keep, length } = rejectStageSchema.shape;
const specSchema = z.object({ stage_config: z.object({ rounds, keep, length }) });
const sampleSchema = z.object({
  cells: z.object({ problem_id: z.string(), sample: z.number(), right: z.boolean(), tokens: z.number() }),
});

type Samples = Map<string, StoredSample[]>;
/** The samples of the stage that was asked last: a reader tries one value after the other. */
let last: { name: string; samples: Promise<Samples> } | null = null;

/** Null where the attempt has left no samples (yet). @throws `not_found`, `corrupt`, `not_runnable` */
export async function readWhatIf(record: RunRecord, params: Params<'stages/whatIf'>): Promise<Result<'stages/whatIf'>> {
  const { run, stage, attempt, ...asked } = params;
  const attempts = attemptsOf(record, stage);
  const chosen = attempt === undefined ? attempts.at(-1) : attempts.find((one) => one.attempt === attempt);
  if (!chosen) throw new LonghandError('not_found', `The stage ${stage} of ${run} has no attempt ${attempt ?? ''}.`);
  const path = join(chosen.folder, 'tables', 'samples.jsonl');
  const file = await open(path, 'r').catch(() => null);
  if (!file) return null;
  try {
    const spec = specSchema.safeParse(JSON.parse(await readFile(join(chosen.folder, 'spec.json'), 'utf8')));
    if (!spec.success) throw new LonghandError('not_runnable', `${stage} of ${run} is no stage of the kind reject.`);
    const own = spec.data.stage_config;
    const settings: RejectSettings = {
      rounds: own.rounds,
      length: own.length ?? 'median_of_correct',
      keep: own.keep ?? 1,
    };
    const { ino, size } = await file.stat();
    const name = JSON.stringify([path, ino, size]);
    if (last?.name !== name) {
      const samples = readSamples(file, (at, why) => {
        return new LonghandError(
          'corrupt',
          `tables/samples.jsonl of ${stage} of ${run}: the row at byte ${at}: ${why}.`,
        );
      });
      last = { name, samples };
      samples.catch(() => (last = null));
    }
    return compareWhatIf(await last.samples, settings, asked);
  } finally {
    await file.close();
  }
}

async function readSamples(file: Awaited<ReturnType<typeof open>>, fail: RowFault): Promise<Samples> {
  const samples: Samples = new Map();
  let n = 0;
  for await (const lines of linesOf(file, 0, fail)) {
    for (const line of lines) {
      const row = sampleSchema.safeParse(listed(line, fail));
      if (!row.success) throw fail(line.start, 'it is no sample');
      const { problem_id, ...sample } = row.data.cells;
      const known = samples.get(problem_id);
      if (known) known.push(sample);
      else samples.set(problem_id, [sample]);
      if ((n += 1) > MOST) {
        throw new LonghandError(
          'not_runnable',
          `The stage drew more than ${MOST} samples, more than are looked at here; python -m longhand_engine.reject --what-if takes all.`,
        );
      }
    }
  }
  return samples;
}
