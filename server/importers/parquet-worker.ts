/** The thread that decodes Parquet: one group a message, one answer each. */
import { parentPort } from 'node:worker_threads';
import { decodeGroup, type DecodedGroup, type GroupRequest } from './parquet-decode.ts';

export type GroupAnswer = { ok: true; group: DecodedGroup } | { ok: false; why: string };

const port = parentPort;

async function answer(request: GroupRequest): Promise<void> {
  let given: GroupAnswer;
  try {
    given = { ok: true, group: await decodeGroup(request) };
  } catch (error) {
    given = { ok: false, why: (error instanceof Error ? error.message : String(error)).slice(0, 300) };
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  port?.postMessage(given);
}

port?.on('message', (request: GroupRequest) => void answer(request));
