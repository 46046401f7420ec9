/** Points of length and reward: where they lie, which one is near, which ones are inside. Pure. */
import type { Scatter } from '../../core/protocol/overview.ts';
import type { PointsModel } from '../charts/model.ts';

/** Kinds of points by verdict, in the order of their lanes from the bottom. */
export const lanes = [
  { letter: '-', name: 'not judged', sign: '·', color: '--lh-grey', verdict: null },
  { letter: 'n', name: 'none', sign: '–', color: '--lh-grey', verdict: 'none' },
  { letter: 'u', name: 'undecided', sign: '?', color: '--lh-uncertainty', verdict: 'undecided' },
  { letter: 'w', name: 'wrong', sign: '✗', color: '--lh-wrong', verdict: 'wrong' },
  { letter: 'r', name: 'right', sign: '✓', color: '--lh-right', verdict: 'right' },
] as const;

export interface Points {
  n: number;
  x: Float64Array;
  y: Float64Array;
  /** Of `lanes`. */
  lane: Uint8Array;
  cut: Uint8Array;
  /** Ends of both axes; x in tokens. */
  xRange: [number, number];
  yRange: [number, number];
  byReward: boolean;
  /** Lanes that have a point, with how many. */
  counts: number[];
  cutCount: number;
}

/** Without a reward the points lie in lanes by verdict, spread so that they do not hide each other. */
export function pointsOf(scatter: Scatter): Points {
  const n = scatter.tokens.length;
  const points: Points = {
    ...{
      n,
      x: Float64Array.from(scatter.tokens),
      y: new Float64Array(n),
      lane: new Uint8Array(n),
      cut: new Uint8Array(n),
    },
    ...{ xRange: [1, 1], yRange: [0, 1], byReward: scatter.rewards !== null, counts: lanes.map(() => 0), cutCount: 0 },
  };
  const letters = new Map<string, number>(lanes.map(({ letter }, i) => [letter, i]));
  let [x0, x1, y0, y1] = [Infinity, 0, Infinity, -Infinity];
  for (let i = 0; i < n; i += 1) {
    const lane = letters.get(scatter.verdicts[i]!) ?? 0;
    points.lane[i] = lane;
    points.counts[lane]! += 1;
    if (scatter.cut[i] === '1') points.cutCount += points.cut[i] = 1;
    // The golden ratio spreads neighbours evenly.
    const y = scatter.rewards ? scatter.rewards[i]! : lane + ((i * 0.618_033_988_75) % 1) * 0.7 - 0.35;
    points.y[i] = y;
    x0 = Math.min(x0, points.x[i]!);
    x1 = Math.max(x1, points.x[i]!);
    y0 = Math.min(y0, y);
    y1 = Math.max(y1, y);
  }
  if (n === 0) return points;
  points.xRange = [Math.max(1, x0) / 1.08, Math.max(2, x1) * 1.08];
  const room = y1 > y0 ? (y1 - y0) * 0.06 : 0.5;
  if (points.byReward) points.yRange = [y0 - room, y1 + room];
  else {
    const there = points.counts.flatMap((count, lane) => (count > 0 ? [lane] : []));
    points.yRange = [there[0]! - 0.5, there.at(-1)! + 0.5];
  }
  return points;
}

export interface Area {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Scale {
  atX: (tokens: number) => number;
  atY: (y: number) => number;
  tokens: (px: number) => number;
  y: (px: number) => number;
}

export function scaleOf({ xRange, yRange }: Points, { left, right, top, bottom }: Area): Scale {
  const [x0, x1] = xRange.map(Math.log2) as [number, number];
  const [y0, y1] = yRange;
  const [dx, dy] = [(right - left) / (x1 - x0 || 1), (bottom - top) / (y1 - y0 || 1)];
  return {
    atX: (tokens) => left + (Math.log2(Math.max(1, tokens)) - x0) * dx,
    atY: (y) => bottom - (y - y0) * dy,
    tokens: (px) => 2 ** (x0 + (px - left) / dx),
    y: (px) => y0 + (bottom - px) / dy,
  };
}

/** The nearest point within `reach` pixels, or -1. */
export function nearest({ n, x, y }: Points, scale: Scale, px: number, py: number, reach = 12): number {
  let found = -1;
  let best = reach * reach;
  const [low, high] = [scale.tokens(px - reach), scale.tokens(px + reach)];
  for (let i = 0; i < n; i += 1) {
    const tokens = x[i]!;
    if (tokens < low || tokens > high) continue;
    const away = (scale.atX(tokens) - px) ** 2 + (scale.atY(y[i]!) - py) ** 2;
    if (away >= best) continue;
    best = away;
    found = i;
  }
  return found;
}

/** What the reader has chosen: ends that belong to it, in tokens and in rewards or lanes. */
export interface Brush {
  tokens: [number, number];
  y: [number, number];
}

export function inside({ n, x, y, lane, byReward }: Points, { tokens, y: range }: Brush): number {
  let count = 0;
  for (let i = 0; i < n; i += 1) {
    const value = byReward ? y[i]! : lane[i]!;
    if (x[i]! >= tokens[0] && x[i]! <= tokens[1] && value >= range[0] && value <= range[1]) count += 1;
  }
  return count;
}

/** A rectangle of pixels as whole tokens and rewards to a thousandth of what is shown, or as whole lanes. */
export function brushOf(
  scale: Scale,
  { byReward, yRange }: Pick<Points, 'byReward' | 'yRange'>,
  a: readonly [number, number],
  b: readonly [number, number],
): Brush {
  const x = [scale.tokens(Math.min(a[0], b[0])), scale.tokens(Math.max(a[0], b[0]))];
  const y = [scale.y(Math.max(a[1], b[1])), scale.y(Math.min(a[1], b[1]))];
  const digits = Math.min(15, Math.max(0, 3 - Math.floor(Math.log10(yRange[1] - yRange[0] || 1))));
  const round = (value: number, to: (n: number) => number) =>
    Number((to(value * 10 ** digits) / 10 ** digits).toFixed(digits));
  return {
    tokens: [Math.max(0, Math.ceil(x[0]!)), Math.floor(x[1]!)],
    y: byReward
      ? [round(y[0]!, Math.ceil), round(y[1]!, Math.floor)]
      : [Math.ceil(y[0]! - 0.45), Math.floor(y[1]! + 0.45)],
  };
}

/** In the query language. */
export function queryOf({ tokens, y }: Brush, byReward: boolean): string {
  const length = `tokens:${tokens[0]}..${tokens[1]}`;
  if (byReward) return `${length} reward:${y[0]}..${y[1]}`;
  const verdicts = (inside: boolean) =>
    lanes.flatMap(({ verdict }, lane) => (verdict && (lane >= y[0] && lane <= y[1]) === inside ? [verdict] : []));
  // What is not judged has no verdict that could be asked for: the others are left out then.
  const [asked, others] = [verdicts(true), verdicts(false)];
  if (y[0] > 0) return `${length} verdict:${asked.join(',')}`;
  return others.length > 0 ? `${length} -verdict:${others.join(',')}` : length;
}

export function pointsModel(points: Points, title: string, notes: string[]): PointsModel {
  return {
    kind: 'points',
    ...{ title, notes },
    x: { name: 'tokens', values: points.x, log: true },
    y: points.byReward
      ? { name: 'reward', values: points.y }
      : { name: 'verdict', values: points.y, names: lanes.map(({ name }) => name) },
    groups: lanes.flatMap(({ name, color }) => [
      { name, color, cross: false },
      { name: `${name}, cut`, color, cross: true },
    ]),
    group: points.lane.map((lane, i) => 2 * lane + points.cut[i]!),
  };
}
