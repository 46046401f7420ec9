/** `longhand run`: runs a recipe and waits for its end. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RecipeDiagnostic } from '../../core/protocol/recipes.ts';
import type { Backend } from '../../core/protocol/client.ts';
import { UsageError, type Command, type Context } from './command.ts';
import { connectOrStart } from './connect.ts';
import { followRun, stageTable, tableLines } from './follow-run.ts';
import { table } from './output.ts';
import { diagnosticLines, parseSet, recipeSource } from './recipe-source.ts';
import { findRun } from './runs.ts';

export const run: Command = {
  name: 'run',
  usage: '(RECIPE|PRESET [--set k=v]… | --from RUN [--exact]) [--name NAME] [--detach]',
  summary: 'runs it and waits; Ctrl-C asks whether to stop or to leave it running',
  options: {
    set: { type: 'string', multiple: true },
    name: { type: 'string' },
    from: { type: 'string' },
    exact: { type: 'boolean' },
    detach: { type: 'boolean', short: 'd' },
  },
  arguments: [0, 1],
  async run(context) {
    const { root, python, engine, output } = context;
    const [recipe] = context.positionals;
    const from = context.text('from');
    if ((recipe === undefined) === (from === undefined)) throw new UsageError('run takes a recipe, or --from RUN.');
    if (from !== undefined && context.texts('set').length > 0)
      throw new UsageError('--from runs a run again as it was: it takes no --set.');
    const file = recipe === undefined ? null : await recipeSource(recipe);
    const set = parseSet(context.texts('set'));
    const name = context.text('name');
    const where = { root, python, folder: engine };
    const backend = await connectOrStart(where);
    try {
      const source = file ?? { run: await findRun(backend, from!) };
      if ('run' in source) await sayDifferences(backend, source.run, context);
      const { run: id } = await backend.call('runs/start', { source, set, ...(name === undefined ? {} : { name }) });
      if (context.flag('detach')) {
        output.result({ run: id }, [`${id} started. Follow it with: longhand show ${id}`]);
        return 0;
      }
      output.line(`${id} in ${root}`);
      const summary = await followRun(backend, where, id, output);
      const current = backend.isOpen ? backend : await connectOrStart(where);
      const [table, lines] = [await stageTable(current, id), tableLines(await current.call('runs/table', { run: id }))];
      if (current !== backend) current.close();
      output.line();
      output.result(table, lines);
      if (summary.state === 'completed') return 0;
      output.error(`${id} ${summary.state}. Go on with: longhand resume ${id}`);
      return 1;
    } catch (error) {
      if (LonghandError.is(error, 'invalid_recipe')) {
        const found = (error.detail as { diagnostics?: RecipeDiagnostic[] } | null)?.diagnostics ?? [];
        if (file) for (const line of diagnosticLines(found, file)) output.error(line);
      }
      throw error;
    } finally {
      backend.close();
    }
  },
};

/** Says what is not as it was, before anything starts. @throws LonghandError `not_runnable` with `--exact` */
async function sayDifferences(backend: Backend, run: string, context: Context): Promise<void> {
  const { output } = context;
  const { differences, unknown } = await backend.call('runs/differences', { run }, { timeout: 120_000 });
  output.line(
    differences.length === 0 ? `Nothing that was recorded of ${run} differs here.` : `Not as it was in ${run}:`,
  );
  const rows = differences.map(({ what, was, is }) => [`  ${what}`, was, '→', is]);
  for (const line of rows.length > 0 ? table([['  ', 'then', '', 'now'], ...rows]) : []) output.line(line);
  for (const line of unknown) output.line(`  not compared: ${line}`);
  if (context.flag('exact') && differences.length > 0)
    throw new LonghandError(
      'not_runnable',
      `${differences.length} of what ${run} ran on differ; without --exact it runs all the same.`,
    );
}
