/** The sheet of keys: a dialog over the page, closed by Escape. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Host } from '../host.ts';
import { Icon } from './icon.tsx';
import { pressOf } from './keys.ts';
import { usePageKeys } from './use-page-keys.ts';

export interface SheetLine {
  keys: readonly string[];
  words: string;
  /** The heading under which it stands. */
  group?: string;
}

/** The sheet of a page that has no other keys of the whole page, and the button for it: `?` opens it, and the editor's command. */
export function useSheet(
  host: Host,
  lines: readonly SheetLine[],
): { button: ComponentChildren; sheet: ComponentChildren } {
  const [open, setOpen] = useState(false);
  usePageKeys<'help'>(host, {
    actionOf: (event) => {
      const { key, ctrlKey, metaKey, typing } = pressOf(event);
      return key === '?' && !ctrlKey && !metaKey && !typing ? 'help' : null;
    },
    hostActionOf: ({ action }) => (action === 'help' ? action : null),
    act: () => setOpen(true),
  });
  return {
    button: (
      <button class="tool" aria-label="Keys (?)" title="Keys (?)" onClick={() => setOpen(true)}>
        <Icon name="question" />
      </button>
    ),
    sheet: open && <Help lines={lines} onClose={() => setOpen(false)} />,
  };
}

interface HelpProps {
  lines: readonly SheetLine[];
  onClose: () => void;
}

export function Help({ lines, onClose }: HelpProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const groups = Map.groupBy(lines, ({ group }) => group ?? '');
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-label="Keys"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <header>
        <h2>Keys</h2>
        <button class="tool" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <div class="help-groups">
        {[...groups].map(([group, its]) => (
          <section key={group}>
            {group !== '' && <h3>{group}</h3>}
            <dl>
              {its.map(({ keys, words }) => (
                <div key={words}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{words}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}
