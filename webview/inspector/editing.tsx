/** Labelling in the inspector: what the keys and the mouse do while it is on, and what is shown of it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { QueueItem } from '../../core/protocol/labels.ts';
import type { LayerKind } from '../../core/protocol/layers.ts';
import type { PaneHandle } from '../text/text-pane.tsx';
import type { Host } from '../host.ts';
import type { SheetLine } from '../ui/help.tsx';
import { isField } from '../ui/keys.ts';
import { useSaid } from '../ui/say.ts';
import { useStore } from '../ui/store.ts';
import { editActionOf, editSheet, type EditAction } from './edit-keys.ts';
import { LabelEditor } from './edit-model.ts';
import { EditPanel } from './edit-panel.tsx';
import type { KeyLine } from './keys.ts';
import { LabelFigures, whyWords } from './label-figures.ts';
import { lookOf } from '../ui/labels.ts';
import type { OpenTrace } from './open-trace.ts';

interface EditingParts {
  host: Host;
  open: OpenTrace;
  pane: { current: PaneHandle | null };
  /** Whose spans are shown while nothing is edited. */
  layers: readonly LayerKind[];
  /** Shows a place of another trace. */
  goTo: (trace: string, at: { in: 'completion'; start: number; end: number }) => void;
}

export interface Editing {
  on: boolean;
  toggle: () => void;
  /** What a command of the editor asks for: labelling begins with the first. */
  act: (action: EditAction) => void;
  /** To the next place to read, or the one before. */
  disagreement: (by: 1 | -1) => void;
  /** True where the key was meant for labelling. */
  onKey: (event: KeyboardEvent) => boolean;
  /** What the sheet of keys has now. */
  sheet: (others: readonly KeyLine[]) => readonly SheetLine[];
  /** Over the text; always there, as what was done is said in it. */
  bar: ComponentChildren;
  /** Before the facts. */
  panel: ComponentChildren;
}

export function useEditing({ host, open, pane, layers, goTo }: EditingParts): Editing {
  const editor = useMemo(() => new LabelEditor(host, open), [host, open]);
  const figures = useMemo(() => new LabelFigures(host), [host]);
  const { on, layer, compare } = useStore(editor);
  const { trace, loaded } = useStore(open);
  const run = trace?.split('/')[0] ?? null;

  useEffect(() => figures.of(run), [run]);
  useEffect(() => () => figures.close(), [figures]);
  useEffect(() => host.on('events/batch', (batch) => editor.onEvents(batch)), [host, editor]);
  // Another trace while labels are edited.
  useEffect(() => {
    if (on && trace !== layer?.trace) void editor.follow();
  }, [on, trace]);
  useEffect(() => editor.arrive(), [loaded.completion]);
  // Each edit changes what agrees and what is to be read next.
  const revision = layer?.revision;
  const edited = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (on && edited.current !== undefined) figures.soon();
    edited.current = revision;
  }, [revision]);
  useEffect(() => {
    if (!on) return;
    void figures.measure();
    void figures.pull();
  }, [on, run]);
  const by = layer?.by;
  const shownKey = layers.join();
  useEffect(() => {
    const own: LayerKind[] = compare ? ['detector', 'reader'] : ['reader'];
    open.show(on && by !== undefined ? { kinds: own, reader: by } : { kinds: layers });
  }, [on, by, compare, shownKey]);

  editor.onTarget = ({ start, end }) => pane.current?.view.reveal('completion', start, end, { align: 'nearest' });
  useEffect(() => {
    if (!on) return undefined;
    // What was pressed and let go in the text, with what is selected then.
    const onPointerUp = (event: PointerEvent) => {
      const view = pane.current?.view;
      const target = event.target instanceof Element ? event.target : null;
      if (!view || event.button !== 0 || !target?.closest('.scroller') || target.closest('button')) return;
      const selected = view.selection.stretch();
      const place = selected ?? view.selection.placeAt(event.clientX, event.clientY);
      if (place?.in !== 'completion') return;
      const [start, end] = 'start' in place ? [place.start, place.end] : [place.offset, place.offset];
      editor.point(start, end);
    };
    document.addEventListener('pointerup', onPointerUp);
    return () => document.removeEventListener('pointerup', onPointerUp);
  }, [on]);

  // A hidden page is gone, and goes on when it comes back.
  const resumed = useRef(false);
  useEffect(() => {
    if (resumed.current || trace === null || loaded.completion === 0) return;
    resumed.current = true;
    if (host.saved()?.editing) void editor.begin(pane.current?.view.window().start ?? 0);
  }, [trace, loaded.completion]);

  const toggle = () => {
    const saved = host.saved();
    if (saved) host.save({ ...saved, editing: !editor.value.on });
    if (editor.value.on) editor.end();
    else {
      pane.current?.focus();
      void editor.begin(pane.current?.view.window().start ?? 0);
    }
  };
  const show = (item: QueueItem) => {
    figures.goTo(item);
    const { start, end } = item;
    if (item.trace !== open.value.trace) goTo(item.trace, { in: 'completion', start, end });
    else if (!editor.value.on) pane.current?.view.reveal('completion', start, end);
    const words = `${lookOf(item.label).name}: ${whyWords(item)}. ${item.text}`;
    if (editor.value.on) editor.goTo(item, words);
    else editor.say(words);
  };
  const disagreement = (direction: 1 | -1) =>
    void figures.next(direction).then((item) => (item ? show(item) : editor.say('There is no disagreement to read.')));

  const act = (action: EditAction) => {
    const { at } = figures.value;
    if (action.do === 'leave' || (action.do === 'back' && (editor.value.target?.kind ?? 'steps') === 'steps'))
      return toggle();
    if (action.do !== 'settle') return editor.do(action);
    if (at && at.trace === open.value.trace && (at.why === 'missed' || at.why === 'extra')) editor.settle(at);
    else editor.say('Go to a disagreement first: d goes to the next.');
  };
  const onKey = (event: KeyboardEvent): boolean => {
    if (!editor.value.on) return false;
    const element = event.composedPath()[0];
    // Enter and the blank press the button that has the focus.
    if (element instanceof HTMLButtonElement && event.key === 'Enter') return false;
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const typing = isField(element);
    const action = editActionOf({ key, ctrlKey, metaKey, altKey, shiftKey, typing });
    if (!action || (action.do === 'begin' && (editor.value.layer?.spans.length ?? 0) > 0)) return false;
    event.preventDefault();
    act(action);
    return true;
  };
  return {
    on,
    toggle,
    act: (action) => (editor.value.on ? act(action) : toggle()),
    disagreement,
    onKey,
    sheet: (others) => (on ? editSheet(others) : others),
    bar: <EditBar editor={editor} onEnd={toggle} />,
    panel: on ? <EditPanel editor={editor} figures={figures} open={open} onAction={act} onItem={show} /> : null,
  };
}

/** One line over the text while labels are edited: what the reader is at, and what was done. */
function EditBar({ editor, onEnd }: { editor: LabelEditor; onEnd: () => void }) {
  const { on, said, saving } = useStore(editor);
  useSaid('labels', said.text, said);
  return (
    <div class={on ? 'edit-bar' : 'hidden-text'}>
      {on && <strong class="edit-mode">Labels</strong>}
      <span class="edit-said" title={said.text}>
        {said.text}
      </span>
      {on && saving > 0 && <span class="muted">saving…</span>}
      {on && (
        <button class="chip" onClick={onEnd} title="End (E)">
          Done
        </button>
      )}
    </div>
  );
}
