/** What judges said of traces, as layers: from the runs' files, which are read as they grow. Nothing of it is in the index. */
import { dirname } from 'node:path';
import type { Span } from '../../core/behaviours/spans.ts';
import type { JudgedTrace } from '../../core/protocol/judge.ts';
import type { Layer } from '../../core/protocol/layers.ts';
import { JudgedRecords, type Place } from '../judge/records.ts';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { parseTraceId } from './paths.ts';

/** Judged traces of which the places are kept in all. */
const KEPT = 500_000;

const known = new WeakMap<IndexFile, Lru<string, JudgedRecords>>();

/** The records of a run as they are in its file now. */
export function judgedRecords(index: IndexFile, run: string): JudgedRecords {
  let runs = known.get(index);
  if (!runs) known.set(index, (runs = new Lru(KEPT, ({ size }) => size + 1)));
  const records = (runs.get(run) ?? new JudgedRecords(dirname(index.path), run)).refresh();
  runs.set(run, records);
  return records;
}

/** One layer for each model and version of the questions, the one that was written last at the end. */
export function judgeLayers(index: IndexFile, trace: string): Layer[] {
  const records = judgedRecords(index, parseTraceId(trace).key.run);
  return records
    .of(trace)
    .toSorted((a, b) => a.position - b.position)
    .flatMap((place) => layerOf(records, place) ?? []);
}

export function layerOf(records: JudgedRecords, place: Place): Layer | null {
  const record = records.record(place);
  return record && shown(record);
}

function shown({ judge: { model, prompt }, spans, read }: JudgedTrace): Layer {
  return {
    ...{ kind: 'judge', name: model, version: prompt, read },
    spans: spans.map(({ start, end, label }): Span => {
      // A judge says nothing of how sure it is, and of no words that decided.
      return { in: 'completion', start, end, label, detector: model, version: prompt, confidence: 1, evidence: '' };
    }),
  };
}
