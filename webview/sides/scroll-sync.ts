/** Scrolls one text along with the other, so that what belongs together stands at the same height. */
import type { PaneHandle } from '../text/text-pane.tsx';
import { blockBoxes, heightOf, offsetAt } from './geometry.ts';
import { other, type PlaceMap, type SideName } from './place-map.ts';

export interface SyncedPane {
  scroller: HTMLElement;
  handle: PaneHandle;
}

/** Share of the height at which the reader is taken to read. */
const READING_LINE = 1 / 3;

/**
 * Puts the other side to where the leading one is. The reading line is a third down, nearer to the top where the text begins and nearer to
 * the bottom where it ends, so that both begin and end together. Where only the leading side has text, the other stands still.
 * Returns whether the other side had to show blocks that it had not mounted.
 */
export function follow(leader: SideName, panes: Record<SideName, SyncedPane>, map: PlaceMap): boolean {
  const [from, to] = [panes[leader], panes[other(leader)]];
  const { scrollTop, scrollHeight, clientHeight } = from.scroller;
  const { top } = from.scroller.getBoundingClientRect();
  const below = scrollHeight - clientHeight - scrollTop;
  // A text that is in view as a whole is read from its top.
  const line = Math.max(Math.min(clientHeight * READING_LINE, scrollTop), scrollTop > 0 ? clientHeight - below : 0);
  const boxes = blockBoxes(from.scroller);
  const [first] = boxes;
  if (first?.start === 0 && first.top >= top + line) {
    // What stands over the text: the prompt's head.
    if (Math.abs(to.scroller.scrollTop - scrollTop) > 0.5) to.scroller.scrollTop = scrollTop;
    return false;
  }
  const offset = offsetAt(boxes, top + line);
  if (offset === null) return false;
  return put(to, Math.round(map.across(leader, offset)), Math.min(line, to.scroller.clientHeight));
}

/** Puts a place of the completion `line` pixels below the upper edge. Returns whether it was not mounted. */
export function put({ scroller, handle }: SyncedPane, offset: number, line: number): boolean {
  let isFar = false;
  // The first look may show blocks whose heights were estimates until now.
  for (let pass = 0; pass < 3; pass += 1) {
    let y = heightOf(blockBoxes(scroller), offset);
    const isMounted = y !== null;
    if (y === null) {
      isFar = true;
      handle.view.reveal('completion', offset, offset, { align: 'start', target: false, keepFolds: true });
      y = heightOf(blockBoxes(scroller), offset);
      if (y === null) return isFar;
    }
    const by = y - scroller.getBoundingClientRect().top - line;
    if (Math.abs(by) < 0.75) return isFar;
    const before = scroller.scrollTop;
    scroller.scrollTop = before + by;
    if (isMounted || Math.abs(scroller.scrollTop - before) < 0.5) return isFar;
  }
  return isFar;
}
