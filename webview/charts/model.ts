/** What a chart shows, apart from how: what is saved as a drawing, a picture or a table is made of this. Pure. */

export interface ChartLine {
  name: string;
  /** A CSS variable. */
  color: string;
  /** One value for each x; null where there is none. */
  values: (number | null)[];
  /** Ends of the interval, drawn as a band. */
  low?: (number | null)[];
  high?: (number | null)[];
  dash?: number[];
  points?: boolean;
  /** Drawn at the end of the line; default: the name, when there is more than one line. */
  label?: string;
  /** Its value is said only where the line is chosen; where there are many, the others' would be lost in it. */
  aside?: boolean;
}

/** Patterns of lines that are drawn together: who does not see their colours follows them where they cross. */
const patterns: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [9, 3, 2, 3]];

/** Gives each of several lines a pattern, where none has its own and no points tell them apart. */
export function patterned(lines: readonly ChartLine[]): ChartLine[] {
  if (lines.length < 2 || lines.some(({ dash, points }) => dash || points)) return [...lines];
  return lines.map((line, i) => {
    const dash = patterns[i % patterns.length]!;
    return dash.length > 0 ? { ...line, dash: [...dash] } : line;
  });
}

interface Head {
  title: string;
  unit?: string;
  /** Below the picture, a line each: what the intervals are, how many there are of what. */
  notes?: string[];
}

export interface LinesModel extends Head {
  kind: 'lines';
  x: number[];
  xName: string;
  /** Names of the x values where they are places in an order. */
  names?: string[];
  /** What an x value is called on the axis and in the table; default: the number. */
  xText?: (x: number) => string;
  splits?: number[];
  marks?: { x: number; text: string }[];
  range?: [number, number];
  lines: ChartLine[];
  format: (value: number) => string;
}

export interface PointsModel extends Head {
  kind: 'points';
  x: { name: string; values: ArrayLike<number>; log: boolean };
  /** `names`: the values are places in an order. */
  y: { name: string; values: ArrayLike<number>; names?: string[] };
  /** What a point is, by its group; `cross`: the shape of those that were cut. */
  groups: { name: string; color: string; cross: boolean }[];
  group: ArrayLike<number>;
}

export interface BarsModel extends Head {
  kind: 'bars';
  /** Beside each other over each category; on top of each other in a row each; outlines over the bars of the last series; to both sides of nothing. */
  style: 'grouped' | 'stacked' | 'histogram' | 'signed';
  /** What the categories are, and the numbers. */
  xName: string;
  yName: string;
  categories: string[];
  series: {
    name: string;
    color: string;
    values: (number | null)[];
    low?: (number | null)[];
    high?: (number | null)[];
  }[];
}

export interface CellsModel extends Head {
  kind: 'cells';
  rowName: string;
  columns: string[];
  /** Right of judged; null: none. */
  rows: { label: string; cells: ([right: number, n: number] | null)[] }[];
}

export interface FlowsModel extends Head {
  kind: 'flows';
  flows: { from: string; to: string; n: number }[];
  colors: ReadonlyMap<string, string>;
}

export type ChartModel = LinesModel | PointsModel | BarsModel | CellsModel | FlowsModel;
