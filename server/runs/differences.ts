/** What differs between the machine that a run ran on and this one: versions, hardware, data. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RunDifference } from '../../core/protocol/recipes.ts';
import { engineEnvironment, type Engine } from '../engine.ts';
import { readJson } from '../json-files.ts';
import { packageVersion } from '../package-paths.ts';
import type { RunRecord } from '../store/trace-store.ts';
import { examineFile, readInputs, type InputFile } from './inputs.ts';

const execute = promisify(execFile);
const PROBE_TIMEOUT_MS = 30_000;

const environmentSchema = z.object({
  python: z.string(),
  packages: z.record(z.string(), z.string()),
  machine: z.object({
    system: z.string(),
    machine: z.string(),
    cpus: z.number().nullable(),
    memory: z.number().nullable(),
    accelerators: z.array(z.looseObject({ name: z.string(), driver: z.string().nullish() })),
  }),
});
type Environment = z.infer<typeof environmentSchema>;

export interface Differences {
  differences: RunDifference[];
  /** What could not be compared, in sentences. */
  unknown: string[];
}

/** @throws LonghandError `engine_broken` where the engine does not say what it has */
export async function findDifferences(record: RunRecord, engine: Engine): Promise<Differences> {
  const unknown: string[] = [];
  const now = facts(await environmentHere(engine));
  const differences: RunDifference[] = [];
  const environments = await recorded(record);
  if (environments.length === 0)
    unknown.push('No stage of the run recorded its versions and machine: none came so far.');
  for (const what of new Set([...environments.flatMap((one) => [...one.keys()]), ...now.keys()])) {
    if (environments.length === 0) break;
    // An attempt on another machine, or after an upgrade, counts as well.
    const then = [...new Set(environments.map((one) => one.get(what) ?? null))];
    const here = now.get(what) ?? null;
    if (then.some((value) => value !== here))
      differences.push({ what, was: then.map((value) => value ?? 'none').join(' and '), is: here ?? 'none' });
  }
  const inputs = await readInputs(record.folder);
  if (!inputs) unknown.push('The run recorded no hashes of its data and models: it is from an older version.');
  else {
    if (inputs.package !== packageVersion)
      differences.push({ what: 'longhand', was: inputs.package, is: packageVersion });
    for (const file of inputs.files) differences.push(...(await compareFile(file, unknown)));
    for (const name of inputs.names) unknown.push(`${name}: its content is not known here; a hub may serve another.`);
    if (inputs.more > 0) unknown.push(`${inputs.more} files of large folders were not looked at.`);
  }
  return { differences, unknown };
}

async function compareFile(then: InputFile, unknown: string[]): Promise<RunDifference[]> {
  const now = await examineFile(then.path);
  if (!now) return [{ what: then.path, was: `${then.bytes} bytes`, is: 'gone' }];
  if (then.sha256 && now.sha256) {
    if (then.sha256 === now.sha256) return [];
    const short = (hash: string) => hash.slice(0, 12);
    return [{ what: then.path, was: `sha256 ${short(then.sha256)}…`, is: `sha256 ${short(now.sha256)}…` }];
  }
  if (then.bytes !== now.bytes) return [{ what: then.path, was: `${then.bytes} bytes`, is: `${now.bytes} bytes` }];
  const when = then.modified === now.modified ? 'size and time are the same' : 'the size is the same, the time is not';
  unknown.push(`${then.path}: too large to hash; ${when}.`);
  return [];
}

/** What the attempts of a run say of themselves, one entry for each that says something else. */
async function recorded(record: RunRecord): Promise<Map<string, string>[]> {
  const found = new Map<string, Map<string, string>>();
  for (const { attempts } of record.stages) {
    for (const { folder } of attempts) {
      const environment = await readJson(join(folder, 'env.json'), environmentSchema);
      if (!environment) continue;
      const one = facts(environment);
      found.set(JSON.stringify([...one]), one);
    }
  }
  return [...found.values()];
}

async function environmentHere(engine: Engine): Promise<Environment> {
  try {
    const { stdout } = await execute(engine.python, ['-m', 'longhand_engine.environment'], {
      timeout: PROBE_TIMEOUT_MS,
      env: engineEnvironment(),
    });
    return environmentSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } catch (error) {
    const why =
      (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || (error as Error).message.split('\n')[0];
    throw new LonghandError('engine_broken', `The engine does not say what it has (${why}).`);
  }
}

/** What is compared, by its name. */
function facts({ python, packages, machine }: Environment): Map<string, string> {
  const gpus = machine.accelerators.map(({ name, driver }) => (driver ? `${name}, driver ${driver}` : name));
  return new Map([
    ['python', python],
    ...Object.entries(packages),
    ['system', `${machine.system} ${machine.machine}`],
    ['processors', String(machine.cpus ?? 'unknown')],
    ['memory', machine.memory === null ? 'unknown' : `${Math.round(machine.memory / 2 ** 30)} GiB`],
    ['accelerators', gpus.length > 0 ? gpus.join('; ') : 'none'],
  ]);
}
