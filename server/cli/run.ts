/** `longhand run`: runs a recipe and waits for its end. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RecipeDiagnostic } from '../../core/protocol/methods.ts';
import type { Command } from './command.ts';
import { connectOrStart } from './connect.ts';
import { followRun, stageTable, tableLines } from './follow-run.ts';
import { diagnosticLines, parseSet, recipeSource } from './recipe-source.ts';

export const run: Command = {
  name: 'run',
  usage: 'RECIPE|PRESET [--set k=v]… [--name NAME] [--detach]',
  summary: 'runs it and waits; Ctrl-C asks whether to stop or to leave it running',
  options: {
    set: { type: 'string', multiple: true },
    name: { type: 'string' },
    detach: { type: 'boolean', short: 'd' },
  },
  arguments: [1, 1],
  async run(context) {
    const { root, python, engine, output } = context;
    const source = await recipeSource(context.positionals[0]!);
    const set = parseSet(context.texts('set'));
    const name = context.text('name');
    const where = { root, python, folder: engine };
    const backend = await connectOrStart(where);
    try {
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
        for (const line of diagnosticLines(found, source)) output.error(line);
      }
      throw error;
    } finally {
      backend.close();
    }
  },
};
