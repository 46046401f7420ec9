/** One trace: everything known of it, its texts, its group. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { FoundAnswer, Sampling, TraceFacts, Verdict } from '../../core/protocol/events.ts';
import { PAGE_LIMIT, SLICE_LIMIT } from '../../core/protocol/methods.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { TraceDetail } from '../../core/protocol/traces.ts';
import { attemptId } from './attempts.ts';
import type { IndexFile } from './index-file.ts';
import { attemptFolder, parseTraceId } from './paths.ts';
import { traceRows } from './rows.ts';
import { readerVerdict, rescoredVerdict } from './rulings.ts';
import { ROW_IDS_EACH, traceRowId } from './schema.ts';
import type { TextKind, TextReader } from './text.ts';

export interface TracePlace {
  id: number;
  attemptId: number;
  folder: string;
  prompt: number | null;
  live: boolean;
}

/** @throws `not_found`, `invalid_params` */
export function findTrace(index: IndexFile, root: string, trace: string): TracePlace {
  const { key, n } = parseTraceId(trace);
  const attempt = attemptId(index, key);
  const id = attempt === null ? 0 : traceRowId(attempt, n);
  const row = index.get<{ prompt: number | null; live: number }>('SELECT prompt, live FROM traces WHERE id = ?', id);
  if (attempt === null || !row) throw new LonghandError('not_found', `There is no trace ${trace}.`);
  return { id, attemptId: attempt, folder: attemptFolder(root, key), prompt: row.prompt, live: row.live === 1 };
}

interface DetailRow {
  facts: string;
  sampling: string | null;
  model: string | null;
  quick: string | null;
  found: string | null;
  replaced: number;
  source_file: string | null;
  source_line: number | null;
  marker: string | null;
  set_name: string | null;
  text: string;
  source_id: string | null;
  gold: string | null;
  gold_origin: string | null;
  prompt_units: number | null;
  prompt_replaced: number | null;
}

const NAMED = `WHERE a.run = ? AND a.stage = ? AND a.attempt = ? AND t.id = a.id * ${ROW_IDS_EACH} + ?`;

/** @throws `not_found`, `invalid_params` */
export function traceDetail(index: IndexFile, trace: string): TraceDetail {
  const { key, n } = parseTraceId(trace);
  const [row] = traceRows(index, NAMED, key.run, key.stage, key.attempt, n);
  const detail =
    row &&
    index.get<DetailRow>(
      `SELECT d.facts, d.sampling, d.model, d.quick, d.found, d.replaced, d.source_file, d.source_line, t.marker, t.set_name,
         p.text, p.source_id, p.gold, p.gold_origin, q.units AS prompt_units, q.replaced AS prompt_replaced
       FROM traces t JOIN details d ON d.id = t.id JOIN problems p ON p.id = t.problem_id
         LEFT JOIN prompts q ON q.attempt_id = t.attempt_id AND q.n = t.prompt WHERE t.id = ?`,
      row.rowId,
    );
  if (!row || !detail) throw new LonghandError('not_found', `There is no trace ${trace}.`);
  const { rowId: _rowId, ...shown } = row;
  const facts = JSON.parse(detail.facts) as TraceFacts;
  const { source_file: file, source_line: line } = detail;
  return {
    ...shown,
    facts,
    problemText: parse(detail.text) as string,
    sourceId: detail.source_id,
    gold: detail.gold,
    goldOrigin: detail.gold_origin,
    sampling: parse(detail.sampling) as Sampling | null,
    marker: detail.marker,
    model: detail.model,
    set: detail.set_name,
    promptLength: detail.prompt_units ?? 0,
    answerFound: facts.answer ?? (parse(detail.found) as FoundAnswer | null),
    verdictBy: facts.verdict ?? null,
    quick: parse(detail.quick) as Verdict | null,
    reader: readerVerdict(index, key, n),
    rescored: rescoredVerdict(index, key, n),
    replaced: detail.replaced + (detail.prompt_replaced ?? 0),
    source: file !== null && line !== null ? { file, line } : null,
  };
}

const parse = (json: string | null): unknown => (json === null ? null : JSON.parse(json));

/** Where a text is stored: which kind it is and whose. A trace without a prompt of its own has an empty one. */
export function textOf(place: TracePlace, side: 'prompt' | 'completion'): { kind: TextKind; owner: number } {
  return side === 'completion'
    ? { kind: 0, owner: place.id }
    : { kind: 1, owner: place.prompt === null ? -1 : traceRowId(place.attemptId, place.prompt) };
}

export function traceSlice(
  index: IndexFile,
  root: string,
  texts: TextReader,
  params: Params<'traces/slice'>,
): Result<'traces/slice'> {
  const place = findTrace(index, root, params.trace);
  const { kind, owner } = textOf(place, params.in);
  try {
    const slice = texts.slice(place.folder, kind, owner, params.start, params.end, SLICE_LIMIT);
    return { ...slice, live: params.in === 'completion' && place.live };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new LonghandError(
      'corrupt',
      `A file that holds the text of ${params.trace} is gone: ${(error as NodeJS.ErrnoException).path ?? ''}`,
    );
  }
}

/** The completions of one prompt in one step, or of one problem in one evaluation; the trace alone where it has no group. */
export function traceGroup(index: IndexFile, root: string, trace: string): Result<'traces/group'> {
  const place = findTrace(index, root, trace);
  const found = traceRows(
    index,
    `, traces o WHERE o.id = ? AND t.attempt_id = o.attempt_id AND t.step IS o.step AND t.of IS o.of AND t.set_name IS o.set_name
       AND CASE WHEN o.grp IS NULL THEN t.grp IS NULL AND t.problem_id = o.problem_id AND t.marker IS o.marker AND t.of_attempt IS o.of_attempt
         ELSE t.grp = o.grp END
     ORDER BY t.sample, t.id LIMIT ${PAGE_LIMIT}`,
    place.id,
  );
  return { rows: found.map(({ rowId: _rowId, ...row }) => row) };
}
