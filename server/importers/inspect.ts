/** What a file is and what an import of it would do, from its beginning. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { ImportInspection, ImportMapping } from '../../core/protocol/imports.ts';
import { describe, MAX_COLUMNS, leaves, summary, type Column } from './columns.ts';
import type { Importer } from './importer.ts';
import { isRecord, readPath } from './paths.ts';
import { probe } from './probe.ts';
import { mappingOf, planFromMapping, recognise, type Plan, type Recognition } from './recognise.ts';
import { importerFor } from './registry.ts';
import type { ByteSource } from './source.ts';

/** Rows that the columns are recognised from, and the text of them that is looked at. */
const SAMPLE_ROWS = 64;
const SAMPLE_BYTES = 16 * 2 ** 20;
/** Columns that a dialog is given. */
const SHOWN_COLUMNS = 200;

export interface Prepared {
  source: ByteSource;
  importer: Importer;
  holds: Recognition['holds'];
  plan: Plan;
  sure: boolean;
  notes: string[];
  columns: Column[];
  /** Rows of the sample. */
  rows: unknown[];
  /** The sample was the whole file. */
  whole: boolean;
}

export interface PrepareOptions {
  format?: string;
  mapping?: ImportMapping;
  signal?: AbortSignal;
}

/**
 * Chooses the importer and recognises the columns; with a mapping, obeys it. Throws `unreadable` for a file of which nothing
 * can be read, `needs_mapping` for a mapping that names a column that is not there.
 */
export async function prepare(source: ByteSource, options: PrepareOptions = {}): Promise<Prepared> {
  const found = await probe(source, options.signal);
  const importer = importerFor(found, options.format);
  const { rows, whole, firstBad } = await sample(importer, source, options.signal);
  if (rows.length === 0)
    throw new LonghandError(
      'unreadable',
      `${source.name}: no row can be read${firstBad ? ` (${firstBad})` : ': it has none'}.`,
    );
  const columns = describe(rows);
  const recognised = recognise(columns, rows);
  const base = { source, importer, columns, rows, whole };
  const dress = found.dress.map((note) => `${source.name} is ${note}.`);
  const { mapping } = options;
  if (!mapping || (recognised.holds === 'gold' && !exists(rows, mapping.completion)))
    return { ...base, ...recognised, notes: [...dress, ...recognised.notes] };
  checkMapping(mapping, rows, columns, source.name);
  const plan = planFromMapping(mapping, columns, rows);
  return { ...base, holds: 'completions', plan, sure: true, notes: dress };
}

/**
 * Says what a file is and what importing it would do. Throws `unreadable` for what cannot be opened at all.
 *
 * @param path shown in the result
 */
export async function inspectImport(
  source: ByteSource,
  path: string,
  options: PrepareOptions = {},
): Promise<ImportInspection> {
  const prepared = await prepare(source, options);
  const counted = (await prepared.importer.count?.(source)) ?? null;
  return inspection(prepared, path, counted);
}

export function inspection(prepared: Prepared, path: string, counted: number | null = null): ImportInspection {
  const { columns, holds, plan, sure } = prepared;
  const notes = [...prepared.notes];
  if (holds === 'completions') notes.push(...whatItWillDo(plan, prepared.rows));
  if (columns.length > SHOWN_COLUMNS) {
    const more = columns.length === MAX_COLUMNS ? 'More' : columns.length - SHOWN_COLUMNS;
    notes.push(`${more} columns than those shown are there; any can be named by hand.`);
  }
  return {
    path,
    format: prepared.importer.name,
    bytes: prepared.source.size,
    rows: counted ?? (prepared.whole ? prepared.rows.length : null),
    columns: columns.slice(0, SHOWN_COLUMNS).map(summary),
    mapping: mappingOf(plan),
    needsMapping: holds === 'unknown' && !sure,
    holds,
    notes,
  };
}

/** Sentences on which column becomes what. */
export function whatItWillDo(plan: Plan, rows: readonly unknown[]): string[] {
  const name = (path: string): string => JSON.stringify(path);
  const said: string[] = [];
  for (const column of plan.completions) {
    const several = rows.some((row) => leaves(readPath(row, column.path)).length > 1);
    const extra = [
      column.model ? `of ${column.model}` : '',
      several ? 'each element of the list one trace' : '',
    ].filter(Boolean);
    said.push(`Completions from ${name(column.path)}${extra.length > 0 ? `, ${extra.join(', ')}` : ''}.`);
  }
  const problem = plan.completions[0]?.problem ?? plan.problem ?? plan.prompt;
  if (problem !== null) said.push(`Problems from ${name(problem)}.`);
  else if (plan.chat) said.push('Problems from the last request of the user in each conversation.');
  else said.push('The file has no text of the problems: they are named by their place in it.');
  if (plan.prompt !== null && plan.prompt !== problem) said.push(`Prompts from ${name(plan.prompt)}.`);
  if (plan.chat)
    said.push(
      'What is made of several messages is written in ChatML: the template that the model saw is not in the file.',
    );
  said.push(
    plan.gold === null
      ? 'No gold answers: join a file that has them, or there will be no verdicts.'
      : `Gold answers from ${name(plan.gold)}.`,
  );
  if (plan.id !== null) said.push(`Ids of the problems from ${name(plan.id)}.`);
  const facts = [
    ...Object.entries(plan.facts).map(([fact, columns]) => `${fact} from ${columns.map(name).join(', or ')}`),
    ...Object.entries(plan.rewards).map(([reward, column]) => `reward “${reward}” from ${name(column)}`),
  ];
  if (facts.length > 0) said.push(`Recorded facts: ${facts.join('; ')}.`);
  return said;
}

async function sample(
  importer: Importer,
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<{ rows: unknown[]; whole: boolean; firstBad: string | null }> {
  const rows: unknown[] = [];
  let firstBad: string | null = null;
  let read = 0;
  const onBytes = (bytes: number): void => {
    read = bytes;
  };
  for await (const batch of importer.rows(source, { signal, onBytes })) {
    for (const item of batch) {
      if (item.kind === 'bad') firstBad ??= `line ${item.line}: ${item.why}`;
      if (item.kind !== 'row') continue;
      if (rows.length === SAMPLE_ROWS) return { rows, whole: false, firstBad };
      // What is no object has no columns; between rows it is what damage has left of one.
      if (isRecord(item.value)) rows.push(item.value);
      else firstBad ??= `line ${item.line}: not an object`;
    }
    if (read > SAMPLE_BYTES && rows.length > 0) return { rows, whole: false, firstBad };
  }
  return { rows, whole: firstBad === null, firstBad };
}

function exists(rows: readonly unknown[], path: string): boolean {
  return rows.some((row) => readPath(row, path) !== undefined);
}

function checkMapping(
  mapping: ImportMapping,
  rows: readonly unknown[],
  columns: readonly Column[],
  file: string,
): void {
  for (const field of ['completion', 'prompt', 'gold', 'id'] as const) {
    const path = mapping[field];
    if (path === undefined || exists(rows, path)) continue;
    const known = columns.slice(0, 40).map((column) => column.path).join(', '); // prettier-ignore
    throw new LonghandError(
      'needs_mapping',
      `${file} has no column ${JSON.stringify(path)} (asked for as ${field}). Its columns: ${known}.`,
    );
  }
}
