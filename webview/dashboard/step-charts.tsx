/** What a stage's training measured, by step: the charts that are always there, and the others where they are asked for. */
import type { ComponentChildren } from 'preact';
import { Chart } from './chart.tsx';
import type { StageChart } from './figures.ts';

interface StepChartsProps {
  title: string;
  /** Of the section, for screen readers. */
  label: string;
  note: ComponentChildren;
  charts: readonly StageChart[];
  others: readonly StageChart[];
  /** Whether the others are shown. */
  more: boolean;
  onMore: (more: boolean) => void;
  /** Of a stage with rewards: shows why they changed. */
  onWhy?: () => void;
}

export function StepCharts({ title, label, note, charts, others, more, onMore, onWhy }: StepChartsProps) {
  return (
    <section aria-label={label}>
      <div class="section-head">
        <h2 class="title">{title}</h2>
        {note && <span class="muted">{note}</span>}
        {onWhy && (
          <button class="chip" onClick={onWhy}>
            Why did the reward change?
          </button>
        )}
        {others.length > 0 && (
          <button class="chip" aria-pressed={more} onClick={() => onMore(!more)}>
            {more ? 'Fewer' : `${others.length} more`}
          </button>
        )}
      </div>
      <div class="charts">
        {[...charts, ...(more ? others : [])].map((chart) => (
          <Chart
            key={chart.id}
            title={chart.title}
            unit={chart.unit}
            x={chart.x}
            xName="step"
            lines={chart.lines}
            marks={chart.marks}
          />
        ))}
      </div>
    </section>
  );
}
