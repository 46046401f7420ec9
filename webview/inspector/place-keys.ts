/** The keys of going to places in a trace and between those of a group, for the table of the inspector's keys. Pure. */
import type { PlaceKey } from '../../core/protocol/webview.ts';

export type PlaceAction = { do: 'goTo' | 'strips' | 'outline' | 'link' } | { do: 'landmark'; by: 1 | -1 };

export interface PlaceKeyLine {
  keys: readonly string[];
  words: string;
  actions: readonly PlaceAction[];
}

const landmark = (by: 1 | -1): PlaceAction => ({ do: 'landmark', by });

export const placeKeyLines: readonly PlaceKeyLine[] = [
  { keys: [':', 'Ctrl+G'], words: 'A token, a step, a percentage, a landmark', actions: [{ do: 'goTo' }] },
  { keys: ['>', '<'], words: 'Next, previous landmark or budget', actions: [landmark(1), landmark(-1)] },
  { keys: ['L'], words: 'Outline open or closed', actions: [{ do: 'outline' }] },
  { keys: ['R'], words: 'Rulers of all samples of the group', actions: [{ do: 'strips' }] },
  { keys: ['Y'], words: 'Copy a link to the selection or the step in view', actions: [{ do: 'link' }] },
];

/** What the commands of the editor do. */
export const placeHostActions: Record<PlaceKey, PlaceAction> = {
  goTo: { do: 'goTo' },
  strips: { do: 'strips' },
  outline: { do: 'outline' },
  copyLink: { do: 'link' },
  nextLandmark: landmark(1),
  previousLandmark: landmark(-1),
};
