/** Processes that can be told from later ones with the same number; the Python runner writes the same three values. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessIdentity } from '../core/protocol/files.ts';

let knownBootId: string | undefined;

/** Changes with every boot of the machine. */
export function bootId(): string {
  knownBootId ??=
    readText('/proc/sys/kernel/random/boot_id').trim() ||
    output('sysctl', ['-n', 'kern.bootsessionuuid']).trim() ||
    'unknown';
  return knownBootId;
}

/** Who has this number now; null where there is nobody, or only a zombie. */
export function identify(pid: number): ProcessIdentity | null {
  const startTime = startTimeOf(pid);
  return startTime === null ? null : { pid, start_time: startTime, boot_id: bootId() };
}

/** True while that very process lives. */
export function isAlive(process: ProcessIdentity): boolean {
  return process.boot_id === bootId() && startTimeOf(process.pid) === process.start_time;
}

/** Numbers of living processes that carry `name=value` in their environment; empty where the system does not show it. */
export function processesWithEnvironment(name: string, value: string): number[] {
  const wanted = `${name}=${value}`;
  let names: string[] = [];
  try {
    names = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  } catch {
    return [];
  }
  return names
    .filter((entry) => readText(`/proc/${entry}/environ`).split('\0').includes(wanted))
    .map(Number)
    .filter((pid) => startTimeOf(pid) !== null);
}

function startTimeOf(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat) {
    // The name is in parentheses and may hold anything, spaces and parentheses included.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  }
  if (process.platform === 'linux') return null;
  const line = output('ps', ['-p', String(pid), '-o', 'state=,lstart=']).trim();
  const [state = '', ...rest] = line.split(/(?<=^\S+)\s+/);
  return line && !state.startsWith('Z') ? rest.join(' ') : null;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function output(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', timeout: 5000, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
