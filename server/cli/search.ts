/** `longhand search`: looks for words and expressions in the texts of a run, and prints what it finds as it comes. */
import { SEARCH_LIMIT, SEARCH_LIMIT_MOST, type SearchHit, type SearchTotals } from '../../core/protocol/search.ts';
import { infoOf } from '../../core/query/fields.ts';
import { textTerms, type Query } from '../../core/query/types.ts';
import { writeQuery } from '../../core/query/write.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { UsageError, type Command } from './command.ts';
import { duration } from './output.ts';
import { readQuery } from './query-words.ts';
import { findRun, withService } from './runs.ts';
import { readTexts } from './traces.ts';

const MOST = 1_000_000;
/** Exit code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

export const search: Command = {
  name: 'search',
  usage: 'RUN QUERY [--limit N]',
  summary: `traces with words or /expressions/ in their texts, as they are found (see docs/query.md); --json: a line a trace, the totals last`,
  options: { limit: { type: 'string' } },
  arguments: [2, 2],
  run: (context) => {
    const query = context.positionals[1]!;
    const parsed = readQuery(query);
    if (textTerms(parsed).length === 0)
      throw new UsageError('nothing in the query is looked for in texts: longhand traces answers it.');
    const limit = context.whole('limit', 1, MOST) ?? SEARCH_LIMIT;
    const interrupt = new AbortController();
    const stop = () => interrupt.abort();
    process.once('SIGINT', stop);
    return withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      try {
        await readTexts(backend, { filter: { run }, query: listed(parsed) }, context.output, interrupt.signal);
        let first: SearchTotals | null = null;
        let shown = 0;
        for (let after: string | undefined; ;) {
          const size = Math.min(SEARCH_LIMIT_MOST, limit - shown);
          const totals: SearchTotals = await backend.call(
            'traces/search',
            { filter: { run }, query, limit: size, ...(after !== undefined && { after }) },
            {
              signal: interrupt.signal,
              onProgress: ({ found }) => {
                for (const hit of found)
                  process.stdout.write(`${context.output.json ? JSON.stringify(hit) : line(hit)}\n`);
              },
            },
          );
          first ??= totals;
          shown += totals.listed;
          after = totals.after;
          if (after === undefined || shown >= limit) break;
        }
        context.output.result({ run, ...first, listed: shown }, words(first, shown));
        return 0;
      } catch (error) {
        if (!interrupt.signal.aborted || !LonghandError.is(error, 'cancelled')) throw error;
        context.output.error('ended; the search was not complete.');
        return INTERRUPTED;
      } finally {
        process.off('SIGINT', stop);
      }
    });
  },
};

/** The terms of a query that the index answers. */
const listed = ({ terms }: Query): string =>
  writeQuery({ terms: terms.filter((term) => term.kind === 'field' && !infoOf(term.field).search) });

/** One line a trace; control characters of the text as one space, so that nothing reaches the terminal but text. */
function line({ row, count, snippet }: SearchHit): string {
  const plain = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  const text = snippet
    ? `${snippet.before ? '…' : ''}${plain(snippet.text)}${snippet.after ? '…' : ''}`
    : `(${row.problemLabel})`;
  return [row.trace, row.live ? 'being written' : (row.verdict ?? '–'), `${count}×`, text].join('  ');
}

function words({ searched, total, hits, traces, seconds, leftOut, unread = 0 }: SearchTotals, shown: number): string[] {
  const left = [
    [leftOut.unreadable, 'whose text is gone'],
    [leftOut.cut, 'that are very long: their beginning was searched'],
    [leftOut.slow, 'in which the expression took too long'],
    [leftOut.givenUp, 'not looked at any more, since the expression takes too long: make it simpler, or name a stage'],
  ] as const;
  return [
    `${hits} hits in ${traces} of ${searched} traces (${duration(seconds)})${traces > shown ? `; --limit shows more than these ${shown}` : ''}.`,
    ...(searched < total && leftOut.givenUp === 0 ? [`${total - searched} traces were not searched.`] : []),
    ...(unread > 0
      ? [`${unread} traces ended meanwhile, and it is not known whether they belong to it. Search again.`]
      : []),
    ...left.flatMap(([count, why]) => (count > 0 ? [`Left out: ${count} traces ${why}.`] : [])),
  ];
}
