/** Figures over all traces of a run, every mark of which opens the traces behind it. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Checkpoint, SeriesInfo } from '../../core/protocol/overview.ts';
import type { View } from '../../core/protocol/webview.ts';
import type { Page } from '../inspector/page.ts';
import { Button, Dropdown } from '../ui/controls.ts';
import { count, plural } from '../ui/format.ts';
import { mayBeOf } from '../ui/pulls.ts';
import { BackendBanner, Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useSheet } from '../ui/help.tsx';
import { useStore } from '../ui/store.ts';
import { Behaviours } from './behaviours.tsx';
import { BudgetCurve } from './budget-curve.tsx';
import { Difficulty } from './difficulty.tsx';
import { overviewKeyLines } from './keys.ts';
import { Keeping } from './kept.ts';
import { Matrix } from './matrix.tsx';
import { seriesFilter, tracesView, type Place } from './open.ts';
import { Quadrants } from './quadrants.tsx';
import { Scatter } from './scatter.tsx';
import { useAnswer } from './use-answer.ts';

type OverviewView = Extract<View, { page: 'overview' }>;

/** Events after which the figures are no longer those of all traces. */
const news = new Set(['trace_end', 'trace_facts', 'verdict_given', 'rescored', 'rescore_undone', 'attempt_created']);

export function Overview({ page, view }: { page: Page; view: OverviewView }) {
  const { host } = page;
  const { backend } = useStore(page);
  const { button, sheet } = useSheet(host, overviewKeyLines);
  const [version, setVersion] = useState(0);
  const [newer, setNewer] = useState(false);
  const { run } = view;
  const summary = useAnswer(host, 'runs/get', { run }, version);
  const found = useAnswer(host, 'overview/series', { run }, version);
  useEffect(
    () =>
      host.on('events/batch', ({ stream, events }) => {
        const own = mayBeOf(stream, run);
        if (own && events.some(({ type }) => news.has(type))) setNewer(true);
      }),
    [host, run],
  );
  const read = () => {
    setNewer(false);
    setVersion((old) => old + 1);
  };
  // What failed while the backend was away is asked for again.
  const connected = backend.state === 'connected';
  const was = useRef(connected);
  useEffect(() => {
    if (connected && !was.current) read();
    was.current = connected;
  }, [connected]);
  const all = found.value?.series ?? [];
  const series =
    all.find(({ set, stage }) =>
      view.set === undefined ? stage !== null && stage === view.stage : set === view.set,
    ) ?? all[0];
  const name = summary.value?.name ?? run;
  const place = series && placeOf(run, name, all, summary.value !== null && summary.value.ended === null, series);
  return (
    <div class="dashboard overview">
      <BackendBanner backend={backend} host={host} />
      <main class="dashboard-scroll" tabIndex={0} aria-label="Overview of the traces">
        {found.error !== null ? (
          <Failure page what="The traces cannot be shown" error={found.error} onRetry={found.retry} />
        ) : !found.value ? (
          <Skeleton lines={14} label="Going through the traces" />
        ) : !series || !place ? (
          <Empty page icon="graph-scatter" title="No traces yet">
            <p>Figures appear here with the first finished traces.</p>
            <Button onClick={read}>Read again</Button>
          </Empty>
        ) : (
          <>
            <Head page={page} view={view} place={place} all={all} series={series}>
              {newer && (
                <button class="chip" onClick={read}>
                  New traces: read again
                </button>
              )}
              {found.value.more > 0 && (
                <span class="muted">{count(found.value.more)} more traces are in no figure</span>
              )}
              <span class="grow" />
              {button}
            </Head>
            <Panels
              key={`${series.set}/${series.stage}`}
              page={page}
              view={view}
              place={place}
              series={series}
              version={version}
            />
          </>
        )}
      </main>
      {sheet}
    </div>
  );
}

interface HeadProps {
  page: Page;
  view: OverviewView;
  place: Place;
  all: readonly SeriesInfo[];
  series: SeriesInfo;
  children: preact.ComponentChildren;
}

/** What is shown, and which two checkpoints of it are compared. */
function Head({ page, view, place, all, series, children }: HeadProps) {
  const ends = endsOf(series, view);
  const nameOf = ({ set, stage, checkpoints }: SeriesInfo) =>
    set ?? (checkpoints.some(({ stepFrom }) => stepFrom !== null) ? `${stage} (rollouts)` : (stage ?? ''));
  const side = (which: 'before' | 'after') => (
    <Dropdown
      label={which === 'before' ? 'Before' : 'After'}
      value={ends[which].key}
      options={series.checkpoints.map(({ key, label }) => ({ value: key, text: label }))}
      onChange={(key) => page.change<OverviewView>({ [which]: key })}
    />
  );
  return (
    <div class="overview-head">
      <h1>{place.name}</h1>
      <button
        class="link"
        onClick={() =>
          void page.host.ask('host/open', {
            view: tracesView(place, series.set ?? series.stage ?? '', seriesFilter(place)),
          })
        }
      >
        {plural(series.traces, 'trace')}
      </button>
      {all.length > 1 ? (
        <Dropdown
          label="Benchmark or stage"
          value={String(all.indexOf(series))}
          options={all.map((one, i) => ({ value: String(i), text: nameOf(one) }))}
          onChange={(value) => {
            const { set, stage } = all[Number(value)]!;
            page.go({ page: 'overview', run: view.run, ...(set !== null ? { set } : stage !== null && { stage }) });
          }}
        />
      ) : (
        <span class="muted">{nameOf(series)}</span>
      )}
      {series.checkpoints.length > 1 && (
        <span class="overview-sides" role="group" aria-label="Before and after">
          {side('before')} <span class="muted">→</span> {side('after')}
        </span>
      )}
      {children}
    </div>
  );
}

function Panels({
  page,
  view,
  place,
  series,
  version,
}: {
  page: Page;
  view: OverviewView;
  place: Place;
  series: SeriesInfo;
  version: number;
}) {
  const { host } = page;
  const { before, after } = endsOf(series, view);
  const shared = { host, place, version };
  const pair = { ...shared, before, after };
  const keeping = useMemo(() => ({ page, series: `${series.set}/${series.stage}` }), [page, series.set, series.stage]);
  return (
    <Keeping.Provider value={keeping}>
      <div class="panels">
        <Scatter {...shared} />
        <Matrix {...shared} />
        {before.key !== after.key && <Quadrants {...pair} />}
        <Difficulty {...pair} />
        <BudgetCurve {...pair} />
        <Behaviours {...shared} />
      </div>
    </Keeping.Provider>
  );
}

function placeOf(run: string, name: string, all: readonly SeriesInfo[], going: boolean, series: SeriesInfo): Place {
  const { set, stage, checkpoints } = series;
  const others = all.filter((one) => one !== series && one.set !== null);
  const mixed = set === null && others.some((one) => one.checkpoints.some((checkpoint) => checkpoint.stage === stage));
  return { run, name, set, stage, checkpoints, mixed, going };
}

/** What the view names, else the first and the last. */
function endsOf({ checkpoints }: SeriesInfo, view: OverviewView): { before: Checkpoint; after: Checkpoint } {
  const find = (key: string | undefined) => checkpoints.find((one) => one.key === key);
  return { before: find(view.before) ?? checkpoints[0]!, after: find(view.after) ?? checkpoints.at(-1)! };
}
