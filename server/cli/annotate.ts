/** `longhand annotate`: behaviours in texts, JSON lines in and out. No service and no engine is needed. */
import { detect, DETECTOR } from '../../core/behaviours/detect.ts';
import { UsageError, type Command } from './command.ts';
import { inputLines, writeLine } from './jsonl-input.ts';

const units = ['utf16', 'codepoint', 'byte'] as const;
type Unit = (typeof units)[number];

export const annotate: Command = {
  name: 'annotate',
  usage: '[--unit utf16|codepoint|byte] < JSONL {id, text, problem?, markers?}',
  summary: 'behaviours in texts → {id, spans: [{start, end, label, …}]}',
  options: { unit: { type: 'string' } },
  arguments: [0, 0],
  async run(context) {
    const unit = units.find((one) => one === (context.text('unit') ?? 'utf16'));
    if (!unit) throw new UsageError(`--unit takes ${units.join(', ')}.`);
    let bad = 0;
    for await (const { number, text: line } of inputLines(process.stdin)) {
      const row = parseRow(line);
      if (typeof row === 'string') {
        bad++;
        context.output.error(`line ${number}: ${row}`);
        await writeLine(JSON.stringify({ id: null, line: number, error: row, spans: [] }));
        continue;
      }
      const { id, text, problem, markers } = row;
      const offset = converter(text, unit);
      const spans = detect(text, { markers, ...(problem === undefined ? {} : { problem }) }).map((span) => {
        return { ...span, start: offset(span.start), end: offset(span.end) };
      });
      await writeLine(JSON.stringify({ id, unit, detector: DETECTOR.name, version: DETECTOR.version, spans }));
    }
    if (bad > 0) context.output.error(`${bad} lines could not be read; each has an error in the output.`);
    return bad > 0 ? 1 : 0;
  },
};

interface Row {
  id: unknown;
  text: string;
  problem?: string;
  markers: string[];
}

function parseRow(line: string): Row | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  if (typeof value !== 'object' || value === null) return 'not an object';
  const { id, text, problem, markers } = value as Record<string, unknown>;
  if (typeof text !== 'string') return 'no `text`';
  return {
    id: id ?? null,
    text,
    markers: Array.isArray(markers) ? markers.filter((marker) => typeof marker === 'string') : [],
    ...(typeof problem === 'string' ? { problem } : {}),
  };
}

/** From UTF-16 offsets to the unit's; asked for rising offsets mostly, so it goes on from the last one. */
function converter(text: string, unit: Unit): (offset: number) => number {
  if (unit === 'utf16') return (offset) => offset;
  let at = 0;
  let count = 0;
  return (offset) => {
    if (offset < at) [at, count] = [0, 0];
    while (at < offset) {
      const code = text.codePointAt(at)!;
      at += code > 0xffff ? 2 : 1;
      if (unit === 'codepoint') count++;
      else count += code < 0x80 ? 1 : code < 0x800 ? 2 : code > 0xffff ? 4 : 3;
    }
    return count;
  };
}
