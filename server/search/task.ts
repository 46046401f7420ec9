/** What passes between the service and a thread that searches. */
import type { Chunk, Scanned } from './scan.ts';
import type { Wanted } from './terms.ts';

/** Places in the numbers that the thread shares with the service. `trace`: that whose texts are looked at; -1: none. */
export const shared = { cancelled: 0, trace: 1, beats: 2 } as const;

export interface ScanTask {
  wanted: Wanted;
  chunk: Chunk;
  room: number;
}
/** Null: it was cancelled. */
export type ScanAnswer = { ok: true; scanned: Scanned | null } | { ok: false; why: string; code: string | null };
