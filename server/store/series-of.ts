/** The series of a run: its benchmarks by checkpoint, its stages by step. Pure. */
import { LonghandError } from '../../core/protocol/errors.ts';
import { MOST_CHECKPOINTS, type Checkpoint, type SeriesInfo } from '../../core/protocol/overview.ts';
import { shortMarkerNames } from '../../core/traces/marker-name.ts';
import type { Place, RunTable } from './run-table.ts';
import type { Slices } from './slices.ts';

export interface Series extends SeriesInfo {
  /** The checkpoint of each place of the table; -1: it is in none. */
  column: Int32Array;
}

/** A series with its table, while a question about it is answered. */
export interface Found {
  run: string;
  table: RunTable;
  /** Of the run's state that the table is of. */
  stamp: string;
  series: Series;
  slices: Slices;
}

/** @throws `not_found` */
export function columnAt({ checkpoints }: Series, key: string): number {
  const at = checkpoints.findIndex((one) => one.key === key);
  if (at < 0)
    throw new LonghandError('not_found', 'That evaluation or step is not there any more. Read the page again.');
  return at;
}

/** Benchmarks first, each with the checkpoints that were evaluated in the order of training; then stages by step. */
export function seriesOf(table: RunTable): Series[] {
  const found = new Map<string, number[]>();
  for (const [i, { set, stage }] of table.places.entries()) {
    const key = JSON.stringify(set === null ? [null, stage] : [set, null]);
    const own = found.get(key);
    if (own) own.push(i);
    else found.set(key, [i]);
  }
  const all = [...found].map(([key, places]): Series => {
    const [set, stage] = JSON.parse(key) as [string | null, string | null];
    const { checkpoints, column } = columnsOf(table, places);
    const traces = places.reduce((sum, place) => sum + table.places[place]!.traces, 0);
    return { set, stage, traces, checkpoints, column };
  });
  return [...all.filter(({ set }) => set !== null), ...all.filter(({ set }) => set === null)];
}

function columnsOf(table: RunTable, places: readonly number[]): Pick<Series, 'checkpoints' | 'column'> {
  const lines = new Map<string, number[]>();
  for (const place of places) {
    const { stage, of, marker } = table.places[place]!;
    const key = JSON.stringify([stage, of, marker]);
    const own = lines.get(key);
    if (own) own.push(place);
    else lines.set(key, [place]);
  }
  // Where there are too many, each line of steps is cut into as many ranges as it has a share of them.
  const each = places.length > MOST_CHECKPOINTS ? Math.max(1, Math.floor(MOST_CHECKPOINTS / lines.size)) : Infinity;
  const groups: number[][] = [];
  for (const own of lines.values()) {
    own.sort((a, b) => (table.places[a]!.step ?? -1) - (table.places[b]!.step ?? -1));
    const size = Math.ceil(own.length / Math.min(each, own.length));
    for (let i = 0; i < own.length; i += size) groups.push(own.slice(i, i + size));
  }
  const stages = [...new Set(places.map((place) => trained(table.places[place]!)))];
  const order = (group: readonly number[]) => {
    const place = table.places[group[0]!]!;
    return [stages.indexOf(trained(place)), place.step ?? -1] as const;
  };
  groups.sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1]);
  const column = new Int32Array(table.places.length).fill(-1);
  for (const [i, group] of groups.entries()) for (const place of group) column[place] = i;
  return { checkpoints: groups.map((group) => checkpointOf(table, group, places)), column };
}

const trained = ({ of, stage }: Place): string => of ?? stage;

function checkpointOf(table: RunTable, group: readonly number[], series: readonly number[]): Checkpoint {
  const first = table.places[group[0]!]!;
  const last = table.places[group.at(-1)!]!;
  const { stage, of, set, marker } = first;
  return {
    key: JSON.stringify([stage, of, set, marker, first.step, last.step]),
    ...{ stage, of, set, marker },
    stepFrom: first.step,
    stepTo: last.step,
    epoch: group.length === 1 ? first.epoch : null,
    label: labelOf(
      first,
      last,
      series.map((place) => table.places[place]!),
    ),
    traces: group.reduce((sum, place) => sum + table.places[place]!.traces, 0),
  };
}

/** base, e1 … e10, grpo 30, 40–49; the words of its marker where it has one. */
function labelOf(first: Place, last: Place, all: readonly Place[]): string {
  const start = all[0]!;
  const lone = new Set(all.map(trained)).size === 1;
  const whole = first.epoch !== null && Number.isInteger(Math.round(first.epoch * 1000) / 1000);
  const steps = first.step === last.step ? `${first.step}` : `${first.step}–${last.step}`;
  const label =
    first.step === null
      ? trained(first)
      : first.set !== null && first.step === 0 && trained(first) === trained(start)
        ? 'base'
        : first.set !== null && whole && first === last && trained(first) === trained(start)
          ? `e${Math.round(first.epoch!)}`
          : lone
            ? steps
            : `${trained(first)} ${steps}`;
  if (first.marker === null) return label;
  const markers = [...new Set(all.flatMap(({ marker }) => marker ?? []))];
  return `${label} ${shortMarkerNames(markers).get(first.marker)}`;
}
