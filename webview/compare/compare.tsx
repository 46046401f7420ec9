/** Before and after: the problems that changed, and two traces of one of them next to each other. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Label } from '../../core/behaviours/spans.ts';
import { labels as allLabels } from '../../core/behaviours/spans.ts';
import { DEFAULT_FACTOR } from '../../core/metrics/paired.ts';
import type { Pair } from '../../core/protocol/comparison.ts';
import { PAGE_LIMIT } from '../../core/protocol/methods.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import type { CompareSide, View } from '../../core/protocol/webview.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import type { Host } from '../host.ts';
import { verdictText, verdictWords } from '../inspector/columns.ts';
import { hostActionOf } from '../inspector/host-keys.ts';
import { actionOf, keyLines, type Action } from '../inspector/keys.ts';
import { OpenTrace } from '../inspector/open-trace.ts';
import type { Page } from '../inspector/page.ts';
import { toneOf } from '../text/overlay.ts';
import { TextPane, type PaneHandle } from '../text/text-pane.tsx';
import { Button, Dropdown, TextField } from '../ui/controls.ts';
import { count, plural, signed, tokens } from '../ui/format.ts';
import { Help } from '../ui/help.tsx';
import { Icon } from '../ui/icon.tsx';
import { pressOf } from '../ui/keys.ts';
import { TYPED, useSaid } from '../ui/say.ts';
import { Splitter } from '../ui/splitter.tsx';
import { BackendBanner, Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { usePageKeys } from '../ui/use-page-keys.ts';
import { Behaviours } from './behaviours-table.tsx';
import { PairTable } from './pair-table.tsx';
import { PairChips } from './pair-chips.tsx';
import { PairedHead } from './paired-head.tsx';
import { countChanges, filterOf, selectPairs, type PairKind, type PairSort } from './pairs.ts';
import { SideChooser } from './side-chooser.tsx';

type CompareView = Extract<View, { page: 'compare' }>;
type Loaded = { pairs: Pair[]; onlyBefore: number; onlyAfter: number };

export function Compare({ page, view }: { page: Page; view: CompareView }) {
  const { host } = page;
  const { settings, backend } = useStore(page);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [kept, setKept] = useState<PairKind[]>([]);
  const [factor, setFactor] = useState(DEFAULT_FACTOR);
  const [text, setText] = useState('');
  const [sort, setSort] = useState<PairSort>('change');
  const [help, setHelp] = useState(false);
  const [figures, setFigures] = useState(false);
  const [listWidth, setListWidth] = useState(() => host.saved()?.listWidth ?? 330);
  const root = useRef<HTMLDivElement>(null);
  const panes = useRef<{ before: PaneHandle | null; after: PaneHandle | null }>({ before: null, after: null });
  const last = useRef<'before' | 'after'>('after');
  const [open, setOpen] = useState<{ before: string | null; after: string | null }>({ before: null, after: null });

  const load = () => {
    setError(null);
    host
      .call('traces/pairs', { before: view.before, after: view.after, factor }, { timeout: 120_000 })
      .then(setLoaded, setError);
  };
  useEffect(load, [JSON.stringify([view.before, view.after, factor])]);
  useEffect(() => {
    root.current!.style.setProperty('--list-width', `${listWidth}px`);
  }, [listWidth]);

  const shown = useMemo(
    () => (loaded ? selectPairs(loaded.pairs, { kinds: kept, text, sort }) : []),
    [loaded, kept, text, sort],
  );
  const counts = useMemo(() => countChanges(loaded?.pairs ?? []), [loaded]);
  const pair = loaded?.pairs.find((one) => one.problem === view.problem) ?? null;
  const select = (next: Pair) => page.change<CompareView>({ problem: next.problem });
  useEffect(() => {
    if (loaded && !pair && shown[0]) select(shown[0]);
  }, [loaded, shown.length > 0]);

  const act = (action: Action) => {
    const handle = panes.current[last.current];
    if (action.do === 'trace') {
      const next = shown[shown.findIndex((one) => one.problem === view.problem) + action.by];
      if (next) select(next);
    } else if (action.do === 'span') handle?.step(action.label, action.by);
    else if (action.do === 'raw') page.settings({ raw: !settings.raw });
    else if (action.do === 'list') page.settings({ listOpen: !settings.listOpen });
    else if (action.do === 'labels')
      page.settings({ hiddenLabels: settings.hiddenLabels.length > 0 ? [] : [...allLabels] });
    else if (action.do === 'prompt') Object.values(panes.current).forEach((one) => one?.togglePrompt());
    else if (action.do === 'find') handle?.openFind();
    else if (action.do === 'start') handle?.view.toStart();
    else if (action.do === 'end') handle?.view.toEnd();
    else if (action.do === 'compare' && open.before && open.after && pair)
      void host.ask('host/open', {
        view: { page: 'sides', title: pair.problemLabel, left: open.before, right: open.after },
      });
    else if (action.do === 'help') setHelp(true);
  };
  useSaid('list', loaded ? plural(shown.length, 'problem') : '', JSON.stringify([text, kept]), TYPED);
  usePageKeys<Action>(host, { actionOf: (event) => actionOf(pressOf(event)), hostActionOf, act });

  const pane = (side: 'before' | 'after') =>
    pair && (
      <Side
        host={host}
        key={side}
        side={side}
        where={view[side]}
        pair={pair}
        hidden={settings.hiddenLabels}
        raw={settings.raw}
        onUse={() => (last.current = side)}
        onTrace={(trace) => setOpen((old) => ({ ...old, [side]: trace }))}
        onHandle={(handle) => (panes.current[side] = handle)}
      />
    );
  return (
    <div class="inspector compare" ref={root}>
      <BackendBanner backend={backend} host={host} />
      <div class="columns">
        {settings.listOpen && (
          <nav class="list-column" aria-label="Problems">
            <div class="filter" role="search" aria-label="Filter of the problems">
              <TextField
                label="Filter by words in the problem"
                placeholder="Filter problems"
                value={text}
                onInput={setText}
              />
              <Dropdown
                label="Order"
                value={sort}
                options={[
                  { value: 'change', text: 'What broke first' },
                  { value: 'problem', text: 'By problem' },
                  { value: 'longer', text: 'Grown longest first' },
                  { value: 'shorter', text: 'Shortened most first' },
                ]}
                onChange={(value) => setSort(value as PairSort)}
              />
              <PairChips counts={counts} kept={kept} onKeep={setKept} factor={factor} onFactor={setFactor} />
              <div class="summary muted">
                {plural(shown.length, 'problem')}
                {loaded && shown.length < loaded.pairs.length ? ` of ${count(loaded.pairs.length)}` : ''}
                {loaded && loaded.onlyBefore > 0 ? `, ${count(loaded.onlyBefore)} only before` : ''}
                {loaded && loaded.onlyAfter > 0 ? `, ${count(loaded.onlyAfter)} only after` : ''}
              </div>
            </div>
            {error !== null ? (
              <Failure what="The comparison cannot be shown" error={error} onRetry={load} />
            ) : !loaded ? (
              <Skeleton lines={16} label="Pairing the problems" />
            ) : shown.length === 0 ? (
              <Empty
                icon="diff"
                title={loaded.pairs.length === 0 ? 'No problem is on both sides' : 'No problem fits the filter'}
              >
                {loaded.pairs.length > 0 && (
                  <Button onClick={() => (setKept([]), setText(''))}>Clear the filter</Button>
                )}
              </Empty>
            ) : (
              <PairTable
                pairs={shown}
                selected={view.problem ?? null}
                onSelect={select}
                onEnter={() => panes.current.before?.focus()}
              />
            )}
          </nav>
        )}
        <main class="text-column">
          {settings.listOpen && (
            <Splitter
              label="Width of the list"
              value={listWidth}
              min={200}
              max={640}
              onChange={setListWidth}
              onEnd={() => page.keep({ listWidth })}
            />
          )}
          <header class="head">
            <div class="crumbs">
              <span class="crumb muted">{view.title}</span>
              <h1 class="crumb problem">{pair?.problemLabel ?? 'Comparison'}</h1>
              {pair && (
                <span class="num muted">
                  {pair.tokensDelta === null ? '' : `${signed(pair.tokensDelta, 0)} tokens`}
                </span>
              )}
            </div>
            <div class="tools" role="group" aria-label="View">
              <button
                class="tool framed"
                disabled={!open.before || !open.after}
                title="These two with their steps aligned (2)"
                onClick={() => act({ do: 'compare' })}
              >
                Side by side
              </button>
              <button class="tool framed apart" aria-pressed={figures} onClick={() => setFigures(!figures)}>
                Figures
              </button>
              <button
                class="tool framed"
                aria-pressed={!settings.raw}
                onClick={() => settings.raw && act({ do: 'raw' })}
              >
                Reading
              </button>
              <button
                class="tool framed"
                aria-pressed={settings.raw}
                onClick={() => !settings.raw && act({ do: 'raw' })}
              >
                Raw
              </button>
              <button class="tool" aria-label="Keys (?)" title="Keys (?)" onClick={() => setHelp(true)}>
                <Icon name="question" />
              </button>
            </div>
          </header>
          <SideChooser page={page} view={view} />
          <PairedHead
            host={host}
            before={view.before}
            after={view.after}
            factor={factor}
            onKeep={setKept}
            onLengths={(longer) => setSort(longer ? 'longer' : 'shorter')}
          />
          {figures && <Behaviours host={host} before={view.before} after={view.after} />}
          {pair ? (
            <div class="sides">
              {pane('before')}
              {pane('after')}
            </div>
          ) : (
            loaded && loaded.pairs.length > 0 && <Empty icon="diff" title="Choose a problem in the list" />
          )}
        </main>
      </div>
      {help && <Help lines={sheet} onClose={() => setHelp(false)} />}
    </div>
  );
}

/** The keys that do something here. */
const acted = new Set<Action['do']>([
  ...(['trace', 'span', 'raw', 'list', 'labels', 'prompt', 'find', 'start', 'end', 'help', 'compare'] as const),
]);
const sheet = keyLines
  .filter(({ keys, actions }) => (actions.length > 0 ? actions.every((one) => acted.has(one.do)) : keys[0] === 'Enter'))
  .map((line) =>
    line.actions[0]?.do === 'trace'
      ? { ...line, words: 'Next, previous problem' }
      : line.actions[0]?.do === 'compare'
        ? { ...line, words: 'These two with their steps aligned' }
        : line,
  );

interface SideProps {
  host: Host;
  side: 'before' | 'after';
  where: CompareSide;
  pair: Pair;
  hidden: readonly Label[];
  raw: boolean;
  onUse: () => void;
  onTrace: (trace: string | null) => void;
  onHandle: (handle: PaneHandle | null) => void;
}

/** One trace of a side, with a chooser of its samples. */
function Side({ host, side, where, pair, hidden, raw, onUse, onTrace, onHandle }: SideProps) {
  const model = useMemo(() => new OpenTrace(host), [host]);
  const [rows, setRows] = useState<TraceRow[]>([]);
  const { trace, detail } = useStore(model);
  useEffect(() => {
    let current = true;
    setRows([]);
    // A trace that stands for the change: a wrong one on a side that is wrong, a right one on a side that is right.
    const wanted = pair[side].right * 2 >= pair[side].n ? 'right' : 'wrong';
    const filter = { ...filterOf(where), problem: pair.problem };
    void model.open(pair[side].traces[0] ?? null);
    host.call('traces/page', { filter, limit: PAGE_LIMIT }).then(
      ({ rows: found }) => {
        if (!current) return;
        setRows(found);
        const better = found.find((row) => row.verdict === wanted);
        if (better && better.trace !== model.value.trace) void model.open(better.trace);
      },
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [pair, side]);
  useEffect(() => host.on('events/batch', (batch) => model.onEvents(batch)), [model]);
  useEffect(() => onTrace(trace), [trace]);

  const place = `${where.stage}${where.step === null ? '' : ` · ${count(where.step)}`}${where.marker ? ` · ${markerName(where.marker)}` : ''}`;
  const options = rows.map((row) => ({
    value: row.trace,
    text: `Sample ${row.sample + 1}  ${verdictText(row)}  ${tokens(row.tokens, row.tokensExact)} tok`,
  }));
  return (
    <div class="side" onFocusCapture={onUse} onPointerDown={onUse}>
      <div class="side-head">
        <span class="muted">{side}</span>
        <strong>{place}</strong>
        {detail && (
          <span class={toneOf(detail)} title={verdictWords(detail)}>
            {verdictText(detail)} {detail.answer?.slice(0, 40) ?? ''}
          </span>
        )}
        <span class="num muted">{detail ? `${tokens(detail.tokens, detail.tokensExact)} tok` : ''}</span>
        {options.length > 1 && trace && (
          <Dropdown
            label={`Sample, ${side}`}
            value={trace}
            options={options}
            onChange={(value) => void model.open(value)}
          />
        )}
        <button
          class="tool"
          aria-label={`Open in the inspector, ${side}`}
          title="Open in the inspector"
          onClick={() => {
            if (!trace) return;
            void host.ask('host/open', { view: { page: 'inspector', title: place, filter: filterOf(where), trace } });
          }}
        >
          <Icon name="go-to-file" />
        </button>
      </div>
      <TextPane
        model={model}
        hidden={hidden}
        raw={raw}
        name={side === 'before' ? 'Before' : 'After'}
        budgets={[]}
        onHandle={onHandle}
      />
    </div>
  );
}
