/** Which part of an older attempt still counts after a newer one went on from it. */

export interface AttemptLink {
  attempt: number;
  resumedFrom: { attempt: number; checkpoint: string | null; step: number } | null;
}

/**
 * For each attempt the last step that still counts: `null` all of it, `-1` nothing.
 *
 * The newest attempt counts whole. What it went on from counts up to the step of that checkpoint, and so on back; an attempt
 * beside this line counts for nothing. A new start without a checkpoint leaves nothing of the older ones.
 */
export function validity(links: readonly AttemptLink[]): Map<number, number | null> {
  const byNumber = new Map(links.map((link) => [link.attempt, link]));
  const result = new Map<number, number | null>(links.map((link) => [link.attempt, -1]));
  let current = links.reduce<AttemptLink | undefined>((a, b) => (a && a.attempt > b.attempt ? a : b), undefined);
  let bound: number | null = null;
  while (current) {
    result.set(current.attempt, bound);
    const from: AttemptLink['resumedFrom'] = current.resumedFrom;
    if (!from || from.checkpoint === null || from.attempt >= current.attempt) break;
    bound = bound === null ? from.step : Math.min(bound, from.step);
    current = byNumber.get(from.attempt);
  }
  return result;
}

/**
 * True for what an attempt wrote after the point from which a newer one went on: at a later step, or at that very step but
 * after the checkpoint (`validSeq` is the seq of its event; steps are counted from 0 by some trainers).
 */
export function isSuperseded(
  validTo: number | null,
  validSeq: number | null,
  step: number | null,
  seq: number,
): boolean {
  if (validTo === null) return false;
  if (validTo < 0) return true;
  if (step === null) return validSeq !== null && seq > validSeq;
  return step > validTo || (step === validTo && validSeq !== null && seq > validSeq);
}
