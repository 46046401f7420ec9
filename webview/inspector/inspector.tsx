/** The inspector: the list with its filter, the text with its ruler, the facts. Three columns, or fewer where there is no room. */
import { flushSync } from 'preact/compat';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Label } from '../../core/behaviours/spans.ts';
import { labels as allLabels } from '../../core/behaviours/spans.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { View } from '../../core/protocol/webview.ts';
import { TextPane, type PaneHandle } from '../text/text-pane.tsx';
import { nextMark } from '../text/token-marks.ts';
import { Help } from '../ui/help.tsx';
import { Icon } from '../ui/icon.tsx';
import { pressOf } from '../ui/keys.ts';
import { say } from '../ui/say.ts';
import { Splitter } from '../ui/splitter.tsx';
import { BackendBanner, Empty } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { usePageKeys } from '../ui/use-page-keys.ts';
import { useAudit } from './audit.tsx';
import { budgetsOf } from './budgets.ts';
import { useEditing } from './editing.tsx';
import { Facts } from './facts.tsx';
import { Head } from './head.tsx';
import { hostActionOf } from './host-keys.ts';
import { actionOf, keyLines, type Action } from './keys.ts';
import { useKeptPlace } from './kept-place.ts';
import { LayerSwitch } from './layers.tsx';
import { ListColumn, openQuery, type ListHandle } from './list-column.tsx';
import { OpenTrace } from './open-trace.ts';
import { PathFacts } from './path-facts.tsx';
import type { Page } from './page.ts';
import { useReading } from './reading.tsx';
import { SecondOpinion } from './second-opinion.tsx';
import { useSpoken } from './spoken.ts';
import { useTraces } from './use-traces.ts';

type InspectorView = Extract<View, { page: 'inspector' }>;

/** Widths of the page, in pixels, below which the facts become a strip and the list a drawer. */
const STRIP_BELOW = 980;
const DRAWER_BELOW = 620;

export function Inspector({ page, view }: { page: Page; view: InspectorView }) {
  const { host } = page;
  const { settings, backend } = useStore(page);
  const traces = useTraces(host, view);
  const open = useMemo(() => new OpenTrace(host), [host]);
  const detail = useStore(open, (value) => value.detail);
  const group = useStore(open, (value) => value.group);
  const [help, setHelp] = useState(false);
  const [width, setWidth] = useState(1200);
  const [listWidth, setListWidth] = useState(() => host.saved()?.listWidth ?? 310);
  const [factsWidth, setFactsWidth] = useState(() => host.saved()?.factsWidth ?? 288);
  const [budgets, setBudgets] = useState<number[]>([]);
  const [shownLabels, setShownLabels] = useState<readonly Label[]>([]);
  const pane = useRef<PaneHandle | null>(null);
  const listColumn = useRef<ListHandle | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const waiting = useRef(view.at ?? null);

  useEffect(() => {
    waiting.current = view.at ?? null;
    void open.open(view.trace ?? null);
  }, [view.trace, view.at?.start]);
  useKeptPlace({ page, open, pane, root, trace: view.trace, waiting });
  // The first trace opens by itself: a list alone says little.
  useEffect(() => {
    const { first } = traces;
    if (view.trace === undefined && first) page.change<InspectorView>({ trace: first.trace });
  }, [traces.first !== null, view.trace]);
  useEffect(() => {
    setBudgets([]);
    if (detail) void budgetsOf(host, detail).then(setBudgets);
  }, [detail?.trace, detail?.tokens]);

  useEffect(() => {
    return host.on('events/batch', (batch) => {
      open.onEvents(batch);
      traces.onEvents(batch);
    });
  }, [host]);
  // The backend is back: what is shown is read again.
  const connected = backend.state === 'connected';
  const was = useRef(connected);
  useEffect(() => {
    if (connected && !was.current) {
      traces.reload();
      void open.reload();
    }
    was.current = connected;
  }, [connected]);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(root.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const { style } = root.current!;
    style.setProperty('--list-width', `${listWidth}px`);
    style.setProperty('--facts-width', `${factsWidth}px`);
    if (settings.fontSize) style.setProperty('--text-size', `${settings.fontSize}px`);
  }, [listWidth, factsWidth, settings.fontSize]);
  const keepWidths = () => page.keep({ listWidth, factsWidth });
  const goTo = (trace: string, at?: InspectorView['at']) => page.change<InspectorView>({ trace, at });

  // A place that was asked for is shown once the text is there that holds it.
  useEffect(
    () =>
      open.watch(({ loaded }) => {
        const at = waiting.current;
        if (!at || !pane.current || loaded[at.in] < at.end) return;
        waiting.current = null;
        pane.current.view.reveal(at.in, at.start, at.end);
      }),
    [open],
  );

  const show = (row: TraceRow) => goTo(row.trace, traces.placeOf(row));
  const setHidden = (hidden: Label[]) => page.settings({ hiddenLabels: hidden });
  const openText = () => {
    if (view.trace) void host.ask('host/openText', { trace: view.trace, in: 'completion' });
  };

  const layers = settings.layers ?? ['detector'];
  const editing = useEditing({ host, open, pane, layers, goTo });
  const audit = useAudit({
    ...{ host, view, open, facts: settings.factsOpen, onView: (next) => page.go(next), onOpen: show },
    onFocusText: () => pane.current?.focus(),
    onReveal: (at) => pane.current?.view.reveal(at.in, at.start, at.end),
  });
  const reading = useReading({ page, open, pane, budgets });
  useSpoken({ trace: view.trace, detail, settings });

  const act = (action: Action): void => {
    const handle = pane.current;
    switch (action.do) {
      case 'trace': {
        if (!audit.rows) return traces.beside(view.trace, action.by, show);
        const at = audit.rows.findIndex((row) => row.trace === view.trace);
        const row = audit.rows[at + action.by];
        return row ? show(row) : undefined;
      }
      case 'sibling': {
        const at = group.findIndex((row) => row.trace === view.trace);
        const row = group[at + action.by];
        return row ? show(row) : undefined;
      }
      case 'span':
        handle?.step(action.label, action.by);
        return undefined;
      case 'raw':
        return page.settings({ raw: !settings.raw });
      case 'facts':
        return page.settings({ factsOpen: !settings.factsOpen });
      case 'list':
        return page.settings({ listOpen: !settings.listOpen });
      case 'query':
        return openQuery(page, () => listColumn.current);
      case 'tokens':
        return page.settings({ tokenMark: nextMark(settings.tokenMark) });
      case 'labels': {
        const off = settings.hiddenLabels.length === allLabels.length;
        if (!off) setShownLabels(settings.hiddenLabels);
        return setHidden(off ? [...shownLabels] : [...allLabels]);
      }
      case 'foldAll':
        return handle?.foldAll();
      case 'foldHere':
        return handle?.foldHere();
      case 'prompt':
        return handle?.togglePrompt();
      case 'find':
        return handle?.openFind();
      case 'start':
        return handle?.view.toStart();
      case 'end':
        return handle?.view.toEnd();
      case 'copy':
        return void host
          .ask('host/copy', { text: open.text.completion })
          .then(() => say('copied', 'Copied the text of the trace'));
      case 'editor':
        return openText();
      case 'compare':
        return void (view.trace && host.ask('host/command', { command: 'longhand.compareTrace', trace: view.trace }));
      case 'edit':
        return editing.toggle();
      case 'editing':
        return editing.act(action.what);
      case 'disagreement':
        return editing.disagreement(action.by);
      case 'help':
        return setHelp(true);
      case 'goTo':
      case 'landmark':
      case 'outline':
      case 'strips':
      case 'link':
        return reading.act(action);
      default:
        return audit.act(action);
    }
  };
  usePageKeys<Action>(host, {
    actionOf: (event) => {
      if (editing.onKey(event)) return null;
      const action = actionOf(pressOf(event));
      // Labels have keys next to those of verdicts: none is given by a slip.
      return editing.on && (action?.do === 'judge' || action?.do === 'unjudge') ? null : action;
    },
    hostActionOf,
    act,
  });

  const strip = width < STRIP_BELOW;
  const drawer = width < DRAWER_BELOW;
  // The list lies over the text there: what is under it is out of reach until it is put away.
  const covered = drawer && settings.listOpen;
  useLayoutEffect(() => {
    if (covered && document.activeElement === document.body)
      root.current!.querySelector<HTMLElement>('.list-column .grid')?.focus();
  }, [covered]);
  const facts = (
    <aside class={strip ? 'facts facts-strip' : 'facts'} aria-label="Facts" tabIndex={0}>
      {editing.panel}
      {!editing.on && layers.includes('judge') && (
        <SecondOpinion
          {...{ host, model: open }}
          onPlace={(trace, at) =>
            trace === view.trace ? pane.current?.view.reveal(at.in, at.start, at.end) : goTo(trace, at)
          }
        />
      )}
      <Facts
        model={open}
        hidden={settings.hiddenLabels}
        onHidden={setHidden}
        onStep={(label, by) => pane.current?.step(label, by)}
        onOpen={show}
        verdicts={audit.facts}
        layers={
          !editing.on && (
            <LayerSwitch model={open} shown={layers} onShown={(kinds) => page.settings({ layers: kinds })} />
          )
        }
        path={(detail) => (
          <PathFacts
            {...{ model: open, detail }}
            onReveal={(at) => pane.current?.view.reveal(at.in, at.start, at.end)}
          />
        )}
        onReveal={(at) => pane.current?.view.reveal(at.in, at.start, at.end)}
      />
    </aside>
  );
  return (
    <div class={`inspector${strip ? ' strip' : ''}${drawer ? ' drawer' : ''}`} ref={root}>
      <BackendBanner backend={backend} host={host} />
      <div class="columns">
        {settings.listOpen && (
          <ListColumn
            {...{ page, view, traces, audit, settings }}
            onSelect={show}
            onEnter={() => {
              if (covered) flushSync(() => page.settings({ listOpen: false }));
              if (traces.wish) pane.current?.openFind(traces.wish);
              else pane.current?.focus();
            }}
            onHandle={(handle) => (listColumn.current = handle)}
          />
        )}
        {covered && (
          <button
            class="drawer-close"
            aria-label="Close the list (l)"
            title="Close the list (l)"
            onClick={() => act({ do: 'list' })}
          >
            <Icon name="close" />
          </button>
        )}
        <main class="text-column" inert={covered}>
          {settings.listOpen && !drawer && (
            <Splitter
              label="Width of the list"
              value={listWidth}
              min={180}
              max={Math.max(200, width - 380)}
              onChange={setListWidth}
              onEnd={keepWidths}
            />
          )}
          {settings.factsOpen && !strip && (
            <Splitter
              label="Width of the facts"
              value={factsWidth}
              min={200}
              max={520}
              reverse
              onChange={setFactsWidth}
              onEnd={keepWidths}
            />
          )}
          <Head
            view={view}
            row={detail ?? traces.row(view.trace)}
            group={group}
            raw={settings.raw}
            act={act}
            settings={settings}
            editing={editing.on}
            opened={reading.opened}
          />
          {editing.bar}
          {strip && settings.factsOpen && detail && facts}
          {view.trace === undefined && traces.empty ? (
            <Empty icon="book" title="Nothing is open">
              <p>Choose a trace in the list to read it.</p>
            </Empty>
          ) : (
            reading.around(
              <TextPane
                model={open}
                hidden={settings.hiddenLabels}
                raw={settings.raw}
                tokenMark={settings.tokenMark}
                name="Trace"
                budgets={budgets}
                extra={audit.overlays}
                folding={{ kinds: settings.folded ?? [], onKinds: (folded) => page.settings({ folded: [...folded] }) }}
                find={reading.find}
                outline={reading.outline}
                onHandle={(handle) => (pane.current = handle)}
              />,
            )
          )}
        </main>
        {!strip && settings.factsOpen && facts}
      </div>
      {help && <Help lines={editing.sheet(keyLines)} onClose={() => setHelp(false)} />}
    </div>
  );
}
