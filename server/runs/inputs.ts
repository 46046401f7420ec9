/** `<root>/runs/<run>/inputs.json`: what a run was started on, so that a later one can say whether it is still the same. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { readJson } from '../json-files.ts';
import { baseModelFolder, packageVersion } from '../package-paths.ts';
import type { PlanFile } from '../recipes/plan-file.ts';

/** Larger files are known by size and time only: a start must not read a whole disk. */
const HASH_LIMIT = 2 ** 30;
/** Files of a folder that are looked at: a model has some dozen. */
const FOLDER_LIMIT = 200;

const fileSchema = z.object({
  path: z.string(),
  bytes: z.number(),
  modified: z.number(),
  /** Null where the file is larger than is hashed. */
  sha256: z.string().nullable(),
});
export const inputsFileSchema = z.object({
  v: z.literal(1),
  /** Version of Longhand. */
  package: z.string(),
  files: z.array(fileSchema),
  /** Inputs that are no file of this machine, such as names of a hub: their content is not known here. */
  names: z.array(z.string()),
  /** Files of large folders beyond those that were looked at. */
  more: z.number(),
});
export type InputsFile = z.infer<typeof inputsFileSchema>;
export type InputFile = z.infer<typeof fileSchema>;

export function readInputs(folder: string): Promise<InputsFile | null> {
  return readJson(join(folder, 'inputs.json'), inputsFileSchema);
}

/** Looks at everything that the stages of a plan read from outside the run. What is not there is left out. */
export async function examineInputs(plan: PlanFile): Promise<InputsFile> {
  const values = new Set(plan.stages.flatMap(({ inputs }) => Object.values(inputs).map(pathOf)));
  const result: InputsFile = { v: 1, package: packageVersion, files: [], names: [], more: 0 };
  for (const value of [...values].toSorted()) {
    if (value.startsWith('${')) continue;
    if (!isAbsolute(value)) {
      result.names.push(value);
      continue;
    }
    const paths = await filesUnder(value);
    result.more += Math.max(0, paths.length - FOLDER_LIMIT);
    for (const path of paths.slice(0, FOLDER_LIMIT)) {
      const file = await examineFile(path);
      if (file) result.files.push(file);
    }
  }
  return result;
}

const pathOf = (value: PlanFile['stages'][number]['inputs'][string]): string =>
  typeof value === 'string' ? value : baseModelFolder;

async function filesUnder(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return found ? [path] : [];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && !relative(path, entry.parentPath).split(/[\\/]/).includes('__pycache__'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** Null for what cannot be read. */
export async function examineFile(path: string): Promise<InputFile | null> {
  try {
    const { size, mtimeMs } = await stat(path);
    const sha256 = size <= HASH_LIMIT ? await hash(path) : null;
    return { path, bytes: size, modified: Math.round(mtimeMs), sha256 };
  } catch {
    return null;
  }
}

async function hash(path: string): Promise<string> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(path), digest);
  return digest.digest('hex');
}
