/** What the commands of the editor do on pages that show traces. Pure. */
import type { Label } from '../../core/behaviours/spans.ts';
import { isReaderLabel } from '../../core/protocol/labels.ts';
import type { EditKey, PageKey, SidesKey } from '../../core/protocol/webview.ts';
import { hostActions as auditActions } from './audit-keys.ts';
import { editHostActions, type EditAction } from './edit-keys.ts';
import type { Action } from './keys.ts';
import { placeHostActions } from './place-keys.ts';

export const hostActions: Record<Exclude<PageKey, SidesKey | EditKey | 'nextRow' | 'previousRow'>, Action> = {
  nextTrace: { do: 'trace', by: 1 },
  previousTrace: { do: 'trace', by: -1 },
  nextSample: { do: 'sibling', by: 1 },
  previousSample: { do: 'sibling', by: -1 },
  nextSpan: { do: 'span', label: null, by: 1 },
  previousSpan: { do: 'span', label: null, by: -1 },
  nextCandidate: { do: 'candidate', by: 1 },
  previousCandidate: { do: 'candidate', by: -1 },
  toggleRaw: { do: 'raw' },
  toggleLabels: { do: 'labels' },
  togglePrompt: { do: 'prompt' },
  toggleFacts: { do: 'facts' },
  toggleList: { do: 'list' },
  toggleAudit: { do: 'audit' },
  tokenMarks: { do: 'tokens' },
  foldAll: { do: 'foldAll' },
  foldHere: { do: 'foldHere' },
  query: { do: 'query' },
  find: { do: 'find' },
  start: { do: 'start' },
  end: { do: 'end' },
  copyText: { do: 'copy' },
  openText: { do: 'editor' },
  help: { do: 'help' },
  ...auditActions,
  ...placeHostActions,
  editLabels: { do: 'edit' },
  nextDisagreement: { do: 'disagreement', by: 1 },
  previousDisagreement: { do: 'disagreement', by: -1 },
};

/** Null: the key is one of another page's. */
export function hostActionOf({ action, label }: { action: PageKey; label?: Label }): Action | null {
  if (action === 'giveLabel')
    return label && isReaderLabel(label) ? { do: 'editing', what: { do: 'label', label } } : null;
  const edit = (editHostActions as Partial<Record<PageKey, EditAction>>)[action];
  if (edit) return { do: 'editing', what: edit };
  const found = (hostActions as Partial<Record<PageKey, Action>>)[action];
  if (!found) return null;
  return found.do === 'span' && label ? { ...found, label } : found;
}
