/** Small JSON files that another process reads while they are written. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type * as z from 'zod';

let written = 0;

/** Writes `value` whole or not at all, and on disk before it resolves. Rejects with the system's error. */
export async function writeJson(path: string, value: unknown, mode = 0o644): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, null, 2)}\n`, mode);
}

/** Writes a text file whole or not at all. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}-${++written}.tmp`;
  try {
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The file's content, or null where it is absent, not JSON, or not of `schema`. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
