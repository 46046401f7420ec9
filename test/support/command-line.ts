/** `longhand` as a person types it: a process of its own, on a root of its own. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'mocha';
import { isGone, mainFile, until } from './service.ts';

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** The command on this root. To be called in a suite: the service that the commands start is ended after it. */
export function longhandOn(root: string): (...args: string[]) => Promise<Ended> {
  after(async () => {
    const { pid } = JSON.parse(readFileSync(join(root, 'service.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGTERM');
    await until(() => isGone(pid), 'the service that the command started ends');
  });
  return (...args) => {
    const child = spawn(process.execPath, [mainFile, ...args, '--root', root], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => (out += String(data)));
    child.stderr.on('data', (data) => (err += String(data)));
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  };
}
