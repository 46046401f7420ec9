/** The values of a chart in its place: for who cannot read the drawing, and for who wants the numbers. */
import { useState } from 'preact/hooks';
import { count, decimal } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { rowsOf } from './csv.ts';
import type { ChartModel } from './model.ts';

/** Rows that are shown. */
const MOST = 200;

/** The button that changes between the two, and the table while it is chosen; `model` is null where there is no chart yet. */
export function useTable(title: string, model: (() => ChartModel) | null | undefined) {
  const [on, setOn] = useState(false);
  const button = model && <TableButton title={title} on={on} onChange={setOn} />;
  return { button, table: on && model ? <ChartTable title={title} model={model()} /> : null };
}

export function TableButton({ title, on, onChange }: { title: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <button
      class="tool"
      aria-pressed={on}
      aria-label={`${title} as a table`}
      title="As a table"
      onClick={() => onChange(!on)}
    >
      <Icon name="table" />
    </button>
  );
}

function ChartTable({ title, model }: { title: string; model: ChartModel }) {
  const [head = [], ...rows] = firstOf(rowsOf(model), MOST + 1);
  const more = sizeOf(model) - rows.length;
  const kinds = head.map((_, column) => (rows.some((cells) => typeof cells[column] === 'number') ? 'num' : ''));
  return (
    <div class="chart-table" tabIndex={0} role="region" aria-label={`${title}, values`}>
      <table>
        <thead>
          <tr>
            {head.map((name, column) => (
              <th key={column} scope="col" class={kinds[column]}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, column) =>
                column === 0 && typeof cell === 'string' ? (
                  <th key={column} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={column} class={kinds[column]}>
                    {typeof cell === 'number' ? numberText(cell) : (cell ?? '–')}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p class="muted">{count(more)} more rows are in the CSV.</p>}
    </div>
  );
}

const numberText = (value: number): string => (Number.isInteger(value) ? count(value) : decimal(value));

function firstOf<T>(all: Iterable<T>, most: number): T[] {
  const found: T[] = [];
  for (const one of all) {
    found.push(one);
    if (found.length === most) break;
  }
  return found;
}

function sizeOf(model: ChartModel): number {
  switch (model.kind) {
    case 'lines':
      return model.x.length;
    case 'points':
      return model.x.values.length;
    case 'bars':
      return model.categories.length;
    case 'cells':
      return model.rows.length;
    case 'flows':
      return model.flows.length;
    default:
      return model satisfies never;
  }
}
