/** Two attempts side by side: their texts, their steps tied to each other, and where they part. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { labels as allLabels } from '../../core/behaviours/spans.ts';
import { proportional, type Positions } from '../../core/metrics/token-position.ts';
import type { RowKind } from '../../core/traces/align.ts';
import type { FoldKind } from '../../core/traces/folds.ts';
import type { View } from '../../core/protocol/webview.ts';
import { OpenTrace } from '../inspector/open-trace.ts';
import type { Page } from '../inspector/page.ts';
import { TextPane, type PaneHandle } from '../text/text-pane.tsx';
import { nextMark } from '../text/token-marks.ts';
import { count, plural } from '../ui/format.ts';
import { Help } from '../ui/help.tsx';
import { Icon } from '../ui/icon.tsx';
import { pressOf } from '../ui/keys.ts';
import { useNote } from '../ui/note.tsx';
import { say } from '../ui/say.ts';
import { BackendBanner } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { usePageKeys } from '../ui/use-page-keys.ts';
import { readAttempts, type Attempts } from './attempts.ts';
import { Branches, type BranchKind } from './branches.ts';
import { BranchTree } from './branch-tree.tsx';
import { sidesActionOf, sidesHostActionOf, sidesKeyLines, type SidesAction } from './keys.ts';
import { Overview } from './overview.tsx';
import { Pair } from './pair.ts';
import { other, type Hunk, type SideName } from './place-map.ts';
import { SideHead, sideNames } from './side-head.tsx';
import { Summary } from './summary.tsx';
import { useLayout } from './use-layout.ts';

type SidesView = Extract<View, { page: 'sides' }>;

const sides = ['left', 'right'] as const;
const nothing: readonly never[] = [];
/** Width of the page, in pixels, below which the texts stand one over the other. */
const STACKED_BELOW = 820;

export function Sides({ page, view }: { page: Page; view: SidesView }) {
  const { host } = page;
  const { settings, backend } = useStore(page);
  const models = useMemo(() => ({ left: new OpenTrace(host), right: new OpenTrace(host) }), [host]);
  const pair = useMemo(() => new Pair(models.left, models.right), [models]);
  const branches = useMemo(() => new Branches(host), [host]);
  const state = useStore(pair);
  const { map } = state;
  const left = useStore(models.left);
  const right = useStore(models.right);
  const opened = { left, right };
  const [attempts, setAttempts] = useState<Attempts>({ rows: [], more: 0 });
  const [help, setHelp] = useState(false);
  const [stacked, setStacked] = useState(false);
  const [used, setUsed] = useState<SideName>('left');
  const [hunk, setHunk] = useState(-1);
  // Folds are of this page, and none is closed when it opens: a step that is folded away shows no tie.
  const [folded, setFolded] = useState<readonly FoldKind[]>([]);
  const [note, setNote] = useNote('link');
  const root = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const synced = view.apart !== true;
  const layout = useLayout(map, synced, canvas);

  useEffect(() => () => pair.dispose(), [pair]);
  for (const side of sides) {
    useEffect(() => {
      setHunk(-1);
      void models[side].open(view[side]);
    }, [view[side]]);
    useEffect(() => models[side].show({ kinds: settings.layers ?? ['detector'] }), [settings.layers]);
  }
  useEffect(
    () =>
      host.on('events/batch', (batch) => {
        for (const side of sides) models[side].onEvents(batch);
      }),
    [models],
  );
  const connected = backend.state === 'connected';
  const was = useRef(connected);
  useEffect(() => {
    if (connected && !was.current) for (const side of sides) void models[side].reload();
    was.current = connected;
  }, [connected]);

  // What there is to choose from belongs to the problem, and is read again when another one is shown.
  const problems = sides.map(
    (side) => opened[side].detail && `${opened[side].detail.run} ${opened[side].detail.problem}`,
  );
  useEffect(() => {
    const details = sides.flatMap((side) => opened[side].detail ?? []);
    if (details.length < 2) return;
    readAttempts(host, details).then(setAttempts, () => setAttempts({ rows: details, more: 0 }));
    const [a, b] = details;
    const title = `${a!.problemLabel} · ${a!.sample + 1} ↔ ${b!.sample + 1}`;
    const now = page.value.view as SidesView;
    if (title !== now.title) page.change<SidesView>({ title });
  }, [problems.join('\n'), left.detail?.trace, right.detail?.trace]);

  const group = left.group.length > 1 ? left.group : right.group;
  // Those of one group, or all attempts of one run at the problem, which sampled it apart.
  const members = group.length > 1 ? group : attempts.rows;
  const memberKey = members.map(({ trace, verdict, live }) => `${trace} ${verdict} ${live}`).join('\n');
  useEffect(() => {
    if (view.branches && members.length > 1) void branches.read(members, view.branches);
  }, [view.branches, memberKey]);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setStacked(entry!.contentRect.width < STACKED_BELOW));
    observer.observe(root.current!);
    return () => observer.disconnect();
  }, []);

  const go = (change: Partial<SidesView>) => page.change<SidesView>(change);
  const choose = (side: SideName, trace: string) => go({ [side]: trace, at: undefined });
  const handleOf = (side: SideName): PaneHandle | null => layout.panes[side]?.handle ?? null;

  const showHunk = (index: number, { left: a, right: b, leftSteps, rightSteps, moved }: Hunk) => {
    setHunk(index);
    layout.lead(used);
    for (const [side, [start, end]] of [
      ['left', a],
      ['right', b],
    ] as const)
      if (end > start) handleOf(side)?.view.reveal('completion', start, end);
    layout.show({ left: a[0], right: b[0] });
    const steps = [
      leftSteps > 0 && `${plural(leftSteps, 'step')} left`,
      rightSteps > 0 && `${plural(rightSteps, 'step')} right`,
      moved > 0 && `${count(moved)} of them moved`,
    ];
    say('place', `Difference ${count(index + 1)} of ${count(map!.hunks.length)}: ${steps.filter(Boolean).join(', ')}`);
  };
  const toDifference = (by: 1 | -1) => {
    if (!map || map.hunks.length === 0) return;
    const [start, end] = layout.windows.value[used];
    const next = hunk >= 0 ? hunk + by : map.hunkFrom(used, start === 0 ? -1 : start + (end - start) / 3, by);
    const shown = map.hunks[next];
    if (shown) showHunk(next, shown);
    else say('place', by > 0 ? 'No difference after this one' : 'No difference before this one');
  };
  const toKind = (kind: RowKind): void => {
    if (!map) return;
    const { rows, left: a, right: b } = map.alignment;
    const [start, end] = layout.windows.value[used];
    const here =
      map.rowOf[used][map.stepsWithin(used, start === 0 ? -1 : start + (end - start) / 3 + 40, Infinity)[0]] ?? -1;
    const after = rows.findIndex((row, n) => n > here && row.kind === kind);
    const at = after >= 0 ? after : rows.findIndex((row) => row.kind === kind);
    const row = rows[at];
    if (!row) return;
    const steps = { left: row.left ?? row.to, right: row.right ?? row.to };
    const [x, y] = [steps.left === null ? null : a[steps.left]!, steps.right === null ? null : b[steps.right]!];
    for (const [side, step] of [
      ['left', x],
      ['right', y],
    ] as const)
      if (step) handleOf(side)?.view.reveal('completion', step.start, step.end);
    setHunk(-1);
    layout.lead(x ? 'left' : 'right');
    layout.show({ ...(x && { left: x.start }), ...(y && { right: y.start }) });
    if (kind === 'onlyLeft' || kind === 'onlyRight') return say('place', `Only on the ${x ? 'left' : 'right'}`);
    return void pair.why(row).then((why) => say('place', `Both say ${why.join(', ')}`));
  };
  const toPartner = () => {
    if (!map) return;
    const [start, end] = layout.windows.value[used];
    const place = Math.round(map.across(used, start + (end - start) / 3));
    layout.show({ [other(used)]: place });
    handleOf(other(used))?.focus();
  };
  const copyLink = async () => {
    const at = handleOf(used)?.linked() ?? null;
    const done = await host.ask('host/copyLink', { trace: view[used], at }).catch(() => null);
    setNote(done ? `Link to the ${used} ${at ? 'text' : 'trace'} copied` : 'The link could not be copied');
  };
  const openText = (side: SideName) => void host.ask('host/openText', { trace: view[side], in: 'completion' });

  const act = (action: SidesAction): void => {
    const handle = handleOf(used);
    switch (action.do) {
      case 'difference':
        return toDifference(action.by);
      case 'parting':
        return map?.hunks[0] ? showHunk(0, map.hunks[0]) : undefined;
      case 'partner':
        return toPartner();
      case 'side':
        return handleOf(action.side)?.focus();
      case 'attempt': {
        const at = attempts.rows.findIndex(({ trace }) => trace === view[used]);
        const next = attempts.rows[at + action.by];
        return next ? choose(used, next.trace) : undefined;
      }
      case 'sync':
        return go({ apart: synced });
      case 'swap':
        return go({ left: view.right, right: view.left, at: undefined });
      case 'branches':
        return go({ branches: view.branches ? undefined : 'text' });
      case 'span':
        return void handle?.step(action.label, action.by);
      case 'raw':
        return page.settings({ raw: !settings.raw });
      case 'labels':
        return page.settings({ hiddenLabels: settings.hiddenLabels.length > 0 ? [] : [...allLabels] });
      case 'tokens':
        return page.settings({ tokenMark: nextMark(settings.tokenMark) });
      case 'foldAll':
        return handle?.foldAll();
      case 'foldHere':
        return handle?.foldHere();
      case 'goTo':
        return handle?.openGoTo();
      case 'landmark':
        return void handle?.mark(action.by);
      case 'link':
        return void copyLink();
      case 'prompt':
        return sides.forEach((side) => handleOf(side)?.togglePrompt());
      case 'find':
        return handle?.openFind();
      case 'start':
        return handle?.view.toStart();
      case 'end':
        return handle?.view.toEnd();
      case 'copy':
        return void host
          .ask('host/copy', { text: models[used].text.completion })
          .then(() => say('copied', `Copied the text on the ${used}`));
      case 'editor':
        return openText(used);
      case 'help':
        return setHelp(true);
      default:
        return undefined;
    }
  };
  usePageKeys<SidesAction>(host, {
    actionOf: (event) => {
      const target = event.composedPath()[0];
      // Enter on a button presses it.
      const presses = event.key === 'Enter' && target instanceof HTMLElement && !target.closest('.scroller');
      return presses ? null : sidesActionOf(pressOf(event));
    },
    hostActionOf: sidesHostActionOf,
    act,
  });

  // A place that was asked for is shown once the text is there that holds it.
  const { at } = view;
  const reached = useRef('');
  useEffect(() => {
    if (!at || !map || reached.current === JSON.stringify(at)) return;
    reached.current = JSON.stringify(at);
    layout.lead(at.side);
    handleOf(at.side)?.view.reveal('completion', at.start, at.end);
    layout.show({ [other(at.side)]: Math.round(map.across(at.side, at.start)) });
  }, [at, map]);

  const positions = { left: usePositions(models.left), right: usePositions(models.right) };
  const names = sideNames(left.detail, right.detail);
  const label = left.detail?.problemLabel ?? view.title;
  const pane = (side: SideName) => (
    <section
      key={side}
      class={`side of-${side}`}
      id={`sides-${side}`}
      aria-label={side === 'left' ? 'Left attempt' : 'Right attempt'}
      onFocusCapture={() => setUsed(side)}
      onPointerDownCapture={() => (setUsed(side), layout.lead(side))}
      onWheelCapture={() => (layout.lead(side), setHunk(-1))}
      onKeyDownCapture={() => layout.lead(side)}
    >
      <SideHead
        side={side}
        name={names[side]}
        trace={view[side]}
        detail={opened[side].detail}
        attempts={attempts.rows}
        more={attempts.more}
        matched={map && map.counts.matched[side]}
        onChoose={(trace) => {
          choose(side, trace);
          handleOf(side)?.focus();
        }}
        onInspect={() => {
          const { detail } = opened[side];
          if (!detail) return;
          const filter = { run: detail.run, problem: detail.problem };
          void host.ask('host/open', {
            view: { page: 'inspector', title: detail.problemLabel, filter, trace: detail.trace },
          });
        }}
      />
      <TextPane
        model={models[side]}
        hidden={settings.hiddenLabels}
        raw={settings.raw}
        name={side === 'left' ? 'Left' : 'Right'}
        budgets={nothing}
        tokenMark={settings.tokenMark}
        folding={{ kinds: folded, onKinds: setFolded }}
        onHandle={(handle) => layout.attach(side, document.getElementById(`sides-${side}`), handle)}
      />
    </section>
  );
  const tool = (action: SidesAction, icon: string, words: string, pressed?: boolean) => (
    <button class="tool" aria-label={words} title={words} aria-pressed={pressed} onClick={() => act(action)}>
      <Icon name={icon} />
    </button>
  );
  return (
    <div class={`inspector sides-page${stacked ? ' stacked' : ''}`} ref={root}>
      <BackendBanner backend={backend} host={host} />
      <header class="head">
        <div class="crumbs">
          <h1 class="crumb problem" title={label}>
            {label}
          </h1>
          <span class="muted sample">{left.detail && right.detail ? `${names.left} ↔ ${names.right}` : ''}</span>
        </div>
        <div class="tools" role="group" aria-label="View">
          <button
            class="tool framed"
            aria-pressed={!settings.raw}
            title="Reading: mathematics typeset (r)"
            onClick={() => settings.raw && act({ do: 'raw' })}
          >
            Reading
          </button>
          <button
            class="tool framed"
            aria-pressed={settings.raw}
            title="Raw text (r)"
            onClick={() => !settings.raw && act({ do: 'raw' })}
          >
            Raw
          </button>
          {tool({ do: 'sync' }, synced ? 'link' : 'unlink', 'Scroll together (l)', synced)}
          {tool({ do: 'swap' }, 'arrow-swap', 'Swap the sides (q)')}
          {members.length > 1 &&
            tool({ do: 'branches' }, 'git-merge', 'Branches of the group (t)', view.branches !== undefined)}
          {tool({ do: 'find' }, 'search', 'Find in the text in use (Ctrl+F)')}
          {tool({ do: 'help' }, 'question', 'Keys (?)')}
        </div>
      </header>
      <Summary
        pair={state}
        positions={positions}
        at={hunk}
        onDifference={toDifference}
        onParting={() => act({ do: 'parting' })}
        onKind={toKind}
      />
      {view.branches && members.length > 1 && (
        <BranchTree
          model={branches}
          shown={{ left: view.left, right: view.right }}
          side={used}
          onOpen={choose}
          onPair={(a, b) => go({ left: a, right: b, at: undefined })}
          onKind={(by: BranchKind) => (by === view.branches ? void branches.read(members, by) : go({ branches: by }))}
          onClose={() => go({ branches: undefined })}
        />
      )}
      <main class="sides-main">
        <div class="sides">
          {pane('left')}
          <canvas class="bands" ref={canvas} aria-hidden="true" />
          {pane('right')}
        </div>
        {map && (
          <Overview
            map={map}
            windows={layout.windows}
            onSeek={({ side, offset }) => {
              setHunk(-1);
              layout.lead(side);
              layout.show({ [side]: offset, [other(side)]: Math.round(map.across(side, offset)) });
            }}
          />
        )}
      </main>
      {note}
      {help && <Help lines={sidesKeyLines} onClose={() => setHelp(false)} />}
    </div>
  );
}

/** Where the tokens of a completion are: by its own tokens where they are known, otherwise an estimate. */
function usePositions(model: OpenTrace): Positions | null {
  const detail = useStore(model, (value) => value.detail);
  const { trace, table } = useStore(model.tokens);
  return useMemo(() => {
    if (table && trace === detail?.trace) return table.positions;
    return detail?.tokens && detail.length > 0 ? proportional(detail.tokens, detail.length) : null;
  }, [detail?.trace, detail?.tokens, detail?.length, trace, table]);
}
