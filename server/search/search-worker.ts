/** The entry of a thread that searches: one chunk of texts a message, one answer each. */
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { ByteScanner } from './byte-scanner.ts';
import { scan } from './scan.ts';
import { shared, type ScanAnswer, type ScanTask } from './task.ts';

// An expression that backtracks too much is begun anew by the engine that takes linear time, where that one knows all it uses.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

const port = parentPort;
const numbers = new Int32Array((workerData as { shared: SharedArrayBuffer }).shared);
const scanner = new ByteScanner();

port?.on('message', ({ wanted, chunk, room }: ScanTask) => {
  let answer: ScanAnswer;
  try {
    const scanned = scan(chunk, {
      scanner,
      wanted,
      room,
      before: (n) => {
        Atomics.store(numbers, shared.trace, n);
        Atomics.add(numbers, shared.beats, 1);
        return Atomics.load(numbers, shared.cancelled) === 1;
      },
    });
    answer = { ok: true, scanned };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    answer = { ok: false, why: message.slice(0, 300), code: code ?? null };
  }
  Atomics.store(numbers, shared.trace, -1);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  port.postMessage(answer);
});
