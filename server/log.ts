/** The service's log: JSON lines by pino in `<root>/service.log`, at most two files of 4 MiB. */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

export const LOG_FILE = 'service.log';
const LOG_BYTES = 4 * 1024 * 1024;

/** Opens the log of a root. Writing never throws: a full disk loses lines of the log, not the service. */
export function openLog(root: string, level = 'info', maxBytes = LOG_BYTES): Logger {
  return pino({ level, base: { pid: process.pid } }, new RotatingFile(join(root, LOG_FILE), maxBytes));
}

class RotatingFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #fd: number;
  #size: number;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#fd = openSync(path, 'a', 0o600);
    this.#size = fstatSync(this.#fd).size;
  }

  write(line: string): void {
    try {
      if (this.#size + line.length > this.#maxBytes) this.#rotate();
      this.#size += writeSync(this.#fd, line);
    } catch {
      // Nowhere is left to say it.
    }
  }

  #rotate(): void {
    closeSync(this.#fd);
    renameSync(this.#path, `${this.#path}.1`);
    this.#fd = openSync(this.#path, 'a', 0o600);
    this.#size = 0;
  }
}
