/** Going to places from the inspector: the quick field, landmarks, the outline, links, and the rulers of the group over the text. */
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { View } from '../../core/protocol/webview.ts';
import type { KeptFind, PaneHandle } from '../text/text-pane.tsx';
import { useNote } from '../ui/note.tsx';
import { useStore } from '../ui/store.ts';
import type { OpenTrace } from './open-trace.ts';
import type { Page } from './page.ts';
import type { PlaceAction } from './place-keys.ts';
import { StripsModel } from './strips-model.ts';
import { Strips } from './strips.tsx';

interface ReadingParts {
  page: Page;
  open: OpenTrace;
  pane: RefObject<PaneHandle | null>;
  budgets: readonly number[];
}

export interface Reading {
  act(action: PlaceAction): void;
  /** Which of them are open, for the head's buttons. */
  opened: { strips: boolean; outline: boolean };
  /** For the pane: the outline beside its text, while it is open. */
  outline: { onClose: () => void } | null;
  find: { kept: KeptFind | null; onKeep: (find: KeptFind | null) => void };
  /** The pane, with what lies over it. */
  around(pane: ComponentChildren): ComponentChildren;
}

export function useReading({ page, open, pane, budgets }: ReadingParts): Reading {
  const { host } = page;
  const { settings } = useStore(page);
  const { trace, group, detail, shown } = useStore(open);
  const [strips, setStripsOpen] = useState(() => host.saved()?.strips === true);
  const [outline, setOutline] = useState(() => host.saved()?.outline === true);
  const [note, setNote] = useNote('link');
  const model = useMemo(() => new StripsModel(host), [host]);
  useEffect(() => () => model.close(), [model]);
  useEffect(() => {
    if (!strips) model.pause();
  }, [model, strips]);
  // A trace alone has no group: it is its own.
  const rows = useMemo(() => (group.length > 0 ? group : detail ? [detail] : []), [group, detail]);

  const setStrips = (next: boolean) => {
    setStripsOpen(next);
    page.keep({ strips: next });
  };
  const showOutline = (next: boolean) => {
    setOutline(next);
    page.keep({ outline: next });
    if (!next) pane.current?.focus();
  };
  const closeStrips = () => {
    setStrips(false);
    pane.current?.focus();
  };
  const copy = async () => {
    if (trace === null) return;
    try {
      const at = pane.current?.linked() ?? null;
      await host.ask('host/copyLink', { trace, at });
      setNote(`Link copied${at ? '' : ' to the trace'}`);
    } catch {
      setNote('The link could not be copied');
    }
  };

  return {
    opened: { strips, outline },
    find: useMemo(
      () => ({
        kept: host.saved()?.find ?? null,
        onKeep: (find) => (find || host.saved()?.find) && page.keep({ find: find ?? undefined }),
      }),
      [page],
    ),
    outline: outline ? { onClose: () => showOutline(false) } : null,
    act(action) {
      switch (action.do) {
        case 'goTo':
          closeStripsBefore(() => pane.current?.openGoTo());
          return;
        case 'landmark':
          pane.current?.mark(action.by);
          return;
        case 'outline':
          showOutline(!outline);
          return;
        case 'strips':
          if (strips) closeStrips();
          else setStrips(true);
          return;
        case 'link':
          void copy();
          return;
        default:
          action satisfies never;
      }
    },
    around: (text) => (
      <div class="reading">
        <div class="reading-text" inert={strips}>
          {text}
        </div>
        {strips && (
          <Strips
            {...{ host, model, group: rows, trace, shown, budgets }}
            hidden={settings.hiddenLabels}
            onClose={closeStrips}
            onOpen={(next, at) => {
              setStrips(false);
              if (next !== trace)
                page.change<Extract<View, { page: 'inspector' }>>({ trace: next, at: at ?? undefined });
              else if (at) pane.current?.view.reveal(at.in, at.start, at.end);
              pane.current?.focus();
            }}
          />
        )}
        {note}
      </div>
    ),
  };

  function closeStripsBefore(next: () => void): void {
    if (strips) setStrips(false);
    next();
  }
}
