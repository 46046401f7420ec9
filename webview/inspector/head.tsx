/** The line over the text: where the reader is, the verdict, and what can be done. */
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { View } from '../../core/protocol/webview.ts';
import { toneOf } from '../text/overlay.ts';
import { tokens } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { placeOf, verdictText, verdictWords } from './columns.ts';
import type { Action } from './keys.ts';

type InspectorView = Extract<View, { page: 'inspector' }>;

interface HeadProps {
  view: InspectorView;
  row: TraceRow | null;
  group: readonly TraceRow[];
  raw: boolean;
  act: (action: Action) => void;
  settings: { listOpen: boolean; factsOpen: boolean };
  editing: boolean;
  opened: { strips: boolean; outline: boolean };
}

export function Head({ view, row, group, raw, act, settings, editing, opened }: HeadProps) {
  const tool = (action: Action, icon: string, label: string, pressed?: boolean) => (
    <button class="tool" aria-label={label} title={label} aria-pressed={pressed} onClick={() => act(action)}>
      <Icon name={icon} />
    </button>
  );
  const side = (action: Action, isOpen: boolean, where: 'left' | 'right', label: string) => (
    <button class="tool" aria-label={label} title={label} aria-expanded={isOpen} onClick={() => act(action)}>
      <Icon name={`layout-sidebar-${where}${isOpen ? '' : '-off'}`} />
    </button>
  );
  return (
    <header class="head">
      {side({ do: 'list' }, settings.listOpen, 'left', 'List (l)')}
      <div class="crumbs">
        {row ? <span class="crumb muted">{view.title}</span> : <h1 class="crumb problem">{view.title}</h1>}
        {row && (
          <>
            <span class="crumb muted">{placeOf(row)}</span>
            <h1 class="crumb problem" title={row.problemLabel}>
              {row.problemLabel}
            </h1>
            {(group.length > 1 || row.sample > 0) && (
              <span class="muted sample">
                sample {row.sample + 1}
                {group.length > 1 ? ` of ${group.length}` : ''}
              </span>
            )}
            <span class={`outcome ${row.live ? '' : toneOf(row)}`} title={verdictWords(row)}>
              <span role="img" aria-label={verdictWords(row)}>
                {verdictText(row)}
              </span>{' '}
              {row.answer && !row.live ? row.answer.slice(0, 40) : ''}
            </span>
            {row.live && <span class="live">writing</span>}
            <span class="muted num sample">
              {row.tokens !== null ? `${tokens(row.tokens, row.tokensExact)} tok` : ''}
            </span>
          </>
        )}
      </div>
      <div class="tools" role="group" aria-label="View">
        <button
          class="tool framed"
          aria-pressed={!raw}
          onClick={() => raw && act({ do: 'raw' })}
          title="Reading: mathematics typeset (r)"
        >
          Reading
        </button>
        <button class="tool framed" aria-pressed={raw} onClick={() => act({ do: 'raw' })} title="Raw text (r)">
          Raw
        </button>
        {tool({ do: 'find' }, 'search', 'Find in trace (Ctrl+F)')}
        {tool({ do: 'compare' }, 'split-horizontal', 'Side by side with another attempt (2)')}
        {tool({ do: 'strips' }, 'versions', 'Rulers of all samples of the group (R)', opened.strips)}
        {tool({ do: 'outline' }, 'list-tree', 'Outline (L)', opened.outline)}
        {tool({ do: 'link' }, 'link', 'Copy a link to the selection or the step in view (Y)')}
        {tool({ do: 'edit' }, 'tag', 'Edit labels (E)', editing)}
        {tool({ do: 'editor' }, 'go-to-file', 'Open the raw text in an editor (e)')}
        {tool({ do: 'help' }, 'question', 'Keys (?)')}
        {side({ do: 'facts' }, settings.factsOpen, 'right', 'Facts (f)')}
      </div>
    </header>
  );
}
