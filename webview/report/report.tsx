/** The report of a stage: its figures, the rows behind them, one row with all its parts; for GRPO its groups as well. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Report } from '../../core/protocol/report.ts';
import { mathRegions } from '../../core/traces/math.ts';
import type { ShownRows, View } from '../../core/protocol/webview.ts';
import type { Page } from '../inspector/page.ts';
import { Button } from '../ui/controls.ts';
import { typesetWhenIdle } from '../text/typeset.ts';
import { Splitter } from '../ui/splitter.tsx';
import { useSheet } from '../ui/help.tsx';
import { usePulled } from '../ui/pulls.ts';
import { BackendBanner, Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { Bars } from './bars.tsx';
import { Frame, type OnRows } from './block.tsx';
import { colorsOf } from './colors.ts';
import { columnsOf } from './columns.ts';
import { Dock, tablesOf } from './dock.tsx';
import { Figures } from './figures.tsx';
import { Funnel } from './funnel.tsx';
import { Groups } from './groups.tsx';
import { Head } from './head.tsx';
import { Histogram } from './histogram.tsx';
import { Classes } from './classes.tsx';
import { reportKeyLines } from './keys.ts';
import { ReportModel } from './report-model.ts';
import { RowList } from './row-list.ts';
import { RowPane } from './row-pane.tsx';
import { Sankey } from './sankey.tsx';
import { Training } from './training.tsx';
import { WhatIf } from './what-if.tsx';
import { Why } from './why.tsx';

type ReportView = Extract<View, { page: 'report' }>;

const WARM = '$\\frac{1}{2} = \\boxed{x^2}$';

/** Width of the page, in pixels, below which an open row covers the figures. */
const OVER_BELOW = 860;

export function StageReport({ page, view }: { page: Page; view: ReportView }) {
  const { host } = page;
  const { run, stage } = view;
  const { backend } = useStore(page);
  const { button, sheet } = useSheet(host, reportKeyLines);
  const model = useMemo(() => new ReportModel(host, run, stage), [host, run, stage]);
  const list = useMemo(() => new RowList(host, run, stage), [host, run, stage]);
  const { run: summary, report, attempt, pulls, error } = useStore(model);
  const { rows, complete } = useStore(list);
  const [paneWidth, setPaneWidth] = useState(() => host.saved()?.factsWidth ?? 560);
  const [width, setWidth] = useState(1200);
  const [tall, setTall] = useState(false);
  const [focus, setFocus] = useState(0);
  const root = useRef<HTMLDivElement>(null);

  usePulled(model, host, backend.state === 'connected');

  const tables = report ? tablesOf(report) : [];
  const shown: ShownRows | null = view.rows ?? (tables[0] ? { table: tables[0].table } : null);
  const { label: _label, ...asked } = shown ?? { table: '' };
  const rowsKey = JSON.stringify([attempt, asked]);
  useEffect(() => {
    void list.show(shown && asked, attempt);
  }, [rowsKey]);
  useEffect(() => void list.more(), [pulls]);
  // The first formula of a page takes the longest: it is set before a row is opened.
  useEffect(() => {
    if (rows.length > 0) typesetWhenIdle([{ text: WARM, regions: mathRegions(WARM) }]);
  }, [rows.length > 0]);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(root.current!);
    return () => observer.disconnect();
  }, []);
  const widest = Math.max(300, width - 320);
  useLayoutEffect(() => {
    root.current!.style.setProperty('--pane-width', `${Math.min(paneWidth, widest)}px`);
  }, [paneWidth, widest]);

  const onRows: OnRows = (from, label) => {
    const { row: _row, ...rest } = view;
    page.go({ ...rest, rows: { ...from, label } });
  };
  const openRow = (index: number | null) => {
    const { row: _row, ...rest } = view;
    page.go(index === null ? rest : { ...rest, row: index });
  };
  const closeRow = () => {
    openRow(null);
    root.current?.querySelector<HTMLElement>('.dock .grid')?.focus();
  };
  const runName = summary?.name ?? run;
  const openTrace = (trace: string) => {
    const [ofRun = run, ofStage = stage] = trace.split('/');
    void host.ask('host/open', {
      view: { page: 'inspector', title: `${ofStage} · ${runName}`, filter: { run: ofRun, stage: ofStage }, trace },
    });
  };
  const info = summary?.stages.find(({ id }) => id === stage) ?? null;
  const live = info?.state === 'running' || info?.state === 'stopping';
  const isGrpo = info?.kind === 'grpo';
  const isSft = info?.kind === 'sft';
  const index = view.row ?? null;
  const row = index === null ? null : (rows[index] ?? null);
  const block = tables.find(({ table }) => table === shown?.table);
  const first = rows[0]?.cells;
  const columns = useMemo(() => block?.columns ?? columnsOf(first), [block, first]);
  const over = width < OVER_BELOW;

  return (
    <div ref={root} class={`report${over ? ' over' : ''}`}>
      <BackendBanner backend={backend} host={host} />
      {!summary ? (
        error === null ? (
          <Skeleton lines={12} label="Reading the report" />
        ) : (
          <main class="report-scroll">
            <Failure page what="The report cannot be shown" error={error} onRetry={() => void model.pull()} />
          </main>
        )
      ) : (
        <div class="report-columns">
          <div class="report-main" inert={over && row !== null}>
            <Head host={host} run={summary} stage={stage} attempt={attempt}>
              {button}
            </Head>
            {!(tall && report) && (
              // While the stage works the split is fixed, so that rows stay where they are when figures come.
              <main
                class={`report-scroll${report && shown && !live ? ' settled' : ''}`}
                tabIndex={0}
                aria-label="Report"
              >
                {view.why && <Why page={page} view={view} />}
                {isGrpo && <Groups page={page} view={view} onTrace={openTrace} />}
                {report && <Blocks report={report} only={isSft ? ['figures'] : null} onRows={onRows} />}
                {isSft && (
                  <Training host={host} run={summary} stage={stage} connected={backend.state === 'connected'} />
                )}
                {report && isSft && <Blocks report={report} only={['bars', 'text']} onRows={onRows} />}
                {report?.kind === 'synthesize' && !live && tables.some(({ table }) => table === 'documents') && (
                  <div class="report-extra">
                    <Classes host={host} run={run} stage={stage} table="documents" onRows={onRows} />
                  </div>
                )}
                {report?.kind === 'reject' && tables.some(({ table }) => table === 'samples') && (
                  <div class="report-extra">
                    <WhatIf host={host} place={{ run, stage, ...(attempt === null ? {} : { attempt }) }} />
                  </div>
                )}
                {!report && error !== null && (
                  <Failure what="The report cannot be shown" error={error} onRetry={() => void model.pull()} />
                )}
                {!report && error === null && !isGrpo && !view.why && !(isSft && info?.state !== 'waiting') && (
                  <Nothing running={info?.state === 'running' || info?.state === 'waiting'}>
                    {info && info.traces > 0 && (
                      <Button
                        onClick={() =>
                          void host.ask('host/open', {
                            view: { page: 'inspector', title: `${stage} · ${runName}`, filter: { run, stage } },
                          })
                        }
                      >
                        Open traces
                      </Button>
                    )}
                  </Nothing>
                )}
              </main>
            )}
            {report && shown && (
              <Dock
                report={report}
                list={list}
                shown={shown}
                columns={columns}
                selected={index}
                tall={tall}
                onTall={() => setTall(!tall)}
                onRows={(rows) => {
                  const { row: _row, ...rest } = view;
                  page.go({ ...rest, rows });
                }}
                onSelect={openRow}
                onEnter={() => (row ? setFocus(focus + 1) : rows[0] && openRow(0))}
              />
            )}
          </div>
          {row && index !== null && (
            <div class="pane-holder">
              <RowPane
                host={host}
                place={{ run, stage, ...(attempt === null ? {} : { attempt }) }}
                list={list}
                row={row}
                index={index}
                columns={columns}
                focus={focus}
                onTrace={openTrace}
                onClose={closeRow}
                onStep={(by) => {
                  const to = index + by;
                  if (to >= 0 && (rows[to] || !complete)) {
                    list.look(to);
                    if (rows[to]) openRow(to);
                  }
                }}
              >
                {!over && (
                  <Splitter
                    label="Width of the row"
                    value={Math.min(paneWidth, widest)}
                    min={300}
                    max={widest}
                    reverse
                    onChange={setPaneWidth}
                    onEnd={() => page.keep({ factsWidth: paneWidth })}
                  />
                )}
              </RowPane>
            </div>
          )}
        </div>
      )}
      {sheet}
    </div>
  );
}

function Nothing({ running, children }: { running: boolean; children: ComponentChildren }) {
  return (
    <Empty icon="note" title={running ? 'Nothing reported yet' : 'This stage left no report'}>
      <p>
        {running
          ? 'Figures appear here as soon as the stage has some, and go on while it works.'
          : 'It ended before it had something to report, or its kind has nothing to report.'}
      </p>
      {children}
    </Empty>
  );
}

/** All blocks, or those of some types, but the tables, whose rows are in the dock. */
function Blocks({ report, only, onRows }: { report: Report; only: readonly string[] | null; onRows: OnRows }) {
  const colors = useMemo(() => colorsOf(report.blocks.flatMap(labelsOf)), [report]);
  const blocks = report.blocks.filter(({ type }) => type !== 'table' && (only === null || only.includes(type)));
  if (blocks.length === 0) return null;
  return (
    <div class="report-blocks">
      {blocks.map((block) => {
        switch (block.type) {
          case 'figures':
            return <Figures key={block.title} block={block} onRows={onRows} />;
          case 'funnel':
            return <Funnel key={block.title} block={block} onRows={onRows} />;
          case 'histogram':
            return <Histogram key={block.title} block={block} />;
          case 'bars':
            return <Bars key={block.title} block={block} colors={colors} onRows={onRows} />;
          case 'sankey':
            return <Sankey key={block.title} block={block} colors={colors} onRows={onRows} />;
          case 'text':
            return (
              <Frame key={block.title} block={block}>
                <p class="report-text">{block.text}</p>
              </Frame>
            );
          case 'table':
            return null;
          default:
            return block satisfies never;
        }
      })}
    </div>
  );
}

function labelsOf(block: Report['blocks'][number]): string[] {
  if (block.type === 'bars') return block.bars.flatMap(({ parts }) => parts.map(({ label }) => label));
  return block.type === 'sankey' ? block.flows.flatMap(({ from, to }) => [from, to]) : [];
}
