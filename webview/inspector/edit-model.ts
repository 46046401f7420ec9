/**
 * A reader's own labels of the trace that is open: what the reader is at, the edits one after the other, and what undoes them. An
 * edit is on disk before the page shows it; nothing is changed here that the service has not said.
 */
import type { Stretch } from '../../core/labels/agreement.ts';
import { inverseOf, samePlace } from '../../core/labels/reader.ts';
import { layerOf } from '../../core/labels/shown.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { LabelEdit, WantedEdit } from '../../core/protocol/label-schemas.ts';
import type { Place as Labelled, ReaderLabel, ReaderLayer } from '../../core/protocol/labels.ts';
import type { EventBatch } from '../../core/protocol/methods.ts';
import { steps, type Step } from '../../core/traces/steps.ts';
import type { Host } from '../host.ts';
import { lookOf } from '../ui/labels.ts';
import { plural } from '../ui/format.ts';
import { Store } from '../ui/store.ts';
import {
  describe,
  labelled,
  movedTo,
  removed,
  reviewed,
  reviewedWhole,
  stepsTarget,
  stretchOf,
  type Made,
  type Place,
} from './edit-made.ts';
import { nextSpan, spanAt, stepAt, stepsUnder, type Target } from './edit-places.ts';
import type { EditAction } from './edit-keys.ts';
import type { OpenTrace } from './open-trace.ts';

export interface EditState {
  on: boolean;
  /** Null: it is being read. */
  layer: ReaderLayer | null;
  target: Target | null;
  snap: boolean;
  /** The detector's spans are shown beside the reader's. */
  compare: boolean;
  undo: number;
  redo: number;
  /** Edits that are on their way. */
  saving: number;
  error: unknown;
  /** The last thing that was done, for the bar and for screen readers; `n` tells two equal sentences apart. */
  said: { text: string; n: number };
}

/** What is left to the page: to end, and to settle what the page knows of. */
type Action = Exclude<EditAction, { do: 'leave' } | { do: 'settle' }>;
/** Most edits that can be undone. */
const UNDO_LIMIT = 1000;

export class LabelEditor extends Store<EditState> {
  readonly #host: Host;
  readonly #open: OpenTrace;
  #chain: Promise<void> = Promise.resolve();
  #undo: LabelEdit[][] = [];
  #redo: LabelEdit[][] = [];
  #steps: { text: string; found: Step[] } = { text: '', found: [] };
  #loading: { trace: string | null; done: Promise<void> } | null = null;
  #wanted: { place: Labelled & { trace: string }; words: string } | null = null;
  /** Called when the reader is at another place: it is brought into view. */
  onTarget: (place: Stretch) => void = () => undefined;

  constructor(host: Host, open: OpenTrace) {
    super({
      ...{ on: false, layer: null, target: null, snap: true, compare: false, undo: 0, redo: 0, saving: 0, error: null },
      said: { text: '', n: 0 },
    });
    this.#host = host;
    this.#open = open;
  }

  /** Steps of the completion as far as it is here. */
  get steps(): readonly Step[] {
    const text = this.#open.text.completion;
    if (this.#steps.text !== text) this.#steps = { text, found: steps(text) };
    return this.#steps.found;
  }

  say(text: string): void {
    this.set({ said: { text, n: this.value.said.n + 1 } });
  }

  // ---- on, off, another trace --------------------------------------------------------------------------------------

  /** `at`: where the reader is in the text. */
  async begin(at: number): Promise<void> {
    this.set({ on: true });
    await this.load();
    const from = stepAt(this.steps, at);
    if (this.value.target === null && from >= 0) this.#go({ kind: 'steps', from, to: from, anchor: from }, false);
    this.#greet();
  }

  #greet(): void {
    const { layer } = this.value;
    if (!layer) return;
    this.say(
      layer.revision === 0
        ? 'Edit labels. You have none here yet: Enter begins with the detector’s spans, a label’s key with an empty text.'
        : `Edit labels. ${plural(layer.spans.length, 'label')} of yours.`,
    );
  }

  /** Another trace was opened while labels are edited. */
  async follow(): Promise<void> {
    await this.load();
    if (this.value.on && this.#wanted === null && this.value.target === null) this.#greet();
  }

  end(): void {
    this.set({ on: false, target: null, error: null });
    this.say('Labels are no longer edited.');
  }

  /** Reads the reader's labels of the trace that is open: another trace, another window's edit, a new connection. */
  load(): Promise<void> {
    const { trace } = this.#open.value;
    if (this.#loading?.trace === trace) return this.#loading.done;
    const done = this.#load(trace);
    const loading = { trace, done };
    this.#loading = loading;
    void done.finally(() => {
      if (this.#loading === loading) this.#loading = null;
    });
    return done;
  }

  async #load(trace: string | null): Promise<void> {
    this.#undo = [];
    this.#redo = [];
    const another = this.value.layer?.trace !== trace;
    this.set({ undo: 0, redo: 0, error: null, ...(another && { layer: null, target: null }) });
    if (trace === null) return;
    try {
      const layer = await this.#host.call('labels/get', { trace });
      if (this.#open.value.trace !== trace) return;
      this.#show(layer);
      const { target } = this.value;
      if (target?.kind === 'span' && !layer.spans.some(({ id }) => id === target.id)) this.set({ target: null });
    } catch (error) {
      if (this.#open.value.trace === trace) this.set({ error });
    }
    this.arrive();
  }

  #show(layer: ReaderLayer): void {
    this.set({ layer });
    this.#open.putLayer(layerOf(layer));
  }

  onEvents({ stream, events }: EventBatch): void {
    if (stream !== 'journal') return;
    for (const event of events) {
      if (event.type !== 'labels_edited' || event.trace !== this.#open.value.trace) continue;
      // After what is on its way: an edit of our own is known by then.
      this.#after(async () => {
        const { layer, on } = this.value;
        if (!layer || layer.by !== event.by || layer.revision > event.base) return;
        await this.load();
        if (on) this.say('Your labels were changed in another window. They are shown as they are now.');
      });
    }
  }

  // ---- where the reader is -----------------------------------------------------------------------------------------

  /** Where the reader is, and what stands there. */
  #place(): Place {
    const { layer, target } = this.value;
    const { text, value } = this.#open;
    const length = value.annotations?.length ?? text.completion.length;
    return { layer, target, steps: this.steps, text: text.completion, length };
  }

  #go(target: Target, tell = true): void {
    this.set({ target });
    const place = stretchOf(this.#place());
    if (place) this.onTarget(place);
    if (tell) this.say(describe(this.#place()));
  }

  /** To a place of the text, also one of a trace that has yet to come; `words` say why. */
  goTo(place: Labelled & { trace: string }, words: string): void {
    this.#wanted = { place, words };
    this.arrive();
  }

  /** Where a place was asked for and its text is here by now: to it. */
  arrive(): void {
    const wanted = this.#wanted;
    const { layer, on } = this.value;
    if (!wanted || !on || layer?.trace !== wanted.place.trace || this.#open.text.completion.length < wanted.place.end)
      return;
    const { place, words } = wanted;
    this.#wanted = null;
    const span = layer.spans.find((one) => samePlace(one, place));
    const target: Target | null = span ? { kind: 'span', id: span.id } : stepsTarget(this.steps, place);
    if (target) this.#go(target, false);
    this.say(words);
  }

  /** A click, or what was selected with the mouse. */
  point(start: number, end: number): void {
    this.#after(() => this.#point(start, end));
  }

  #point(start: number, end: number): void {
    const { layer, snap } = this.value;
    if (start === end) {
      const span = spanAt(layer?.spans ?? [], start);
      const from = stepAt(this.steps, start);
      if (span) this.#go({ kind: 'span', id: span.id });
      else if (from >= 0) this.#go({ kind: 'steps', from, to: from, anchor: from });
      return;
    }
    this.#go((snap && stepsTarget(this.steps, { start, end })) || { kind: 'text', start, end });
  }

  // ---- what keys do ------------------------------------------------------------------------------------------------

  do(action: Action): void {
    this.#after(() => this.#perform(action));
  }

  /** After what is on its way: where the reader is, and on what an edit is made, is known then. */
  #after(work: () => void | Promise<void>): void {
    this.#chain = this.#chain.then(work).catch((error: unknown) => this.set({ error }));
  }

  #perform(action: Action): void | Promise<void> {
    switch (action.do) {
      case 'step':
        return this.#step(action.by, action.extend);
      case 'own':
        return this.#own(action.by, action.label);
      case 'label':
        return this.#edit((layer) => labelled(this.#place(), layer, action.label));
      case 'move':
        return this.#edit(() => movedTo(this.#place(), action));
      case 'remove':
        return this.#edit(() => removed(this.#place()));
      case 'begin':
        return this.#edit((layer) => {
          if (layer.spans.length > 0) return 'You have labels here already.';
          return {
            edits: [{ op: 'copy' }],
            said: ({ spans }) => `${plural(spans.length, 'label')}, as the detector has them.`,
          };
        });
      case 'undo':
      case 'redo':
        return this.#back(action.do);
      case 'reviewed':
        return this.#edit((layer) => reviewed(this.#place(), layer));
      case 'whole':
        return this.#edit((layer) => reviewedWhole(this.#place(), layer));
      case 'snap':
        this.set({ snap: !this.value.snap });
        return this.say(this.value.snap ? 'Selections snap to steps.' : 'Selections stay as they are.');
      case 'compare':
        this.set({ compare: !this.value.compare });
        return this.say(
          this.value.compare ? 'The detector’s spans are shown beside yours.' : 'Only your labels are shown.',
        );
      case 'back':
        return this.#toSteps();
    }
  }

  #step(by: 1 | -1, extend: boolean): void {
    const { target } = this.value;
    const last = this.steps.length - 1;
    if (last < 0) return;
    const place = stretchOf(this.#place());
    const under = target?.kind === 'steps' ? target : place && stepsUnder(this.steps, place);
    if (!under) return this.#go({ kind: 'steps', from: 0, to: 0, anchor: 0 });
    const clamp = (i: number) => Math.max(0, Math.min(last, i));
    if (!extend) {
      const at = clamp(by > 0 ? under.to + 1 : under.from - 1);
      return this.#go({ kind: 'steps', from: at, to: at, anchor: at });
    }
    const anchor = target?.kind === 'steps' ? target.anchor : under.from;
    const head = clamp((under.from < anchor ? under.from : under.to) + by);
    this.#go({ kind: 'steps', from: Math.min(anchor, head), to: Math.max(anchor, head), anchor });
  }

  #own(by: 1 | -1, label: ReaderLabel | null): void {
    const { layer, target } = this.value;
    const own = (layer?.spans ?? []).filter((span) => label === null || span.label === label);
    const at = stretchOf(this.#place())?.start ?? 0;
    const next = nextSpan(own, { at, id: target?.kind === 'span' ? target.id : null }, by);
    if (next) this.#go({ kind: 'span', id: next.id });
    else this.say(label ? `No ${lookOf(label).name.toLowerCase()} of yours.` : 'No labels of yours yet.');
  }

  #toSteps(): void {
    const target = stepsTarget(this.steps, stretchOf(this.#place()));
    if (target) this.#go(target);
  }

  /** The reader has looked at a disagreement again. */
  settle(place: Labelled): void {
    const { start, end, label } = place;
    this.#after(() =>
      this.#edit(() => ({
        edits: [{ op: 'settle', start, end, label, on: true }],
        said: 'Settled: your labels stand.',
      })),
    );
  }

  #back(way: 'undo' | 'redo'): Promise<void> {
    const place = stretchOf(this.#place());
    return this.#edit(() => {
      const edits = (way === 'undo' ? this.#undo : this.#redo).at(-1);
      if (!edits) return way === 'undo' ? 'There is nothing to undo.' : 'There is nothing to do again.';
      return {
        edits,
        said: way === 'undo' ? 'Undone.' : 'Done again.',
        target: (layer) => {
          const last = edits.findLast((edit) => edit.op === 'add' || edit.op === 'change');
          const id = last && 'id' in last ? last.id : undefined;
          if (id !== undefined && layer.spans.some((span) => span.id === id)) return { kind: 'span', id };
          return stepsTarget(this.steps, place);
        },
      };
    }, way);
  }

  /** One edit after the other, each made on what the one before has left. A sentence instead of an edit: why there is none. */
  async #edit(make: (layer: ReaderLayer) => Made | string, way: 'do' | 'undo' | 'redo' = 'do'): Promise<void> {
    const { trace } = this.#open.value;
    const before = this.value.layer;
    if (!before || before.trace !== trace)
      return this.say('That came too early: the labels of this trace are still being read.');
    const made = make(before);
    if (typeof made === 'string') return this.say(made);
    if (made.edits.length === 0) return this.#arrived(made, before);
    this.set({ saving: this.value.saving + 1, error: null });
    try {
      const after = await this.#host.call('labels/edit', { trace, base: before.revision, edits: made.edits });
      this.#remember(before, after, made.edits, way);
      if (this.#open.value.trace !== trace) return;
      this.#show(after);
      this.#arrived(made, after);
    } catch (error) {
      if (this.#open.value.trace !== trace) return;
      if (LonghandError.is(error, 'conflict')) {
        await this.load();
        this.say('Your labels were changed in another window. They are shown as they are now; do it again.');
      } else this.set({ error });
    } finally {
      this.set({ saving: this.value.saving - 1 });
    }
  }

  #arrived({ target, said }: Made, layer: ReaderLayer): void {
    const next = target?.(layer);
    if (next) this.#go(next, false);
    else if (next === null) this.set({ target: null });
    this.say(typeof said === 'string' ? said : said(layer));
  }

  #remember(before: ReaderLayer, after: ReaderLayer, edits: readonly WantedEdit[], way: 'do' | 'undo' | 'redo'): void {
    const made = edits.map((edit): LabelEdit => {
      if (edit.op !== 'copy') return edit;
      const old = new Set(before.spans.map(({ id }) => id));
      const copied = after.spans.filter(({ id }) => !old.has(id)).toSorted((a, b) => a.id - b.id);
      return { op: 'copy', spans: copied.map(({ start, end, label }) => [start, end, label]) };
    });
    const back = inverseOf(before, made);
    if (way !== 'do') (way === 'undo' ? this.#undo : this.#redo).pop();
    const stack = way === 'undo' ? this.#redo : this.#undo;
    if (way === 'do') this.#redo = [];
    stack.push(back);
    if (stack.length > UNDO_LIMIT) stack.shift();
    this.set({ undo: this.#undo.length, redo: this.#redo.length });
  }
}
