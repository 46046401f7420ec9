/** The menu of saved views: a query with its sort and columns under a name, kept by the editor for every run. */
import { useRef, useState } from 'preact/hooks';
import type { SavedView, SavedViewChange } from '../../core/protocol/webview.ts';
import type { Host } from '../host.ts';
import { Icon } from '../ui/icon.tsx';
import { moveFocus, Popover } from '../ui/popover.tsx';
import { say } from '../ui/say.ts';

interface SavedViewsProps {
  host: Host;
  /** What is shown now, but for its name. */
  now: () => Omit<SavedView, 'name'>;
  onOpen: (view: SavedView) => void;
}

export function SavedViews({ host, now, onOpen }: SavedViewsProps) {
  const [views, setViews] = useState<SavedView[] | null>(null);
  const [name, setName] = useState('');
  const [renaming, setRenaming] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const list = useRef<HTMLUListElement>(null);
  const field = useRef<HTMLInputElement>(null);

  const failed = (error: unknown) => setSaid(error instanceof Error ? error.message : String(error));
  const read = () => {
    setSaid('');
    setName('');
    host.ask('host/savedViews', {}).then(({ views: all }) => setViews(all), failed);
  };
  const change = async (wish: SavedViewChange, words: string): Promise<boolean> => {
    try {
      setViews((await host.ask('host/changeSavedViews', wish)).views);
      setSaid(words);
      say('views', words);
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  };
  const save = async () => {
    const view = { name: name.trim(), ...now() };
    if (view.name !== '' && (await change({ save: view }, `Saved ${view.name}.`))) setName('');
  };
  const remove = async ({ name: gone }: SavedView, at: number) => {
    if (!(await change({ remove: { name: gone } }, `Deleted ${gone}.`))) return;
    requestAnimationFrame(() => {
      const rows = list.current?.querySelectorAll<HTMLElement>('.saved-open');
      (rows?.[Math.min(at, rows.length - 1)] ?? field.current)?.focus();
    });
  };
  const rename = async (from: string, to: string) => {
    if (to !== from && !(await change({ rename: { from, to } }, `Renamed to ${to}.`))) return;
    setRenaming(null);
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-name=${CSS.escape(to)}]`)?.focus());
  };
  return (
    <Popover icon="bookmark" label="Saved views" onOpen={read}>
      {(close) => (
        <>
          <form
            class="saved-new"
            onSubmit={(event) => {
              event.preventDefault();
              void save();
            }}
          >
            <input
              ref={field}
              data-first
              class="query-plain"
              type="text"
              maxLength={100}
              aria-label="Name for what is shown now"
              placeholder="Save this view as…"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
            <button class="tool framed" type="submit" disabled={name.trim() === ''}>
              Save
            </button>
          </form>
          {views && views.length > 0 && (
            <ul class="saved-list" ref={list} onKeyDown={(event) => moveFocus(event, '.saved-open, .saved-name')}>
              {views.map((view, i) => (
                <li key={view.name} class="saved-row">
                  {renaming === view.name ? (
                    <input
                      ref={(input) => {
                        if (input && document.activeElement !== input) {
                          input.focus();
                          input.select();
                        }
                      }}
                      class="query-plain saved-name"
                      type="text"
                      maxLength={100}
                      aria-label={`New name of ${view.name}`}
                      defaultValue={view.name}
                      onKeyDown={(event) => {
                        if (event.key === 'Escape') {
                          event.preventDefault();
                          void rename(view.name, view.name);
                        } else if (event.key === 'Enter' && event.currentTarget.value.trim() !== '') {
                          event.preventDefault();
                          void rename(view.name, event.currentTarget.value.trim());
                        }
                      }}
                    />
                  ) : (
                    <button
                      class="saved-open"
                      data-name={view.name}
                      title={`${view.query || 'all traces'}\nEnter opens it, F2 renames it, Delete deletes it`}
                      onClick={() => {
                        onOpen(view);
                        close();
                      }}
                      onKeyDown={(event) => {
                        if (event.key === 'F2') setRenaming(view.name);
                        else if (event.key === 'Delete') void remove(view, i);
                        else return;
                        event.preventDefault();
                      }}
                    >
                      <span class="saved-title">{view.name}</span>
                      <span class="saved-query">{view.query || 'all traces'}</span>
                    </button>
                  )}
                  <button
                    class="tool"
                    aria-label={`Rename ${view.name}`}
                    title="Rename (F2)"
                    onClick={() => setRenaming(view.name)}
                  >
                    <Icon name="edit" />
                  </button>
                  <button
                    class="tool"
                    aria-label={`Delete ${view.name}`}
                    title="Delete (Delete)"
                    onClick={() => void remove(view, i)}
                  >
                    <Icon name="trash" />
                  </button>
                </li>
              ))}
            </ul>
          )}
          <p class="popover-note">
            {said ||
              (views?.length === 0
                ? 'None yet. A view keeps the query, the sort and the columns.'
                : 'Query, sort and columns, for every run.')}
          </p>
        </>
      )}
    </Popover>
  );
}
