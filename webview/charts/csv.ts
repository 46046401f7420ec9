/** The data of a chart as a table: a head with units, numbers as they are. */
import type { ChartModel } from './model.ts';

type Cell = string | number | null;

export function csvOf(model: ChartModel): string {
  const lines = [...rowsOf(model)];
  return `${lines.map((cells) => cells.map(cellText).join(',')).join('\r\n')}\r\n`;
}

/** The rows of the table, its head first. */
export function* rowsOf(model: ChartModel): Generator<Cell[]> {
  const unit = model.unit === undefined ? '' : ` (${model.unit})`;
  switch (model.kind) {
    case 'lines': {
      const { x, names, xText, lines } = model;
      yield [
        model.xName,
        ...lines.flatMap(({ name, low }) => {
          const head = `${lines.length > 1 || name !== model.title ? name : model.title}${unit}`;
          return low ? [head, `${head} 95 % low`, `${head} 95 % high`] : [head];
        }),
      ];
      for (const [i, value] of x.entries())
        yield [
          names?.[i] ?? (xText ? xText(value) : value),
          ...lines.flatMap(({ values, low, high }) =>
            low ? [values[i] ?? null, low[i] ?? null, high?.[i] ?? null] : [values[i] ?? null],
          ),
        ];
      return;
    }
    case 'points': {
      const { x, y, group, groups } = model;
      yield [x.name, y.name, 'group'];
      for (let i = 0; i < x.values.length; i += 1)
        yield [x.values[i]!, y.names?.[Math.round(y.values[i]!)] ?? y.values[i]!, groups[group[i]!]!.name];
      return;
    }
    case 'bars': {
      const { series, categories } = model;
      yield [
        model.xName,
        ...series.flatMap(({ name, low }) => {
          const head = `${name} (${model.yName})`;
          return low ? [head, `${head} 95 % low`, `${head} 95 % high`] : [head];
        }),
      ];
      for (const [i, category] of categories.entries())
        yield [
          category,
          ...series.flatMap(({ values, low, high }) =>
            low ? [values[i] ?? null, low[i] ?? null, high?.[i] ?? null] : [values[i] ?? null],
          ),
        ];
      return;
    }
    case 'cells':
      yield [model.rowName, ...model.columns.flatMap((column) => [`${column} (right)`, `${column} (judged)`])];
      for (const { label, cells } of model.rows) yield [label, ...cells.flatMap((cell) => cell ?? [null, null])];
      return;
    case 'flows':
      yield ['from', 'to', 'n'];
      for (const { from, to, n } of model.flows) yield [from, to, n];
      return;
    default:
      model satisfies never;
  }
}

/** Quoted where it has to be. A text that a spreadsheet would take for a formula begins with an apostrophe. */
function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  const text = /^[=+@\t\r]|^-(?![\d.])/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
