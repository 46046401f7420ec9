/** The last lines that a process under a runner wrote. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const BYTES = 4000;
const LINES = 8;

/** From stderr.log, or stdout.log where that is empty; `(nothing)` where both are. */
export async function logTail(attempt: string): Promise<string> {
  for (const name of ['stderr.log', 'stdout.log']) {
    const text = await tail(join(attempt, name));
    if (text) return text;
  }
  return '(nothing)';
}

async function tail(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(BYTES, size));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, bytesRead).trim().split('\n').slice(-LINES).join('\n');
  } finally {
    await file.close();
  }
}
