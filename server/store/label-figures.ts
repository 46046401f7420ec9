/**
 * The detector against a reader over a run, and the places to read next. Texts are read for a fraction of a second a call and what
 * they say is kept in memory under the revision of their labels; everything here yields after some milliseconds.
 */
import { DETECTOR } from '../../core/behaviours/detect.ts';
import { leastConfidence } from '../../core/behaviours/model/score.ts';
import { addAgreements, agreementByLabel, covered } from '../../core/labels/agreement.ts';
import {
  comparable,
  judgeDisagreements,
  readerDisagreements,
  snippet,
  unsureSpans,
  type Disagreement,
} from '../../core/labels/disagreements.ts';
import { emptyLayer } from '../../core/labels/reader.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { LabelAgreement, QueueItem, ReaderLayer } from '../../core/protocol/labels.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { steps } from '../../core/traces/steps.ts';
import type { Annotator } from './annotate.ts';
import { attemptsOf, where } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { judgedRecords } from './judge-layers.ts';
import { otherLayers } from './layers.ts';
import { countOf } from './long-lists.ts';
import { Lru } from './lru.ts';
import { parseTraceId } from './paths.ts';
import { plain } from './plain.ts';
import { Reading } from './reading.ts';
import { traceRows } from './rows.ts';
import { ROW_IDS_EACH } from './schema.ts';
import { tracePages } from './slices.ts';

/** Traces of a run that are looked through for unsure spans; the answer says of how many. */
const LOOKED = 300;
/** Judged traces of a run that are gone through beside them. */
const JUDGED = 1000;
const UNSURE_EACH = 5;
const QUEUE_LIMIT = 200;
/** Labels and places kept in all. */
const KEPT = 200_000;

/** With the reader's name filled in. */
export type Named<M extends 'labels/agreement' | 'labels/queue'> = Params<M> & { by: string };

interface Seen {
  labels: LabelAgreement[];
  steps: number;
  places: (Disagreement & { text: string; margin?: number })[];
}

interface Labelled {
  trace: string;
  problemLabel: string;
  length: number;
  layer: ReaderLayer;
  judged: string;
}

export class LabelFigures {
  private readonly index: IndexFile;
  private readonly annotator: Annotator;
  private readonly cache = new Lru<string, Seen>(KEPT, (seen) => seen.labels.length + seen.places.length + 1);

  constructor(index: IndexFile, annotator: Annotator) {
    this.index = index;
    this.annotator = annotator;
  }

  forget(): void {
    this.cache.clear();
  }

  /** Answers `labels/agreement`. */
  *agreement({ run, by }: Named<'labels/agreement'>): Generator<void, Result<'labels/agreement'>> {
    const sums = new Map<LabelAgreement['label'], LabelAgreement>();
    const work = new Reading();
    let [traces, inSteps] = [0, 0];
    for (const one of this.labelled(run, by)) {
      if (one.layer.reviewed.length === 0) continue;
      const seen = yield* work.kept(this.cache, keyOf(one), () => this.look(one));
      if (seen) {
        traces += 1;
        inSteps += seen.steps;
        addAgreements(sums, seen.labels);
      }
      yield* work.breath();
    }
    // A label that a trace does not have is a label that none of its steps has: they are units too.
    for (const sum of sums.values()) sum.steps.units = inSteps;
    return {
      by,
      detector: { ...DETECTOR },
      labels: [...sums.values()],
      traces,
      steps: inSteps,
      waiting: work.waiting,
    };
  }

  /** Answers `labels/queue`: what reader and detector disagree on, what detector and judge do, what the detector is least sure of. */
  *queue({ run, by, limit = QUEUE_LIMIT }: Named<'labels/queue'>): Generator<void, Result<'labels/queue'>> {
    const work = new Reading();
    const found: { item: QueueItem; margin: number }[] = [];
    const add = ({ trace, problemLabel }: Labelled, seen: Seen | null): void => {
      for (const { margin = 0, ...place } of seen?.places ?? [])
        found.push({ item: { trace, problemLabel, ...place }, margin });
    };
    const done = new Set<string>();
    for (const source of [this.labelled(run, by), this.judged(run, by), this.first(run, by)])
      for (const one of source) {
        if (done.has(one.trace)) continue;
        done.add(one.trace);
        const seen = yield* work.kept(this.cache, keyOf(one), () => this.look(one));
        add(one, seen);
        yield* work.breath();
      }
    const finished = { run, live: false };
    const traces = yield* countOf(this.index, attemptsOf(this.index, finished), where(this.index, finished));
    const rank = (item: QueueItem): number => (item.why === 'unsure' ? 2 : item.why === 'judge' ? 1 : 0);
    // Stable: by trace and place within the kinds; the unsure by how unsure they are.
    found.sort((a, b) => rank(a.item) - rank(b.item) || a.margin - b.margin);
    const items = found.slice(0, limit).map(({ item }) => item);
    const looked = done.size - work.waiting;
    return { items, more: found.length - items.length, looked, traces, waiting: work.waiting };
  }

  /** Traces of which the reader has said something. */
  private *labelled(run: string, by: string): Generator<Labelled, void> {
    const rows = this.index.all<{ trace: string; layer: string }>(
      'SELECT trace, layer FROM reader_labels WHERE run = ? AND reader = ? ORDER BY trace',
      run,
      plain(by),
    );
    for (const { trace, layer } of rows) {
      const row = this.rowOf(trace);
      if (row) yield { ...row, layer: JSON.parse(layer) as ReaderLayer, judged: this.judgedBy(trace) };
    }
  }

  /** Traces of which a judge has said something. */
  private *judged(run: string, by: string): Generator<Labelled, void> {
    let n = 0;
    for (const trace of judgedRecords(this.index, run).traces()) {
      if ((n += 1) > JUDGED) return;
      const row = this.rowOf(trace);
      if (row) yield { ...row, layer: emptyLayer(trace, by), judged: this.judgedBy(trace) };
    }
  }

  private *first(run: string, by: string): Generator<Labelled, void> {
    const ids: number[] = [];
    for (const page of tracePages<{ id: number }>(this.index, { run, live: false }, 't.id')) {
      ids.push(...page.map(({ id }) => id));
      if (ids.length >= LOOKED) break;
    }
    const first = JSON.stringify(ids.slice(0, LOOKED));
    const rows = traceRows(this.index, 'WHERE t.id IN (SELECT value FROM json_each(?)) ORDER BY t.id', first);
    for (const { trace, problemLabel, length } of rows)
      yield { trace, problemLabel, length, layer: emptyLayer(trace, by), judged: this.judgedBy(trace) };
  }

  private rowOf(trace: string): Pick<Labelled, 'trace' | 'problemLabel' | 'length'> | null {
    const [run = '', stage = '', attempt, n] = trace.split('/');
    const [row] = traceRows(
      this.index,
      `WHERE a.run = ? AND a.stage = ? AND a.attempt = ? AND t.id = a.id * ${ROW_IDS_EACH} + ?`,
      run,
      stage,
      Number(attempt),
      Number(n),
    );
    return row ? { trace, problemLabel: row.problemLabel, length: row.length } : null;
  }

  /** Where a judge's words on a trace lie: elsewhere where it has spoken again. */
  private judgedBy(trace: string): string {
    const records = judgedRecords(this.index, parseTraceId(trace).key.run);
    return records
      .of(trace)
      .map(({ position }) => position)
      .join();
  }

  /** Reads a text; null where it is gone. */
  private *look(one: Labelled): Generator<void, Seen | null> {
    const { layer, trace } = one;
    try {
      const { text, spans } = yield* this.annotator.reading(trace);
      const within = layer.reviewed.map(([start, end]) => ({ start, end }));
      const all = within.length > 0 ? steps(text) : [];
      const found = comparable(spans);
      const agreed = agreementByLabel({ steps: all, gold: layer.spans, found, within });
      const judge = otherLayers(this.index, trace).filter(({ kind }) => kind === 'judge');
      const places = [
        ...readerDisagreements(layer, spans),
        ...judge.flatMap((own) => judgeDisagreements(own, spans, layer.reviewed)),
        ...unsureSpans(spans, layer.reviewed, UNSURE_EACH, leastConfidence),
      ];
      return {
        labels: [...agreed].map(([label, counts]) => ({ label: label as LabelAgreement['label'], ...counts })),
        steps: covered(all, within).filter(Boolean).length,
        places: places.map((place) => ({ ...place, text: snippet(text, place.start) })),
      };
    } catch (error) {
      if (!LonghandError.is(error, 'corrupt')) throw error;
      return null;
    }
  }
}

const keyOf = ({ trace, length, judged, layer: { by, revision } }: Labelled): string =>
  JSON.stringify([trace, length, by, revision, judged, DETECTOR]);
