/** The text of a trace with its ruler, its find bar and its line of position: one pane, in the inspector and in a comparison. */
import { flushSync } from 'preact/compat';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Label } from '../../core/behaviours/spans.ts';
import type { TokenMark } from '../../core/protocol/webview.ts';
import type { OpenTrace } from '../inspector/open-trace.ts';
import { count, plural } from '../ui/format.ts';
import { take } from '../ui/keys.ts';
import { lookOf } from '../ui/labels.ts';
import { say } from '../ui/say.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { FindBar, type FindPlace, type FindWish } from './find-bar.tsx';
import { OutlineList } from './outline-list.tsx';
import { overlays, type Overlay } from './overlay.ts';
import { usePlaces, type PlaceHandle } from './places.tsx';
import { Ruler } from './ruler.tsx';
import { TextView, type TextWindow } from './text-view.ts';
import { useFolds, type FoldChoice, type FoldHandle } from './use-folds.tsx';
import { useTokens } from './use-tokens.tsx';

/** What the keys of the page do in a pane. */
export interface PaneHandle extends PlaceHandle, FoldHandle {
  view: TextView;
  focus(): void;
  /** Opens the find bar, filled with `wish` where there is one. */
  openFind(wish?: FindWish): void;
  togglePrompt(): void;
  /** To the next span of a label (any label: null) from where the reader is; false: there is none. */
  step(label: Label | null, direction: 1 | -1): boolean;
}

export interface KeptFind {
  wish: FindWish;
  /** The hit that was shown. */
  at: (FindPlace & { trace: string }) | null;
}

interface TextPaneProps {
  model: OpenTrace;
  hidden: readonly Label[];
  raw: boolean;
  name: string;
  budgets: readonly number[];
  /** What lies over the completion beside what its annotations say. */
  extra?: readonly Overlay[];
  /** What the lines under the tokens are of; absent: there are none. */
  tokenMark?: TokenMark | null | undefined;
  /** What is folded; absent: nothing is. */
  folding?: FoldChoice;
  /** The find bar that was open when the page was left, of which trace, and what hears of it; null: there is none. */
  find?: { kept: KeptFind | null; onKeep: (find: KeptFind | null) => void };
  /** The outline beside the text, while it is open. */
  outline?: { onClose: () => void } | null;
  onHandle: (handle: PaneHandle | null) => void;
}

/** Characters of a span that are said when it is gone to. */
const SAID = 160;
const nothing: readonly never[] = [];
const closed = { asked: 0, wish: null };

export function TextPane({
  model,
  hidden,
  raw,
  name,
  budgets,
  extra,
  tokenMark,
  folding,
  find,
  outline,
  onHandle,
}: TextPaneProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const scrollerId = useId();
  const [view, setView] = useState<TextView | null>(null);
  const [at, setAt] = useState<TextWindow>({ start: 0, end: 0, atEnd: false });
  const [promptOpen, setPromptOpen] = useState(false);
  const [finding, setFinding] = useState<{ asked: number; wish: FindWish | null; back?: KeptFind['at'] }>(() =>
    find?.kept ? { asked: 1, wish: find.kept.wish, back: find.kept.at } : closed,
  );
  const [hits, setHits] = useState<readonly { start: number; end: number }[]>(nothing);
  const lastFind = useRef<FindWish | null>(null);
  const { trace, detail, annotations, loaded, error, figures, shown } = useStore(model);
  const place = useRef({ trace: '', offset: -1 });
  const onFolds = useRef<(view: TextView) => void>(() => undefined);

  useLayoutEffect(() => {
    const frame = { id: 0 };
    let last: TextWindow | null = null;
    const made = new TextView({
      scroller: scroller.current!,
      onWindow: (window) => {
        last = window;
        frame.id ||= requestAnimationFrame(() => {
          frame.id = 0;
          if (last) setAt(last);
        });
      },
      onTogglePrompt: () => setPromptOpen((open) => !open),
      onFolds: () => onFolds.current(made),
    });
    setView(made);
    model.attach({
      clear: () => made.clear(),
      append: (part, text, whole) => made.append(part, text, whole),
    });
    return () => {
      cancelAnimationFrame(frame.id);
      made.dispose();
    };
  }, [model]);

  const promptTitle = detail && detail.promptLength === 0 ? 'Problem' : 'Prompt';
  useLayoutEffect(() => {
    view?.setPrompt(promptOpen, `${promptTitle} · ${plural(loaded.prompt, 'character')}`);
  }, [view, promptOpen, promptTitle, loaded.prompt]);
  useLayoutEffect(() => view?.setRaw(raw), [view, raw]);
  useLayoutEffect(() => view?.setHidden(hidden), [view, hidden]);
  useLayoutEffect(() => view?.follow(detail?.live ?? false), [view, detail?.live]);

  const complete = loaded.completion >= loaded.length;
  const over = useMemo(
    () => [...overlays(detail, annotations, model.text.completion, shown, figures), ...(complete ? (extra ?? []) : [])],
    [detail?.answerFound, detail?.verdict, detail?.finish, annotations, complete, shown, figures, extra],
  );
  useLayoutEffect(() => view?.setOverlays(over), [view, over]);

  const own = annotations?.layers?.find(({ kind, name: by }) => kind === 'reader' && by === shown.reader);
  const reviewed = own?.read ?? nothing;
  const length =
    detail && !detail.live && detail.length > 0 ? detail.length : Math.max(loaded.length, loaded.completion);
  const { positions, density, foot, tip } = useTokens({
    ...{ view, model, detail, length, complete, mark: tokenMark ?? null, scroller },
  });
  const folds = useFolds({
    ...{ view, trace, annotations, text: model.text, complete, at },
    live: detail?.live ?? false,
    choice: folding,
    here: () => (place.current.trace === trace ? place.current.offset : -1),
  });
  onFolds.current = folds.onFolds;
  const places = usePlaces({
    ...{ view, trace, detail, annotations, figures, length, positions, budgets, at },
    loaded: loaded.completion,
    onFocusText: () => scroller.current?.focus(),
  });

  useEffect(() => {
    if (!view) return undefined;
    const element = scroller.current!;
    const step = (label: Label | null, direction: 1 | -1) => {
      const spans = over.filter(
        (span) =>
          !span.answer &&
          (label === null ? span.label !== 'marker' : span.label === label) &&
          !hidden.includes(span.label),
      );
      if (spans.length === 0) {
        say('place', `There is no ${label === null ? 'span' : lookOf(label).name.toLowerCase()}`);
        return false;
      }
      const key = (span: (typeof spans)[number]) => (span.in === 'prompt' ? span.start - 1e9 : span.start);
      spans.sort((a, b) => key(a) - key(b));
      const here = place.current.trace === trace && place.current.offset >= -1e9 ? place.current.offset : at.start - 1;
      const next =
        direction > 0
          ? (spans.find((span) => key(span) > here) ?? spans[0]!)
          : (spans.findLast((span) => key(span) < here) ?? spans.at(-1)!);
      place.current = { trace: trace ?? '', offset: key(next) };
      view.reveal(next.in, next.start, next.end);
      const its = model.text[next.in].slice(next.start, Math.min(next.end, next.start + SAID));
      const outcome = next.pill ? ` (${next.pill.text.slice(2)})` : '';
      say('place', `${lookOf(next.label).name} ${spans.indexOf(next) + 1} of ${spans.length}${outcome}: ${its}`);
      return true;
    };
    onHandle({
      view,
      focus: () => element.focus(),
      openFind,
      togglePrompt: () => setPromptOpen((open) => !open),
      step,
      ...places.handle,
      ...folds.handle,
    });
    return undefined;
  }, [view, over, hidden, trace, at.start, places.handle]);
  useEffect(() => () => onHandle(null), []);

  // At once: the next key is meant for the field. What is selected is what is looked for, or else what was before.
  const openFind = (wish?: FindWish) =>
    flushSync(() => {
      const selected = wish ? null : (view?.selection.needle() ?? null);
      const last = lastFind.current ?? { needle: '', regex: false, matchCase: false };
      const next = wish ?? (selected === null ? last : { ...last, needle: selected, regex: false });
      setFinding(({ asked }) => ({ asked: asked + 1, wish: next }));
    });

  const closeFind = () => {
    setFinding(closed);
    find?.onKeep(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'F3' && finding.asked === 0) {
      take(event);
      openFind();
    }
    if (event.key === 'Escape' && finding.asked > 0) {
      take(event);
      closeFind();
    }
    if ((event.ctrlKey || event.metaKey) && event.key === 'a') {
      event.preventDefault();
      view?.selection.selectAll();
    }
  };
  return (
    <section class="pane" aria-label={name}>
      <Ruler
        length={length}
        window={at}
        overlays={over}
        hidden={hidden}
        positions={positions}
        budgets={budgets}
        text={model.text}
        figures={figures}
        sections={places.sections}
        reviewed={reviewed}
        hits={hits}
        folded={folds.closed}
        density={density}
        controls={scrollerId}
        onSeek={(offset, align) => {
          place.current = { trace: '', offset: -1 };
          if (offset === 0) view?.toStart();
          else view?.reveal('completion', offset, offset, { align, target: false, keepFolds: true });
        }}
        onMark={(by) => places.handle.mark(by)}
      />
      <div class="pane-main">
        {places.field}
        {finding.asked > 0 && view && (finding.back === undefined || trace !== null) && (
          <FindBar
            view={view}
            length={loaded.completion + loaded.prompt}
            asked={finding.asked}
            wish={finding.wish}
            back={finding.back && finding.back.trace !== trace ? null : finding.back}
            onWish={(wish, at) => {
              lastFind.current = wish;
              find?.onKeep({ wish, at: at && trace !== null ? { ...at, trace } : null });
            }}
            onHits={setHits}
            onClose={() => {
              closeFind();
              scroller.current?.focus();
            }}
          />
        )}
        <div
          ref={scroller}
          id={scrollerId}
          class="scroller"
          tabIndex={0}
          role="document"
          aria-label={`${name}, text`}
          onKeyDown={onKeyDown}
          onPointerDown={() => (place.current = { trace: '', offset: -1 })}
          onWheel={() => (place.current = { trace: '', offset: -1 })}
        />
        {error !== null && (
          <div class="pane-over">
            <Failure what="This trace cannot be shown" error={error} onRetry={() => void model.reload()} />
          </div>
        )}
        {trace !== null && error === null && loaded.completion === 0 && loaded.prompt === 0 && !detail && (
          <div class="pane-over">
            <Skeleton lines={12} label="Reading the trace" />
          </div>
        )}
        {tip}
        <div class="pane-foot">
          {places.position}
          {foot}
          {folds.foot}
          {!complete && <span class="muted">reading… {count((100 * loaded.completion) / loaded.length)} %</span>}
        </div>
      </div>
      {outline && (
        <OutlineList
          known={{ text: model.text.completion, spans: over, sections: places.sections, steps: places.steps, figures }}
          {...{ positions, hidden }}
          at={at.start}
          onGo={({ start, end }) => view?.reveal('completion', start, end, { target: end > start })}
          onClose={outline.onClose}
        />
      )}
    </section>
  );
}
