/** The charts of a report as what is saved of them. Pure. */
import type { BarsModel, FlowsModel } from '../charts/model.ts';
import type { BlockOf } from './block.tsx';
import { figure } from './numbers.ts';

const notesOf = ({ note }: { note?: string | undefined }) => (note ? { notes: [note] } : {});

export function histogramModel(block: BlockOf<'histogram'>, colorOf: (series: number) => string): BarsModel {
  const { title, unit, edges, series } = block;
  return {
    ...{ kind: 'bars', style: 'histogram', title, unit, xName: unit, yName: 'n' },
    categories: edges.slice(1).map((edge, i) => `${figure(edges[i]!)}–${figure(edge)}`),
    series: series.map(({ label, counts }, i) => ({ name: label, color: colorOf(i), values: counts })),
    ...notesOf(block),
  };
}

/** Parts of the same name are one series. */
export function barsModel(block: BlockOf<'bars'>, colors: ReadonlyMap<string, string>): BarsModel {
  const { title, unit, bars } = block;
  const names = [...new Set(bars.flatMap(({ parts }) => parts.map(({ label }) => label)))];
  return {
    ...{ kind: 'bars', style: 'stacked', title, xName: 'of', yName: unit ?? 'n' },
    ...(unit !== undefined && { unit }),
    categories: bars.map(({ label }) => label),
    series: names.map((name) => ({
      name,
      color: colors.get(name) ?? '--lh-grey',
      values: bars.map(({ parts }) => parts.find(({ label }) => label === name)?.n ?? null),
    })),
    ...notesOf(block),
  };
}

/** What is left after each step, and what it dropped by reason. */
export function funnelModel(block: BlockOf<'funnel'>): BarsModel {
  const { title, steps } = block;
  const reasons = [...new Set(steps.flatMap(({ dropped = [] }) => dropped.map(({ reason }) => reason)))];
  return {
    ...{ kind: 'bars', style: 'stacked', title, xName: 'step', yName: 'n' },
    categories: steps.map(({ label }) => label),
    series: [
      { name: 'left', color: '--lh-verification', values: steps.map(({ n }) => n) },
      ...reasons.map((reason) => ({
        name: `dropped: ${reason}`,
        color: '--lh-grey',
        values: steps.map(({ dropped = [] }) => dropped.find((one) => one.reason === reason)?.n ?? null),
      })),
    ],
    ...notesOf(block),
  };
}

export function flowsModel(block: BlockOf<'sankey'>, colors: ReadonlyMap<string, string>): FlowsModel {
  return { kind: 'flows', title: block.title, flows: block.flows, colors, ...notesOf(block) };
}
