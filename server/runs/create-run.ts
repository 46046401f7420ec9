/** Makes a run's folder: run.json, recipe.yaml, plan.json and inputs.json, then the journal's word that it exists. */
import { randomInt } from 'node:crypto';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RunFile } from '../../core/protocol/files.ts';
import { writeJson, writeWhole } from '../json-files.ts';
import type { PlanFile } from '../recipes/plan-file.ts';
import type { TraceStore } from '../store/trace-store.ts';
import { examineInputs } from './inputs.ts';

/** With less free than this nothing is started: a tiny run writes about 30 MB. */
const LEAST_FREE_BYTES = 64 * 2 ** 20;

export interface NewRun {
  plan: PlanFile;
  /** The recipe's text as it runs. */
  text: string;
  /** As it was given, where it extends another one. */
  original: string | null;
  source: string;
  name: string | undefined;
}

/** The id of the new run. @throws LonghandError `disk_full` */
export async function createRun(store: TraceStore, { plan, text, original, source, name }: NewRun): Promise<string> {
  await mkdir(join(store.root, 'runs'), { recursive: true });
  await requireSpace(store.root);
  const run = newRunId(name ?? plan.name);
  const folder = join(store.root, 'runs', run);
  const file: RunFile = {
    v: 1,
    run,
    name: name ?? plan.name,
    kind: 'recipe',
    created: Date.now(),
    source,
    vars: plan.vars,
  };
  try {
    await mkdir(join(folder, 'stages'), { recursive: true });
    await writeWhole(join(folder, 'recipe.yaml'), text);
    if (original !== null) await writeWhole(join(folder, 'recipe.original.yaml'), original);
    await writeJson(join(folder, 'plan.json'), plan);
    await writeJson(join(folder, 'inputs.json'), await examineInputs(plan));
    await writeJson(join(folder, 'run.json'), file);
    await store.appendJournal({ type: 'run_created', run, kind: 'recipe' });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return run;
}

async function requireSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= LEAST_FREE_BYTES) return;
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  throw new LonghandError('disk_full', `Only ${free} MiB are free where ${folder} lies; a run needs at least 64 MiB.`);
}

/** `<slug>-<8 characters>`, safe as a folder's name everywhere. */
export function newRunId(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const suffix = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('');
  return `${slug || 'run'}-${suffix}`;
}
