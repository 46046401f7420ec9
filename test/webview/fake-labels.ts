/** Readers' labels for the pages without a service: held in memory, with the rules of `core/labels`. */
import { DETECTOR } from '../../core/behaviours/detect.ts';
import { agreementByLabel, covered } from '../../core/labels/agreement.ts';
import { comparable, readerDisagreements, unsureSpans } from '../../core/labels/disagreements.ts';
import { applyEdits, emptyLayer } from '../../core/labels/reader.ts';
import { layerOf } from '../../core/labels/shown.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { LabelEdit } from '../../core/protocol/label-schemas.ts';
import type { QueueItem, ReaderLayer } from '../../core/protocol/labels.ts';
import type { EventBatch, Params, Result } from '../../core/protocol/methods.ts';
import type { Annotations } from '../../core/protocol/traces.ts';
import { steps } from '../../core/traces/steps.ts';

interface Read {
  trace: string;
  problemLabel: string;
  text: string;
  annotations: Annotations;
}

export class FakeLabels {
  readonly layers = new Map<string, ReaderLayer>();
  by = 'Ada';
  readonly #read: (trace: string) => Read;
  readonly #all: () => string[];
  readonly #tell: (batch: EventBatch) => void;

  constructor(read: (trace: string) => Read, all: () => string[], tell: (batch: EventBatch) => void) {
    this.#read = read;
    this.#all = all;
    this.#tell = tell;
  }

  get(trace: string, by = this.by): ReaderLayer {
    return this.layers.get(`${by} ${trace}`) ?? emptyLayer(trace, by);
  }

  /** The annotations with the layers that there are. */
  shown(annotations: Annotations): Annotations {
    const own = [...this.layers.values()].filter(({ trace }) => trace === annotations.trace);
    const layers = [...(annotations.layers ?? []), ...own.map(layerOf)];
    return layers.length > 0 ? { ...annotations, layers } : annotations;
  }

  edit({ trace, by = this.by, base, edits }: Params<'labels/edit'>): ReaderLayer {
    const before = this.get(trace, by);
    if (before.revision !== base) throw new LonghandError('conflict', 'The labels were changed elsewhere meanwhile.');
    const { spans } = this.#read(trace).annotations;
    const resolved = edits.map((edit): LabelEdit => {
      if (edit.op !== 'copy') return edit;
      return { op: 'copy', spans: comparable(spans).map(({ start, end, label }) => [start, end, label]) };
    });
    const after = applyEdits(before, resolved, { at: Date.now(), detector: DETECTOR });
    this.layers.set(`${by} ${trace}`, after);
    const [run = ''] = trace.split('/');
    const event = {
      v: 1,
      seq: 0,
      t: 0,
      type: 'labels_edited',
      run,
      trace,
      by,
      base,
      detector: DETECTOR,
      edits,
    } as const;
    this.#tell({ stream: 'journal', events: [event as never] });
    return after;
  }

  agreement(): Result<'labels/agreement'> {
    const labels: Result<'labels/agreement'>['labels'] = [];
    let [traces, inSteps] = [0, 0];
    for (const layer of this.layers.values()) {
      const { text, annotations } = this.#read(layer.trace);
      const within = layer.reviewed.map(([start, end]) => ({ start, end }));
      if (within.length === 0) continue;
      const all = steps(text);
      traces += 1;
      inSteps += covered(all, within).filter(Boolean).length;
      const found = comparable(annotations.spans);
      for (const [label, counts] of agreementByLabel({ steps: all, gold: layer.spans, found, within }))
        if (label !== 'marker') labels.push({ label, ...counts });
    }
    return { by: this.by, detector: { ...DETECTOR }, labels, traces, steps: inSteps, waiting: 0 };
  }

  queue(): Result<'labels/queue'> {
    const items: QueueItem[] = [];
    for (const trace of this.#all()) {
      const { text, annotations, problemLabel } = this.#read(trace);
      const layer = this.get(trace);
      const places = [
        ...readerDisagreements(layer, annotations.spans),
        ...unsureSpans(annotations.spans, layer.reviewed, 5).map(({ margin: _margin, ...place }) => place),
      ];
      for (const place of places)
        items.push({
          ...place,
          trace,
          problemLabel,
          text: text.slice(place.start, place.start + 90).replace(/\s+/g, ' '),
        });
    }
    items.sort((a, b) => Number(a.why === 'unsure') - Number(b.why === 'unsure'));
    return { items, more: 0, looked: this.#all().length, traces: this.#all().length, waiting: 0 };
  }
}
