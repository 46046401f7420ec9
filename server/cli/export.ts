/** `longhand export`: writes the traces of a run for other programs. */
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import { exporters } from '../exporters/registry.ts';
import { exportRows } from '../exporters/rows.ts';
import { UsageError, type Command } from './command.ts';
import { listQuery } from './query-words.ts';
import { findRun, withService } from './runs.ts';
import { readTexts } from './traces.ts';

const names = exporters.map((exporter) => exporter.name);

export const exportRun: Command = {
  name: 'export',
  usage: `RUN --to ${names.join('|')} OUT [--query Q] [--force]`,
  summary: 'writes the traces of a run, or those that fit a query: prompt, completion, and what is known of each',
  options: { to: { type: 'string' }, query: { type: 'string' }, force: { type: 'boolean' } },
  arguments: [2, 2],
  run: (context) => {
    const exporter = exporters.find(({ name }) => name === context.text('to'));
    if (!exporter) throw new UsageError(`--to takes ${names.join(' or ')}`);
    const wish = listQuery(context);
    return withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      const path = resolve(context.positionals[1]!);
      if (existsSync(path) && !context.flag('force'))
        throw new LonghandError(
          'not_runnable',
          `${path} exists already. Name another file, or add --force to replace it.`,
        );
      await readTexts(backend, { filter: { run, live: false }, ...wish }, context.output);
      const part = `${path}.part`;
      const file = await open(part, 'w');
      let traces = 0;
      try {
        await file.write(exporter.head);
        for await (const row of exportRows(backend, run, wish.query)) {
          await file.write(exporter.row(row));
          traces++;
        }
        await file.close();
        await rename(part, path);
      } catch (error) {
        await file.close();
        await rm(part, { force: true });
        throw error;
      }
      context.output.result({ run, path, traces }, [`${traces} traces of ${run} written to ${path}`]);
      return 0;
    });
  },
};
