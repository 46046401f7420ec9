/** `longhand metrics`: the figures of the dashboard. */
import type { Backend } from '../../core/protocol/client.ts';
import type { PairChange } from '../../core/protocol/comparison.ts';
import { UsageError, type Command } from './command.ts';
import { tableLines } from './follow-run.ts';
import { table } from './output.ts';
import { findRun, withService } from './runs.ts';

export const metrics: Command = {
  name: 'metrics',
  usage: 'RUN [--budget N]… [--against RUN]',
  summary: 'the figures of the dashboard; against another run, problem by problem',
  options: { budget: { type: 'string', multiple: true }, against: { type: 'string' } },
  arguments: [1, 1],
  run: (context) =>
    withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      const budgets = context.texts('budget').map(Number);
      if (budgets.some((budget) => !Number.isInteger(budget) || budget <= 0)) {
        throw new UsageError('--budget takes a whole number of tokens.');
      }
      const found = await backend.call('runs/table', { run });
      const { series } = await backend.call('metrics/snapshot', { run });
      const last = series.map(({ stage, name, step, value }) => {
        return { stage, name, step: step.at(-1) ?? null, value: value.at(-1) ?? null };
      });
      const atBudgets = await budgetRows(backend, run, budgets);
      const other = context.text('against');
      const against = other === undefined ? null : await compare(backend, run, await findRun(backend, other));
      const lines = tableLines(found);
      if (atBudgets.length > 0) lines.push('', ...budgetLines(atBudgets));
      if (against) lines.push('', ...against.lines);
      context.output.result(
        {
          run,
          rows: found.rows,
          seconds_total: found.secondsTotal,
          last,
          budgets: atBudgets,
          against: against?.object ?? null,
        },
        lines,
      );
      return 0;
    }),
};

interface BudgetRow {
  stage: string;
  step: number;
  budgets: { budget: number; accuracy: number; accuracy_ci95: [number, number]; n: number }[];
}

/** Recomputed from the traces of every evaluation. */
async function budgetRows(backend: Backend, run: string, budgets: number[]): Promise<BudgetRow[]> {
  if (budgets.length === 0) return [];
  const { evaluations } = await backend.call('metrics/snapshot', { run });
  const rows: BudgetRow[] = [];
  for (const { stage, of, step, superseded } of evaluations) {
    if (superseded) continue;
    const answer = await backend.call('metrics/budgets', { run, stage, step, budgets });
    rows.push({ stage: of, step, budgets: answer.budgets });
  }
  return rows;
}

function budgetLines(rows: BudgetRow[]): string[] {
  const head = ['stage', 'step', ...(rows[0]?.budgets.map(({ budget }) => `≤ ${budget}`) ?? [])];
  const body = rows.map(({ stage, step, budgets }) => {
    return [stage, String(step), ...budgets.map(({ accuracy }) => `${(accuracy * 100).toFixed(1)} %`)];
  });
  return table([head, ...body]);
}

/** The last evaluation of this run against that of the other, by the problems that both have. */
async function compare(backend: Backend, run: string, other: string) {
  const [after, before] = await Promise.all([lastEvaluation(backend, run), lastEvaluation(backend, other)]);
  if (!after || !before) throw new UsageError(`${after ? other : run} has no evaluation to compare.`);
  const { pairs, onlyBefore, onlyAfter } = await backend.call('traces/pairs', { before, after });
  const counts: Partial<Record<PairChange, number>> = {};
  for (const { change } of pairs) counts[change] = (counts[change] ?? 0) + 1;
  const object = { before, after, problems: pairs.length, onlyBefore, onlyAfter, changes: counts };
  const words = Object.entries(counts).map(([change, n]) => `${change.replaceAll('_', ' ')} ${n}`);
  const left = onlyBefore + onlyAfter > 0 ? `; ${onlyBefore + onlyAfter} problems are in one of them only` : '';
  return { object, lines: [`against ${other}: ${pairs.length} problems, ${words.join(', ')}${left}`] };
}

async function lastEvaluation(backend: Backend, run: string) {
  const { evaluations } = await backend.call('metrics/snapshot', { run });
  const last = evaluations.filter(({ superseded }) => !superseded).at(-1);
  return last ? { run, stage: last.stage, step: last.step } : null;
}
