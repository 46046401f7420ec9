/** `longhand traces`: the traces of a run that a query asks for, as a list. */
import type { Backend } from '../../core/protocol/client.ts';
import { PAGE_LIMIT, type Params } from '../../core/protocol/methods.ts';
import { traceSortKeys, type TraceRow, type TraceSortKey } from '../../core/protocol/traces.ts';
import { suggestion } from '../../core/recipes/nearest.ts';
import { UsageError, type Command, type Context } from './command.ts';
import { table, type Output } from './output.ts';
import { listQuery } from './query-words.ts';
import { findRun, withService } from './runs.ts';

const DEFAULT_LIMIT = 100;
const MOST = 1_000_000;

export const traces: Command = {
  name: 'traces',
  usage: 'RUN [--query Q] [--sort KEY] [--descending] [--limit N]',
  summary: 'traces of a run that a query asks for, such as "verdict:wrong tokens:>8k -truncated" (see docs/query.md)',
  options: {
    query: { type: 'string' },
    sort: { type: 'string' },
    descending: { type: 'boolean' },
    limit: { type: 'string' },
  },
  arguments: [1, 1],
  run: (context) => {
    const wish = wishOf(context);
    return withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      const limit = context.whole('limit', 1, MOST) ?? DEFAULT_LIMIT;
      const found = await listed(backend, { filter: { run }, ...wish }, limit, context.output);
      context.output.result({ run, ...found }, lines(found));
      return 0;
    });
  },
};

function wishOf(context: Context): Pick<Params<'traces/page'>, 'query' | 'sort'> {
  const key = context.text('sort');
  const descending = context.flag('descending');
  return {
    ...listQuery(context),
    ...((key !== undefined || descending) && { sort: { key: sortKey(key ?? 'order'), descending } }),
  };
}

function sortKey(name: string): TraceSortKey {
  const found = traceSortKeys.find((key) => key === name);
  if (found === undefined)
    throw new UsageError(`there is nothing to sort by that is called ${name}${suggestion(name, traceSortKeys)}`);
  return found;
}

interface Found {
  total: number;
  rows: TraceRow[];
}

async function listed(backend: Backend, params: Params<'traces/page'>, limit: number, output: Output): Promise<Found> {
  await readTexts(backend, params, output);
  const rows: TraceRow[] = [];
  for (let cursor: string | undefined; ;) {
    const size = Math.min(PAGE_LIMIT, limit - rows.length);
    const page = await backend.call('traces/page', { ...params, limit: size, ...(cursor !== undefined && { cursor }) });
    rows.push(...page.rows);
    cursor = page.next;
    if (cursor === undefined || rows.length >= limit) return { total: page.total, rows };
  }
}

/** Reads what the list needs of texts, until nothing is left to be read. */
export async function readTexts(
  backend: Backend,
  { filter, query, sort }: Params<'traces/page'>,
  output: Output,
  signal?: AbortSignal,
): Promise<void> {
  const params = { filter, ...(query !== undefined && { query }), ...(sort && { sort }) };
  let told = Date.now();
  for (;;) {
    const { unread } = await backend.call('traces/readTexts', params, {
      timeout: 120_000,
      ...(signal && { signal }),
    });
    if (unread === 0) return;
    if (Date.now() - told > 2000) {
      told = Date.now();
      output.line(`${unread} completions are still to be read …`);
    }
  }
}

function lines({ total, rows }: Found): string[] {
  const words = (value: number | string | null): string => (value === null ? '–' : String(value));
  const shown = rows.map((row) => [
    row.trace,
    row.problemLabel.slice(0, 40),
    words(row.step),
    row.live ? 'being written' : words(row.verdict),
    words(row.answer).slice(0, 40),
    words(row.tokens),
    words(row.finish),
    row.reward === null ? '–' : String(Number(row.reward.toPrecision(4))),
  ]);
  return [
    ...(shown.length > 0
      ? table([['trace', 'problem', 'step', 'verdict', 'answer', 'tokens', 'finish', 'reward'], ...shown])
      : []),
    `${total} ${total === 1 ? 'trace' : 'traces'}${total > rows.length ? `; --limit shows more than these ${rows.length}` : ''}.`,
  ];
}
