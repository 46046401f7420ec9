/**
 * Decoding in a thread that can be ended. One changed byte can make a decoder count to two thousand million or fill all memory
 * (the length of a run is not bounded by its page), and the service must neither stand still nor fall.
 */
import { Worker } from 'node:worker_threads';
import type { DecodedGroup, GroupRequest } from './parquet-decode.ts';
import type { GroupAnswer } from './parquet-worker.ts';

/** Seconds for a group, and for each MiB that it unpacks to: a hundred times what decoding takes. */
const PATIENCE_SECONDS = 20;
const PATIENCE_PER_MIB = 1;
/** Heap of the thread. */
const MEMORY_MIB = 3072;
/** A thread that nobody needs is kept so long: making one takes as long as a small file. */
const IDLE_MS = 20_000;

let idle: { worker: Worker; timer: NodeJS.Timeout } | null = null;

function take(): Worker {
  if (idle) {
    const { worker, timer } = idle;
    clearTimeout(timer);
    idle = null;
    return worker;
  }
  // Beside this file in the sources, beside the bundle when bundled.
  const name = import.meta.url.endsWith('.ts') ? './parquet-worker.ts' : './parquet-worker.mjs';
  return new Worker(new URL(name, import.meta.url), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
  });
}

function putBack(worker: Worker): void {
  if (idle) return void worker.terminate();
  worker.unref();
  idle = { worker, timer: setTimeout(() => void end(worker), IDLE_MS).unref() };
}

async function end(worker: Worker): Promise<void> {
  if (idle?.worker === worker) idle = null;
  await worker.terminate();
}

/**
 * Decodes a group. Rejects with what is wrong with it, also when it takes longer or more memory than any sound one.
 *
 * @param unpacked bytes that the group claims to unpack to
 * @param patience seconds, when not the usual ones
 */
export async function decodeInThread(
  request: GroupRequest,
  unpacked: number,
  options: { signal?: AbortSignal; patience?: number } = {},
): Promise<DecodedGroup> {
  const worker = take();
  worker.ref();
  const seconds = options.patience ?? PATIENCE_SECONDS + (PATIENCE_PER_MIB * unpacked) / 2 ** 20;
  let sound = false;
  const cleanUp = new AbortController();
  try {
    const answer = await new Promise<GroupAnswer>((resolve, reject) => {
      const once = { signal: cleanUp.signal };
      const timer = setTimeout(() => {
        reject(new Error(`decoding it did not end in ${Math.round(seconds)} s: its pages are damaged`));
      }, seconds * 1000);
      cleanUp.signal.addEventListener('abort', () => clearTimeout(timer));
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error), once);
      const message = (given: GroupAnswer): void => resolve(given);
      const error = (reason: unknown): void => reject(threadError(reason));
      const exit = (): void => reject(new Error('the thread that decodes it ended'));
      worker.once('message', message).once('error', error).once('exit', exit);
      cleanUp.signal.addEventListener('abort', () =>
        worker.off('message', message).off('error', error).off('exit', exit),
      );
      worker.postMessage(request, request.stretches.map(({ bytes }) => bytes.buffer)); // prettier-ignore
    });
    sound = true;
    if (!answer.ok) throw new Error(answer.why);
    return answer.group;
  } finally {
    cleanUp.abort();
    if (sound) putBack(worker);
    else await end(worker);
  }
}

function threadError(reason: unknown): Error {
  if (reason instanceof Error && 'code' in reason && reason.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new Error(
      `decoding it takes more than ${MEMORY_MIB} MiB: its pages are damaged, or it must be written in smaller groups`,
    );
  return reason instanceof Error ? reason : new Error(String(reason));
}
