/** The menu of columns: which are shown, in which order. */
import { all, type Column, type ColumnChoice } from './columns.ts';
import { Icon } from '../ui/icon.tsx';
import { moveFocus, Popover } from '../ui/popover.tsx';

interface ColumnMenuProps {
  /** Those that are shown now, chosen or not. */
  shown: readonly Column[];
  choice: ColumnChoice;
  onChoice: (choice: ColumnChoice) => void;
}

export function ColumnMenu({ shown, choice, onChoice }: ColumnMenuProps) {
  const ids = shown.map(({ id }) => id);
  const rows = [...shown, ...all.filter(({ id }) => !ids.includes(id))];
  const choose = (next: readonly string[]) => onChoice({ ...choice, shown: [...next] });
  const toggle = (id: string) => {
    const next = ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id];
    if (next.length > 0) choose(next);
  };
  const move = (id: string, by: 1 | -1) => {
    const at = ids.indexOf(id);
    const to = at + by;
    if (at < 0 || to < 0 || to >= ids.length) return;
    const next = [...ids];
    [next[at], next[to]] = [next[to]!, next[at]!];
    choose(next);
    requestAnimationFrame(() => document.getElementById(`column-${id}`)?.focus());
  };
  return (
    <Popover icon="settings" label="Columns">
      {() => (
        <>
          <ul class="column-list" onKeyDown={(event) => moveFocus(event, 'input')}>
            {rows.map(({ id, title, what }, i) => {
              const on = ids.includes(id);
              const name = what ? `${title} – ${what}` : title;
              return (
                <li key={id} class="column-row">
                  <label>
                    <input
                      {...(i === 0 && { 'data-first': true })}
                      id={`column-${id}`}
                      type="checkbox"
                      checked={on}
                      title="Space: shown or not. Alt+↑, Alt+↓: its place"
                      onChange={() => toggle(id)}
                      onKeyDown={(event) => {
                        if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
                        event.preventDefault();
                        move(id, event.key === 'ArrowDown' ? 1 : -1);
                      }}
                    />
                    {name}
                  </label>
                  {on && (
                    <>
                      <button
                        class="tool"
                        aria-label={`${title}: earlier`}
                        title="Earlier (Alt+↑)"
                        disabled={i === 0}
                        onClick={() => move(id, -1)}
                      >
                        <Icon name="arrow-up" />
                      </button>
                      <button
                        class="tool"
                        aria-label={`${title}: later`}
                        title="Later (Alt+↓)"
                        disabled={i === ids.length - 1}
                        onClick={() => move(id, 1)}
                      >
                        <Icon name="arrow-down" />
                      </button>
                    </>
                  )}
                </li>
              );
            })}
          </ul>
          <div class="popover-foot">
            <button class="tool framed" disabled={!choice.shown && !choice.widths} onClick={() => onChoice({})}>
              As many as there is room for
            </button>
          </div>
        </>
      )}
    </Popover>
  );
}
