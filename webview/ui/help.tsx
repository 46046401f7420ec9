/** The sheet of keys: a dialog over the page, closed by Escape. */
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

export interface SheetLine {
  keys: readonly string[];
  words: string;
  /** The heading under which it stands. */
  group?: string;
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
