/** What all blocks of a report share: their frame, and the mark that opens the rows behind it. */
import type { ComponentChildren } from 'preact';
import type { ReportBlock, TableRef } from '../../core/protocol/report.ts';
import type { ChartModel } from '../charts/model.ts';
import { useTable } from '../charts/as-table.tsx';
import { SaveMenu } from '../charts/save-menu.tsx';

export type BlockOf<T extends ReportBlock['type']> = Extract<ReportBlock, { type: T }>;

/** Shows the rows behind a number; `label` says on their list what they are. */
export type OnRows = (rows: TableRef, label: string) => void;

interface FrameProps {
  block: Pick<ReportBlock, 'title' | 'note' | 'type'>;
  unit?: string | undefined;
  /** Of a chart, to save it and to read it as a table. */
  model?: () => ChartModel;
  children: ComponentChildren;
}

export function Frame({ block, unit, model, children }: FrameProps) {
  const { button, table } = useTable(block.title, model);
  return (
    <section class={`report-block report-${block.type}`} aria-label={block.title}>
      <div class="report-head">
        <h2 class="report-title">
          {block.title}
          {unit && <span class="muted"> {unit}</span>}
        </h2>
        {button}
        {model && <SaveMenu title={block.title} model={model} />}
      </div>
      {table ?? children}
      {block.note && <p class="report-note muted">{block.note}</p>}
    </section>
  );
}

interface MarkProps {
  rows: TableRef | undefined;
  label: string;
  class?: string;
  onRows: OnRows;
  /** In words, for the tooltip. */
  says?: string;
  /** What is shown has no text of its own. */
  bare?: boolean;
  children: ComponentChildren;
}

/** A number or a bar: a button where rows stand behind it. */
export function Mark({ rows, label, class: name = '', onRows, says, bare, children }: MarkProps) {
  if (!rows)
    return (
      <span class={name} title={says}>
        {children}
      </span>
    );
  return (
    <button
      class={`mark ${name}`}
      aria-label={bare ? (says ?? label) : undefined}
      title={`${says ?? label}: show the rows`}
      onClick={() => onRows(rows, label)}
    >
      {children}
    </button>
  );
}
