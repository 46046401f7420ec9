/** `longhand labels`: readers' labels of a run as JSON lines, and in again from such a file. */
import { open } from 'node:fs/promises';
import { exportedRows, importRow, parseRow } from '../../core/labels/exchange.ts';
import type { Backend } from '../../core/protocol/client.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { UsageError, type Command, type Context } from './command.ts';
import { inputLines, writeLine } from './jsonl-input.ts';
import { findRun, withService } from './runs.ts';

export const labels: Command = {
  name: 'labels',
  usage: 'RUN [--by NAME] [--text] > JSONL | --import FILE',
  summary:
    'readers’ labels: {trace, problem, by, labels: [{start, end, label, …}], reviewed: [[start, end]]}, out or in',
  options: { by: { type: 'string' }, text: { type: 'boolean' }, import: { type: 'string' } },
  arguments: [0, 1],
  run: (context) => {
    const file = context.text('import');
    const [wanted] = context.positionals;
    if ((file === undefined) === (wanted === undefined)) throw new UsageError('Name a run, or a file with --import.');
    return withService(context, (backend) =>
      file === undefined ? write(context, backend, wanted!) : read(context, backend, file),
    );
  },
};

async function write(context: Context, backend: Backend, wanted: string): Promise<number> {
  const run = await findRun(backend, wanted);
  const by = context.text('by');
  const params = { run, text: context.flag('text'), ...(by !== undefined && { by }) };
  let rows = 0;
  for await (const row of exportedRows((method, p) => backend.call(method, p), params)) {
    await writeLine(JSON.stringify(row));
    rows += 1;
  }
  if (rows === 0) context.output.error(`Nobody has labelled a trace of ${run} yet.`);
  return 0;
}

async function read(context: Context, backend: Backend, file: string): Promise<number> {
  let [changed, same, bad] = [0, 0, 0];
  const input = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new LonghandError('unreadable', `${file} cannot be read: ${error.message}`);
  });
  for await (const { number, text } of inputLines(input.createReadStream())) {
    try {
      if (await importRow((method, params) => backend.call(method, params), parseRow(text))) changed += 1;
      else same += 1;
    } catch (error) {
      if (!LonghandError.is(error)) throw error;
      bad += 1;
      context.output.error(`line ${number}: ${error.message}`);
    }
  }
  context.output.result({ changed, same, bad }, [
    `Labels of ${changed} traces were taken in; ${same} were so before${bad > 0 ? `; ${bad} lines could not be taken` : ''}.`,
  ]);
  return bad > 0 ? 1 : 0;
}
