/** `longhand import`: makes a run of files of traces. */
import { resolve } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { ImportInspection, ImportMapping } from '../../core/protocol/imports.ts';
import { UsageError, type Command } from './command.ts';
import { withService } from './runs.ts';
import { table } from './output.ts';

const fields = ['prompt', 'completion', 'gold', 'id'] as const;

export const importFiles: Command = {
  name: 'import',
  usage: 'PATH… [--map column=field]… [--format NAME] [--name NAME]',
  summary: `reads files of traces; fields are ${fields.join(', ')}`,
  options: {
    map: { type: 'string', multiple: true },
    format: { type: 'string' },
    name: { type: 'string' },
  },
  arguments: [1, 10_000],
  run: (context) =>
    withService(context, async (backend) => {
      const { output } = context;
      const mapping = parseMap(context.texts('map'));
      const format = context.text('format');
      const name = context.text('name');
      try {
        let said = 0;
        const found = await backend.call(
          'import/run',
          {
            paths: context.positionals.map((path) => resolve(path)),
            ...(mapping === null ? {} : { mapping }),
            ...(format === undefined ? {} : { format }),
            ...(name === undefined ? {} : { name }),
          },
          {
            onProgress: ({ file, rows, bytes, totalBytes }) => {
              if (Date.now() - said < 1000) return;
              said = Date.now();
              output.line(`${file}: ${rows} rows, ${Math.floor((100 * bytes) / Math.max(1, totalBytes))} %`);
            },
          },
        );
        const lines = [
          `${found.run}: ${found.traces} traces${found.metrics > 0 ? `, ${found.metrics} metrics` : ''} (${found.format})${found.existed ? ', imported before' : ''}`,
          ...found.notes,
          ...found.skipped.map(({ file, line, why }) => `skipped ${file}:${line}: ${why}`),
        ];
        if (found.skippedMore > 0) lines.push(`… and ${found.skippedMore} more rows were skipped.`);
        output.result(found, lines);
        return 0;
      } catch (error) {
        if (LonghandError.is(error, 'needs_mapping'))
          explain(error.detail as ImportInspection | null, output.error.bind(output));
        throw error;
      }
    }),
};

function parseMap(pairs: readonly string[]): ImportMapping | null {
  if (pairs.length === 0) return null;
  const mapping: Partial<Record<(typeof fields)[number], string>> = {};
  for (const pair of pairs) {
    const at = pair.lastIndexOf('=');
    const field = fields.find((one) => one === pair.slice(at + 1));
    if (at < 1 || !field)
      throw new UsageError(`--map takes column=field with a field of ${fields.join(', ')}, not ${pair}.`);
    mapping[field] = pair.slice(0, at);
  }
  const { completion, ...rest } = mapping;
  if (completion === undefined) throw new UsageError('--map must say which column is the completion.');
  return { completion, ...rest };
}

function explain(inspection: ImportInspection | null, say: (line: string) => void): void {
  if (!inspection?.columns) return;
  say('Say which column is which, for example --map text=completion --map question=prompt. The columns are:');
  const rows = inspection.columns.slice(0, 40).map(({ name, type, example }) => [name, type, example.slice(0, 60)]);
  for (const line of table([['column', 'type', 'example'], ...rows])) say(line);
}
