/** Readers' labels in the index: what the journal's edits make together, and what an edit must be to get into the journal. */
import { DETECTOR } from '../../core/behaviours/detect.ts';
import { comparable } from '../../core/labels/disagreements.ts';
import { applyEdits, emptyLayer } from '../../core/labels/reader.ts';
import { layerOf } from '../../core/labels/shown.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { JournalEvent } from '../../core/protocol/files.ts';
import type { ExportedLabels, LabelEdit } from '../../core/protocol/label-schemas.ts';
import type { ReaderLayer } from '../../core/protocol/labels.ts';
import type { Layer } from '../../core/protocol/layers.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { Annotator } from './annotate.ts';
import type { IndexFile } from './index-file.ts';
import { parseTraceId } from './paths.ts';
import { plain } from './plain.ts';
import { ROW_IDS_EACH } from './schema.ts';
import type { NewJournalEvent } from './trace-store.ts';

type Edited = Extract<JournalEvent, { type: 'labels_edited' }>;
/** With the reader's name, which the door has filled in. */
export type LabelEditParams = Params<'labels/edit'> & { by: string };

/** What a reader says of a trace so far; an empty layer where that is nothing. */
export function readerLayer(index: IndexFile, trace: string, by: string): ReaderLayer {
  const row = index.get<{ layer: string }>(
    'SELECT layer FROM reader_labels WHERE trace = ? AND reader = ?',
    trace,
    plain(by),
  );
  return row ? (JSON.parse(row.layer) as ReaderLayer) : emptyLayer(trace, by);
}

/** The layers of all readers of a trace, by name, as they are shown. */
export function readerLayers(index: IndexFile, trace: string): Layer[] {
  const rows = index.all<{ layer: string }>('SELECT layer FROM reader_labels WHERE trace = ? ORDER BY reader', trace);
  return rows.map(({ layer }) => layerOf(JSON.parse(layer) as ReaderLayer));
}

/**
 * The journal's event for the edits that a reader asks for, with what they stand on found.
 *
 * @throws `conflict` where somebody was faster, `invalid_params` for what does not fit the text or the layer, `not_found`
 */
export function prepareEdit(index: IndexFile, annotator: Annotator, params: LabelEditParams): NewJournalEvent {
  const { trace, by, base, edits: wanted } = params;
  const { run } = parseTraceId(trace).key;
  const { spans, length } = annotator.annotations(trace);
  const layer = readerLayer(index, trace, by);
  if (base !== layer.revision) {
    throw new LonghandError(
      'conflict',
      `The labels of this trace were changed elsewhere meanwhile (revision ${layer.revision}, this edit was made on ${base}).`,
      { revision: layer.revision },
    );
  }
  const edits: LabelEdit[] = wanted.map((edit) => {
    if (edit.op !== 'copy') return edit;
    return { op: 'copy', spans: comparable(spans).map(({ start, end, label }) => [start, end, label]) };
  });
  for (const edit of edits) checkPlaces(edit, length);
  applyEdits(layer, edits, { at: 0, detector: DETECTOR });
  return { type: 'labels_edited', run, trace, by, base, detector: { ...DETECTOR }, edits };
}

function checkPlaces(edit: LabelEdit, length: number): void {
  const ends = edit.op === 'reviewed' ? edit.stretches.map(([, end]) => end) : 'end' in edit ? [edit.end ?? 0] : [];
  for (const end of ends)
    if (end > length)
      throw new LonghandError('invalid_params', `A label ends at ${end}; the text has ${length} UTF-16 units.`);
}

/** Of a run that is deleted. */
export function forgetLabels(index: IndexFile, run: string): void {
  index.run('DELETE FROM reader_labels WHERE run = ?', run);
}

/** Within a transaction. @throws `invalid_params` for an event whose edits do not fit what came before */
export function applyLabels(index: IndexFile, { trace, by, run, edits, detector, t }: Edited): void {
  const layer = applyEdits(readerLayer(index, trace, by), edits, { at: t, detector });
  index.run(
    'INSERT OR REPLACE INTO reader_labels (trace, reader, run, revision, reviewed, layer) VALUES (?, ?, ?, ?, ?, ?)',
    trace,
    plain(by),
    run,
    layer.revision,
    layer.reviewed.length > 0 ? 1 : 0,
    JSON.stringify(layer),
  );
}

/** Traces of a page, and UTF-16 units of texts in it. */
const EXPORT_PAGE = 50;
const EXPORT_UNITS = 2 ** 22;

/** Answers `labels/export`. */
export function exportLabels(
  index: IndexFile,
  annotator: Annotator,
  { run, by, text = false, cursor }: Params<'labels/export'>,
): Result<'labels/export'> {
  const after = readCursor(cursor);
  const rows = index.all<{ trace: string; reader: string; layer: string }>(
    `SELECT trace, reader, layer FROM reader_labels
     WHERE run = ? AND (? IS NULL OR reader = ?) AND (trace, reader) > (?, ?) ORDER BY trace, reader LIMIT ?`,
    run,
    by === undefined ? null : plain(by),
    by === undefined ? null : plain(by),
    ...after,
    EXPORT_PAGE + 1,
  );
  const found: ExportedLabels[] = [];
  let units = 0;
  let done = 0;
  for (const { trace, layer } of rows.slice(0, EXPORT_PAGE)) {
    if (units > EXPORT_UNITS) break;
    done += 1;
    const row = exported(index, trace, JSON.parse(layer) as ReaderLayer);
    // Null: the folder of its attempt was taken away.
    if (!row) continue;
    if (text) Object.assign(row, textOf(annotator, trace));
    units += row.text?.length ?? 0;
    found.push(row);
  }
  const last = rows[done - 1];
  if (done === rows.length || !last) return { rows: found };
  return { rows: found, next: Buffer.from(JSON.stringify([last.trace, last.reader])).toString('base64url') };
}

/** Nothing where the text is gone: the labels are there all the same. */
function textOf(annotator: Annotator, trace: string): Pick<ExportedLabels, 'text'> {
  try {
    return { text: annotator.text(trace) };
  } catch (error) {
    if (LonghandError.is(error, 'corrupt')) return {};
    throw error;
  }
}

function exported(index: IndexFile, trace: string, layer: ReaderLayer): ExportedLabels | null {
  const { key, n } = parseTraceId(trace);
  const about = index.get<{ hash: string; source_id: string | null; units: number }>(
    `SELECT p.hash, p.source_id, t.units FROM attempts a JOIN traces t ON t.id = a.id * ${ROW_IDS_EACH} + ? JOIN problems p ON p.id = t.problem_id
     WHERE a.run = ? AND a.stage = ? AND a.attempt = ?`,
    n,
    key.run,
    key.stage,
    key.attempt,
  );
  if (!about) return null;
  const { by, revision, spans, reviewed } = layer;
  return {
    ...{ trace, problem: about.hash, source_id: about.source_id, by, revision, length: about.units },
    labels: spans.map(({ start, end, label, at, detector, version, copied }) => {
      return { start, end, label, by, at: new Date(at).toISOString(), detector, version, copied };
    }),
    reviewed,
  };
}

function readCursor(cursor: string | undefined): [trace: string, reader: string] {
  if (cursor === undefined) return ['', ''];
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof place[0] === 'string' && typeof place[1] === 'string') return [place[0], place[1]];
  } catch {
    // Said below.
  }
  throw new LonghandError('invalid_params', 'The cursor does not belong to this export. Begin again without one.');
}
