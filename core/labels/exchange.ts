/** Labels out to a file and in again: all pages of an export, and the edits that make a layer what a row says. */
import { LonghandError } from '../protocol/errors.ts';
import { exportedLabelsSchema, type ExportedLabels, type WantedEdit } from '../protocol/label-schemas.ts';
import type { ReaderLayer } from '../protocol/labels.ts';
import type { Method, Params, Result } from '../protocol/methods.ts';

type Call = <M extends Extract<Method, `labels/${string}` | 'traces/get'>>(
  method: M,
  params: Params<M>,
) => Promise<Result<M>>;

/** The rows of a run, by trace and reader. */
export async function* exportedRows(
  call: Call,
  params: Omit<Params<'labels/export'>, 'cursor'>,
): AsyncGenerator<ExportedLabels, void> {
  for (let cursor: string | undefined; ;) {
    const { rows, next } = await call('labels/export', { ...params, ...(cursor !== undefined && { cursor }) });
    yield* rows;
    if (next === undefined) return;
    cursor = next;
  }
}

/** @throws `invalid_params` that says what is wrong */
export function parseRow(line: string): ExportedLabels {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new LonghandError('invalid_params', `not JSON: ${(error as Error).message}`);
  }
  const parsed = exportedLabelsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new LonghandError('invalid_params', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not labels'}`);
}

/** The edits after which the layer says what the row says. */
export function importEdits(layer: ReaderLayer, { labels, reviewed }: ExportedLabels): WantedEdit[] {
  return [
    ...layer.spans.map(({ id }): WantedEdit => ({ op: 'remove', id })),
    ...labels.map(({ start, end, label, copied }): WantedEdit => {
      return { op: 'add', start, end, label, ...(copied && { copied: true as const }) };
    }),
    { op: 'reviewed', stretches: reviewed },
  ];
}

/**
 * Makes the labels of a trace those of the row, in the name that the row has; false: they were so before.
 *
 * @throws `not_found` where the trace is not here, `not_runnable` where its text is another one, `conflict`
 */
export async function importRow(call: Call, row: ExportedLabels): Promise<boolean> {
  const { trace, by } = row;
  const { length, live } = await call('traces/get', { trace });
  if (length !== row.length && !live)
    throw new LonghandError(
      'not_runnable',
      `The text has ${length} UTF-16 units here, and had ${row.length} where it was labelled.`,
    );
  const layer = await call('labels/get', { trace, by });
  if (same(layer, row)) return false;
  await call('labels/edit', { trace, by, base: layer.revision, edits: importEdits(layer, row) });
  return true;
}

function same({ spans, reviewed }: ReaderLayer, row: ExportedLabels): boolean {
  const brief = (list: readonly { start: number; end: number; label: string; copied: boolean }[]): string =>
    list
      .map(({ start, end, label, copied }) => JSON.stringify([start, end, label, copied]))
      .sort((a, b) => (a < b ? -1 : 1))
      .join();
  return brief(spans) === brief(row.labels) && JSON.stringify(reviewed) === JSON.stringify(row.reviewed);
}
