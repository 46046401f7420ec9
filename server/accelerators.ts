/** The machine's accelerators, by `nvidia-smi`, which may hang when a driver is ill: asked with a time-out, never often. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const TIMEOUT_MS = 5000;

export interface Accelerator {
  index: number;
  name: string;
  memoryMiB: number;
  usedMiB: number;
  /** Its version; empty where it is not told. */
  driver: string;
}

export interface Accelerators {
  found: Accelerator[];
  /** Why nothing was found, where that may be a fault: the tool is there and does not answer. */
  problem: string | null;
}

export async function findAccelerators(): Promise<Accelerators> {
  const query = ['--query-gpu=index,name,memory.total,memory.used,driver_version', '--format=csv,noheader,nounits'];
  try {
    const { stdout } = await execute('nvidia-smi', query, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' });
    const found = stdout.trim().split('\n').flatMap(parseLine);
    return { found: found.filter(({ index }) => isVisible(index)), problem: null };
  } catch (error) {
    const failure = error as NodeJS.ErrnoException & { killed?: boolean; stdout?: string };
    if (failure.code === 'ENOENT') return { found: [], problem: null };
    if (failure.killed) return { found: [], problem: `nvidia-smi did not answer within ${TIMEOUT_MS / 1000} s.` };
    const said = failure.stdout?.trim().split('\n')[0] || failure.message.split('\n')[0];
    return { found: [], problem: `nvidia-smi failed: ${said}` };
  }
}

function parseLine(line: string): Accelerator[] {
  const [index = '', name = '', total = '', used = '', driver = ''] = line.split(',').map((field) => field.trim());
  if (!/^\d+$/.test(index)) return [];
  return [{ index: Number(index), name, memoryMiB: Number(total) || 0, usedMiB: Number(used) || 0, driver }];
}

/** The service may itself have been given only some of them. */
function isVisible(index: number): boolean {
  const visible = process.env['CUDA_VISIBLE_DEVICES'];
  if (visible === undefined) return true;
  return visible.split(',').some((entry) => entry.trim() === String(index) || /^(GPU|MIG)-/.test(entry.trim()));
}
