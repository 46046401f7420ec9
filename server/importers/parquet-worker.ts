/** The thread that decodes Parquet: one group a message, one answer each. */
import { parentPort } from 'node:worker_threads';
import { decodeGroup, type DecodedGroup, type GroupRequest } from './parquet-decode.ts';

export type GroupAnswer = { ok: true; group: DecodedGroup } | { ok: false; why: string };

async function answer(request: GroupRequest): Promise<GroupAnswer> {
  try {
    return { ok: true, group: await decodeGroup(request) };
  } catch (error) {
    return { ok: false, why: (error instanceof Error ? error.message : String(error)).slice(0, 300) };
  }
}

parentPort?.on('message', async (request: GroupRequest) => {
  const given = await answer(request);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(given);
});
