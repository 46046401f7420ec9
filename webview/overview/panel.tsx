/** The frame of a panel: its title, what it is of, its states. */
import type { ComponentChildren } from 'preact';
import type { ChartModel } from '../charts/model.ts';
import { useTable } from '../charts/as-table.tsx';
import { SaveMenu } from '../charts/save-menu.tsx';
import { Failure, Skeleton } from '../ui/states.tsx';
import type { Answer } from './use-answer.ts';

interface PanelProps {
  title: string;
  note?: ComponentChildren;
  tools?: ComponentChildren;
  /** What is drawn, to be saved and to be read as a table. */
  model?: (() => ChartModel) | null;
  /** What is saved where it has to be asked for first. */
  save?: (() => Promise<ChartModel>) | null;
  wide?: boolean;
  children: ComponentChildren;
}

export function Panel({ title, note, tools, model, save, wide = false, children }: PanelProps) {
  const { button, table } = useTable(title, model);
  const saved = model ?? save;
  return (
    <section class={`panel${wide ? ' wide' : ''}`} aria-label={title}>
      <header class="panel-head">
        <h2 class="panel-title">{title}</h2>
        {note && <span class="muted panel-note">{note}</span>}
        <span class="grow" />
        {tools}
        {button}
        {saved && <SaveMenu title={title} model={saved} />}
      </header>
      {table ?? children}
    </section>
  );
}

interface WaitProps<T> {
  answer: Answer<T>;
  what: string;
  /** Of the panel's body, kept free before the first answer. */
  height: number;
  children: (value: T) => ComponentChildren;
}

/** What is known is shown; before that a skeleton of the same height, or what failed. */
export function Wait<T>({ answer, what, height, children }: WaitProps<T>) {
  const { value, error, asking, retry } = answer;
  if (value !== null && error === null) return <div aria-busy={asking}>{children(value)}</div>;
  return (
    <div style={{ minHeight: `${height}px` }}>
      {error !== null && !asking ? (
        <Failure what={`${what} cannot be shown`} error={error} onRetry={retry} />
      ) : (
        <Skeleton lines={Math.floor(height / 30)} label={`Reading: ${what.toLowerCase()}`} />
      )}
    </div>
  );
}
