/** Imports files as a run: reads, takes what is recorded, joins gold, and accounts for every row. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { ImportMapping, ImportResult } from '../../core/protocol/imports.ts';
import type { ImportedTrace, ImportWriter, TraceStore } from '../store/trace-store.ts';
import { goldText, GoldIndex } from './gold.ts';
import { inspection, prepare, type Prepared } from './inspect.ts';
import type { Reading } from './importer.ts';
import { isMessages, toMessages } from './messages.ts';
import { isRecord, readPath, topColumn } from './paths.ts';
import type { Plan } from './recognise.ts';
import { importRunId } from './run-id.ts';
import type { ByteSource } from './source.ts';
import { isLogprobKey, isTokenKey } from './token-scores.ts';
import { Tally } from './tally.ts';
import { lacksText, TraceMaker } from './traces.ts';

/** What is handed to the store at once. */
const BATCH_TRACES = 512;
const BATCH_CHARACTERS = 4 * 2 ** 20;

export interface ImportOptions {
  /** An importer's name instead of the one that the content asks for. */
  format?: string;
  mapping?: ImportMapping;
  /** Shown for the run; the files' names by default. */
  name?: string;
  signal?: AbortSignal;
  /** `bytes` counts both passes over the files, the hash and the import, half each, up to `totalBytes`. */
  onProgress?: (progress: { file: string; rows: number; bytes: number; totalBytes: number }) => void;
}

/**
 * Imports files as one run. Files of problems and gold among them are not part of it: their answers are joined to the problems
 * that have none, by the problem's text.
 *
 * Throws `needs_mapping` (its detail is the inspection) when a file's columns are not sure, `unreadable` when a file cannot be
 * opened, when no file has completions or when not one row could be read (the detail lists why), `cancelled`. What was begun is
 * removed again then.
 */
export async function runImport(
  sources: readonly ByteSource[],
  options: ImportOptions,
  store: Pick<TraceStore, 'beginImport' | 'run'>,
): Promise<ImportResult> {
  try {
    return await importAll(sources, options, store);
  } catch (error) {
    if (options.signal?.aborted)
      throw new LonghandError('cancelled', 'The import was cancelled; nothing of it was kept.');
    throw error;
  }
}

async function importAll(
  sources: readonly ByteSource[],
  options: ImportOptions,
  store: Pick<TraceStore, 'beginImport' | 'run'>,
): Promise<ImportResult> {
  if (sources.length === 0) throw new LonghandError('invalid_params', 'There is no file to import.');
  const { signal, mapping } = options;
  const prepared: Prepared[] = [];
  for (const source of sources) prepared.push(await prepare(source, { format: options.format, mapping, signal }));
  const doubtful = prepared.find((file) => !file.sure);
  if (doubtful)
    throw new LonghandError(
      'needs_mapping',
      `${doubtful.source.name}: ${doubtful.notes.join(' ')}`,
      inspection(doubtful, doubtful.source.name),
    );
  const files = prepared.filter((file) => file.holds === 'completions');
  const first = files[0];
  if (!first)
    throw new LonghandError(
      'unreadable',
      `${sources.map((s) => s.name).join(', ')}: no completions, only problems and gold answers. Import it together with a file of completions.`,
    );

  const progress = new Progress(sources, options);
  const run = await importRunId(sources, mapping, { signal, onBytes: (index, bytes) => progress.hashed(index, bytes) });
  const names = sources.map((source) => source.name);
  const begun = await store.beginImport({
    run,
    name: options.name ?? (names.length > 2 ? `${names[0]} and ${names.length - 1} more` : names.join(' and ')),
    source: names.join(', '),
    vars: {
      format: first.importer.name,
      mapping: mapping ?? null,
      files: sources.map(({ name, size }) => ({ name, size })),
    },
  });
  const format = first.importer.name;
  if (begun.existed) {
    const { traces } = await store.run(run);
    const notes = ['The same content was imported before with the same mapping: this is that run.'];
    return { run, format, traces, metrics: 0, existed: true, rows: 0, skipped: [], skippedMore: 0, notes };
  }
  const { writer } = begun;
  const out = new Output(writer, signal);
  try {
    const tally = new Tally();
    const gold = new GoldIndex();
    for (const file of prepared)
      if (file.holds === 'gold') await readGold(file, gold, tally, progress.reading(file.source));
    const joined: Joined = { problems: new Set(), traces: 0, byId: 0 };
    for (const file of files) await readTraces(file, out, gold, joined, tally, progress.reading(file.source), progress);
    if (tally.traces === 0) {
      const why = tally.skipped[0] ? ` (line ${tally.skipped[0].line}: ${tally.skipped[0].why})` : '';
      const detail = { skipped: tally.skipped, skippedMore: tally.skippedMore };
      throw new LonghandError(
        'unreadable',
        `${names.join(', ')}: none of ${tally.rows} rows gives a trace${why}.`,
        detail,
      );
    }
    const notes = conclusions(prepared, tally, gold, joined);
    const warnings = [
      ...tally.skipped.map(({ file, line, why }) => ({ code: 'skipped', message: `${file}, line ${line}: ${why}` })),
      ...(tally.skippedMore > 0 ? [{ code: 'skipped', message: `${tally.skippedMore} more were skipped.` }] : []),
      ...notes.map((message) => ({ code: 'import', message })),
    ];
    await out.finish(warnings);
    const { traces, metrics } = await writer.finish();
    const { skipped, skippedMore, rows } = tally;
    return { run, format, traces, metrics, existed: false, rows, skipped, skippedMore, notes };
  } catch (error) {
    await out.abort();
    throw error;
  }
}

interface Joined {
  problems: Set<string>;
  traces: number;
  /** Of them by the id of the problem, whose text the file lacks. */
  byId: number;
}

async function readTraces(
  file: Prepared,
  out: Output,
  gold: GoldIndex,
  joined: Joined,
  tally: Tally,
  reading: Reading,
  progress: Progress,
): Promise<void> {
  const { name } = file.source;
  const maker = new TraceMaker(file.plan, name);
  gold.expect(file.rows.flatMap((row) => problemText(row, file.plan) ?? []));
  for await (const batch of file.importer.rows(file.source, { ...reading, columns: neededColumns(file) })) {
    for (const item of batch) {
      if (item.kind === 'bad') tally.badRows(name, item);
      else if (item.kind === 'remark') tally.remark(name, item);
      else if (item.kind === 'surroundings') maker.surround(item.value);
      else {
        const made = maker.make(item);
        const where = item.where ? `${item.where}: ` : '';
        if (typeof made === 'string') {
          tally.emptyRow(name, item.line, where + made);
          continue;
        }
        tally.readRow();
        for (const why of made.skipped) tally.completion(name, item.line, where + why);
        if (made.composed > 0)
          tally.remark(name, {
            code: 'composed',
            line: item.line,
            message:
              'reasoning and answer, or several messages, are kept apart in the file; the completion is put together from them',
          });
        if (made.unplaced > 0)
          tally.remark(name, {
            code: 'scores',
            line: item.line,
            message:
              'log-probabilities were not kept: their tokens are not in the file, or do not spell the completion',
          });
        if (made.otherGold !== null)
          tally.remark(name, {
            code: 'other_gold',
            line: item.line,
            message: `another gold answer (${JSON.stringify(made.otherGold.slice(0, 60))}) than an earlier row has for the same problem; the earlier one is kept`,
          });
        for (const trace of made.traces) {
          if (trace.replaced > 0)
            tally.remark(name, {
              code: 'replaced',
              line: item.line,
              message: `${trace.replaced} invalid bytes or lone surrogates became U+FFFD`,
            });
          if (trace.problem.gold === null) join(trace, gold, joined);
          if (trace.problem.gold === null && file.plan.gold !== null)
            tally.remark(name, {
              code: 'no_gold',
              line: item.line,
              message: `no answer can be read from ${JSON.stringify(file.plan.gold)}`,
            });
          tally.traces++;
          await out.add(trace);
        }
      }
    }
    progress.rows = tally.rows;
  }
}

function join(trace: ImportedTrace, gold: GoldIndex, joined: Joined): void {
  const { sourceId } = trace.problem;
  const named = sourceId !== null && lacksText(trace.problem.text) ? gold.findById(sourceId) : null;
  const found = named ?? gold.find(trace.problem.text);
  if (!found) return;
  if (named) {
    trace.problem.text = named.text;
    joined.byId += 1;
  }
  trace.problem.gold = found.gold;
  trace.problem.goldOrigin = 'joined';
  trace.problem.sourceId ??= found.sourceId;
  joined.traces++;
  if (joined.problems.size < 1_000_000) joined.problems.add(trace.problem.text);
}

async function readGold(file: Prepared, gold: GoldIndex, tally: Tally, reading: Reading): Promise<void> {
  const { name } = file.source;
  const problems: { text: string; gold: string; sourceId: string | null }[] = [];
  for await (const batch of file.importer.rows(file.source, { ...reading, columns: neededColumns(file) })) {
    for (const item of batch) {
      if (item.kind === 'bad') tally.badRows(name, item);
      else if (item.kind === 'remark') tally.remark(name, item);
      if (item.kind !== 'row') continue;
      const text = problemText(item.value, file.plan);
      const answer = goldText(readPath(item.value, file.plan.gold ?? ''), file.plan.gold ?? '');
      if (text === null || answer === null) {
        tally.emptyRow(name, item.line, text === null ? 'no problem' : 'no gold answer');
        continue;
      }
      tally.readRow();
      const id = file.plan.id === null ? null : readPath(item.value, file.plan.id);
      const sourceId = typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint' ? String(id) : null;
      problems.push({ text, gold: answer, sourceId });
    }
  }
  gold.add(problems);
}

/** The text of the problem in a row, without the messages around it; null where there is none. */
function problemText(row: unknown, plan: Plan): string | null {
  const path = plan.completions[0]?.problem ?? plan.problem ?? plan.prompt;
  const value = path === null || !isRecord(row) ? null : readPath(row, path);
  if (typeof value === 'string') return value;
  if (!isMessages(value)) return null;
  return toMessages(value).findLast((message) => message.role === 'user')?.text ?? null;
}

/** The top-level columns that the plan reads: of a Parquet file no other is unpacked. */
function neededColumns({ plan, columns }: Prepared): Set<string> {
  const names = columns.map((column) => column.path).filter((path) => !path.includes('.') && !path.includes('[]'));
  const tops = new Set([...names, ...columns.map((column) => column.path.split(/\.|\[\]/)[0]!)]);
  const paths = [
    ...plan.completions.flatMap((column) => [column.path, column.problem]),
    // Log-probabilities, and the tokens that they are of.
    ...[...tops].filter((top) => isLogprobKey(top) || isTokenKey(top)),
    plan.problem, plan.prompt, plan.gold, plan.id, ...Object.values(plan.facts).flat(), ...Object.values(plan.rewards),
  ]; // prettier-ignore
  return new Set(paths.flatMap((path) => (path ? (topColumn(path, tops) ?? path) : [])));
}

function conclusions(prepared: readonly Prepared[], tally: Tally, gold: GoldIndex, joined: Joined): string[] {
  const notes = prepared.flatMap((file) => (file.holds === 'completions' ? file.notes : []));
  notes.push(`${tally.rows} rows: ${tally.read} read, ${tally.skippedRows} skipped; ${tally.traces} traces.`);
  if (gold.size > 0)
    notes.push(
      `Gold answers joined to ${joined.traces} traces of ${joined.problems.size} problems, by the problem's ${joined.byId === 0 ? 'text' : `text (of ${joined.byId} by its id, with the text)`}, from ${gold.size} problems.`,
    );
  return [...notes, ...tally.notes()];
}

/** Hands traces to the store in batches: one is stored while the next is read. */
class Output {
  readonly #writer: ImportWriter;
  readonly #signal: AbortSignal | undefined;
  #traces: ImportedTrace[] = [];
  #characters = 0;
  #storing: Promise<void> = Promise.resolve();

  constructor(writer: ImportWriter, signal: AbortSignal | undefined) {
    this.#writer = writer;
    this.#signal = signal;
  }

  async add(trace: ImportedTrace): Promise<void> {
    this.#traces.push(trace);
    this.#characters +=
      trace.completion.length + (trace.prompt?.length ?? 0) + trace.problem.text.length + (trace.scores?.length ?? 0);
    if (this.#traces.length >= BATCH_TRACES || this.#characters >= BATCH_CHARACTERS) await this.#send([]);
  }

  /** Sends what is left, with the warnings; resolves when all of it is stored. */
  async finish(warnings: { code: string; message: string }[]): Promise<void> {
    await this.#send(warnings);
    await this.#storing;
  }

  /** Removes what was written; nothing is being stored when it resolves. */
  async abort(): Promise<void> {
    await this.#storing.catch(() => undefined);
    await this.#writer.abort();
  }

  async #send(warnings: { code: string; message: string }[]): Promise<void> {
    const traces = this.#traces;
    this.#traces = [];
    this.#characters = 0;
    await this.#storing;
    this.#signal?.throwIfAborted();
    if (traces.length === 0 && warnings.length === 0) return;
    this.#storing = this.#writer.append({ traces, warnings });
    // Who awaits it next is told; until then it is no unhandled rejection.
    this.#storing.catch(() => undefined);
  }
}

class Progress {
  rows = 0;
  readonly #sources: readonly ByteSource[];
  readonly #options: ImportOptions;
  readonly #hashed: number[];
  readonly #read: number[];
  readonly #total: number;

  constructor(sources: readonly ByteSource[], options: ImportOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#hashed = sources.map(() => 0);
    this.#read = sources.map(() => 0);
    this.#total = sources.reduce((sum, source) => sum + source.size, 0);
  }

  hashed(index: number, bytes: number): void {
    this.#hashed[index] = bytes;
    this.#tell(index);
  }

  reading(source: ByteSource): Reading {
    const index = this.#sources.indexOf(source);
    return {
      signal: this.#options.signal,
      onBytes: (bytes) => {
        this.#read[index] = bytes;
        this.#tell(index);
      },
    };
  }

  #tell(index: number): void {
    const sum = (parts: number[]): number => parts.reduce((a, b) => a + b, 0);
    const bytes = Math.round((sum(this.#hashed) + sum(this.#read)) / 2);
    this.#options.onProgress?.({ file: this.#sources[index]!.name, rows: this.rows, bytes, totalBytes: this.#total });
  }
}
