/** The text of a row's part, from wherever it lies, slice by slice. */
import type { RowPart } from '../../core/protocol/report.ts';
import type { Host } from '../host.ts';

/** Most of a part that is read, in UTF-16 units; beyond it the page says so. */
export const TEXT_LIMIT = 1_000_000;
const SLICE = 256 * 1024;

export interface Place {
  run: string;
  stage: string;
  attempt?: number;
}

/**
 * Calls `add` with one piece after the other, at most {@link TEXT_LIMIT} in all, until `stopped` says so. Resolves to true when
 * that was the whole text. Rejects with a `LonghandError`.
 */
export async function readPart(
  host: Host,
  place: Place,
  part: RowPart,
  add: (text: string) => void,
  stopped: () => boolean,
): Promise<boolean> {
  if (part.text !== undefined) {
    add(part.text.slice(0, TEXT_LIMIT));
    return part.text.length <= TEXT_LIMIT;
  }
  let read = 0;
  if (part.extent) {
    let rest: typeof part.extent | null = part.extent;
    while (rest && read < TEXT_LIMIT) {
      const found: { text: string; rest: typeof part.extent | null } = await host.call('stages/text', {
        ...place,
        extent: rest,
      });
      if (stopped()) return true;
      add(found.text);
      read += found.text.length;
      rest = found.rest;
    }
    return rest === null;
  }
  if (part.trace) {
    for (;;) {
      const slice = await host.call('traces/slice', {
        trace: part.trace,
        in: 'completion',
        start: read,
        end: read + SLICE,
      });
      if (stopped()) return true;
      add(slice.text);
      read = slice.end;
      if (slice.end >= slice.length || slice.text === '') return true;
      if (read >= TEXT_LIMIT) return false;
    }
  }
  return true;
}
