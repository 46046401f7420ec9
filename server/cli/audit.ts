/** `longhand audit`: verdicts that may be wrong, the most suspicious first. */
import type { Backend } from '../../core/protocol/client.ts';
import { auditReasons, type AuditQueue, type AuditReason } from '../../core/protocol/audit.ts';
import { PAGE_LIMIT, type Params } from '../../core/protocol/methods.ts';
import { UsageError, type Command } from './command.ts';
import { table, type Output } from './output.ts';
import { listQuery } from './query-words.ts';
import { findRun, withService } from './runs.ts';

const DEFAULT_LIMIT = 50;

export const audit: Command = {
  name: 'audit',
  usage: 'RUN [--stage ID] [--query Q] [--reason NAME]… [--limit N]',
  summary: `verdicts that may be wrong, with what speaks against each; reasons are ${auditReasons.join(', ')}`,
  options: {
    stage: { type: 'string' },
    query: { type: 'string' },
    reason: { type: 'string', multiple: true },
    limit: { type: 'string' },
  },
  arguments: [1, 1],
  run: (context) => {
    const query = listQuery(context);
    return withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      const stage = context.text('stage');
      const limit = context.whole('limit', 1, PAGE_LIMIT) ?? DEFAULT_LIMIT;
      const reasons = context.texts('reason').map(reasonOf);
      const found = await looked(
        backend,
        {
          filter: { run, ...(stage !== undefined && { stage }) },
          ...query,
          limit,
          ...(reasons.length > 0 && { reasons }),
        },
        context.output,
      );
      context.output.result({ run, ...found }, lines(found));
      return 0;
    });
  },
};

function reasonOf(name: string): AuditReason {
  const found = auditReasons.find((reason) => reason === name);
  if (!found) throw new UsageError(`There is no reason “${name}”; there are ${auditReasons.join(', ')}.`);
  return found;
}

/** Asks until every text has been read. */
async function looked(backend: Backend, params: Params<'audit/queue'>, output: Output): Promise<AuditQueue> {
  let told = Date.now();
  for (;;) {
    const found = await backend.call('audit/queue', params, { timeout: 120_000 });
    if (found.waiting === 0) return found;
    if (Date.now() - told > 2000) {
      told = Date.now();
      output.line(`${found.waiting} completions are still to be read …`);
    }
  }
}

function lines({ items, total, looked: all, done, unreadable, cut, beyond }: AuditQueue): string[] {
  const counts = `${total} of ${all} verdicts may be wrong${done > 0 ? `; ${done} a reader has judged` : ''}.`;
  const rows = items.map(({ row, suspect, reasons }) => [
    row.trace,
    row.problemLabel.slice(0, 40),
    row.verdict ?? '–',
    suspect.replace('_', ' '),
    reasons.map(({ detail }) => detail).join(' '),
  ]);
  return [
    ...(rows.length > 0 ? table([['trace', 'problem', 'verdict', 'may be', 'why'], ...rows]) : []),
    counts,
    ...(total > items.length ? [`${total - items.length} more: --limit shows up to ${PAGE_LIMIT}.`] : []),
    ...(unreadable > 0 ? [`The text of ${unreadable} completions is gone.`] : []),
    ...(cut > 0 ? [`Of ${cut} very long completions what follows their first 1,048,576 characters was not read.`] : []),
    ...(beyond > 0 ? [`${beyond} traces more were not looked at: name a stage.`] : []),
  ];
}
