/**
 * A reader's own labels of the trace that is open: what the reader is at, the edits one after the other, and what undoes them. An
 * edit is on disk before the page shows it; nothing is changed here that the service has not said.
 */
import type { Stretch } from '../../core/labels/agreement.ts';
import { inverseOf, reviewedUpTo, samePlace } from '../../core/labels/reader.ts';
import { layerOf } from '../../core/labels/shown.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { LabelEdit, Place, ReaderLabel, ReaderLayer, ReaderSpan, WantedEdit } from '../../core/protocol/labels.ts';
import type { EventBatch } from '../../core/protocol/methods.ts';
import { steps, type Step } from '../../core/traces/steps.ts';
import type { Host } from '../host.ts';
import { lookOf } from '../ui/labels.ts';
import { count, percent, plural } from '../ui/format.ts';
import { Store } from '../ui/store.ts';
import { moved, nextSpan, spanAt, stepAt, stepsUnder, type Target } from './edit-places.ts';
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
interface Made {
  edits: WantedEdit[];
  said: string | ((layer: ReaderLayer) => string);
  /** What the reader is at then. */
  target?: (layer: ReaderLayer) => Target | null;
}

/** Most edits that can be undone. */
const UNDO_LIMIT = 1000;

export class LabelEditor extends Store<EditState> {
  readonly #host: Host;
  readonly #open: OpenTrace;
  #chain: Promise<void> = Promise.resolve();
  #undo: LabelEdit[][] = [];
  #redo: LabelEdit[][] = [];
  #steps: { text: string; found: Step[] } = { text: '', found: [] };
  #wanted: { place: Place & { trace: string }; words: string } | null = null;
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
    const { layer } = this.value;
    if (layer)
      this.say(
        layer.revision === 0
          ? 'Edit labels. You have none here yet: Enter begins with the detector’s spans, a label’s key with an empty text.'
          : `Edit labels. ${plural(layer.spans.length, 'label')} of yours.`,
      );
  }

  end(): void {
    this.set({ on: false, target: null, error: null });
    this.say('Labels are no longer edited.');
  }

  /** Reads the reader's labels of the trace that is open: another trace, another window's edit, a new connection. */
  async load(): Promise<void> {
    const { trace } = this.#open.value;
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

  /** The place in the text of what the reader is at. */
  placeOf(target: Target | null = this.value.target): Stretch | null {
    if (!target) return null;
    if (target.kind === 'text') return target;
    if (target.kind === 'span') return this.value.layer?.spans.find(({ id }) => id === target.id) ?? null;
    const [from, to] = [this.steps[target.from], this.steps[target.to]];
    return from && to ? { start: from.start, end: to.end } : null;
  }

  span(): ReaderSpan | null {
    const { target, layer } = this.value;
    return (target?.kind === 'span' && layer?.spans.find(({ id }) => id === target.id)) || null;
  }

  #go(target: Target, tell = true): void {
    this.set({ target });
    const place = this.placeOf();
    if (place) this.onTarget(place);
    if (tell) this.say(this.describe());
  }

  /** To a place of the text, also one of a trace that has yet to come; `words` say why. */
  goTo(place: Place & { trace: string }, words: string): void {
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
    const under = stepsUnder(this.steps, place);
    if (span) this.#go({ kind: 'span', id: span.id }, false);
    else if (under) this.#go({ kind: 'steps', ...under, anchor: under.from }, false);
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
    const under = snap ? stepsUnder(this.steps, { start, end }) : null;
    this.#go(under ? { kind: 'steps', ...under, anchor: under.from } : { kind: 'text', start, end });
  }

  describe(): string {
    const { target } = this.value;
    const place = this.placeOf();
    if (!target || !place) return 'Nothing is selected.';
    const text = this.#open.text.completion.slice(place.start, Math.min(place.end, place.start + 80));
    const words = text.replace(/\s+/g, ' ').trim();
    const span = this.span();
    if (span) return `${lookOf(span.label).name}${span.copied ? ', as the detector has it' : ''}: ${words}`;
    if (target.kind !== 'steps') return `${plural(place.end - place.start, 'character')}: ${words}`;
    const own = this.value.layer?.spans.filter(({ start, end }) => start < place.end && end > place.start) ?? [];
    const labels = [...new Set(own.map(({ label }) => lookOf(label).name))].join(', ');
    const which =
      target.from === target.to
        ? `Step ${count(target.from + 1)} of ${count(this.steps.length)}`
        : `Steps ${count(target.from + 1)}–${count(target.to + 1)}`;
    return `${which}${labels && `, ${labels}`}: ${words}`;
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
        return this.#label(action.label);
      case 'move':
        return this.#edit((layer) => this.#move(layer, action));
      case 'remove':
        return this.#edit(() => this.#remove());
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
        return this.#edit((layer) => this.#reviewed(layer));
      case 'whole':
        return this.#edit((layer) => this.#whole(layer));
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
    const place = this.placeOf();
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
    const at = this.placeOf()?.start ?? 0;
    const next = nextSpan(own, { at, id: target?.kind === 'span' ? target.id : null }, by);
    if (next) this.#go({ kind: 'span', id: next.id });
    else this.say(label ? `No ${lookOf(label).name.toLowerCase()} of yours.` : 'No labels of yours yet.');
  }

  #toSteps(): void {
    const place = this.placeOf();
    const under = place && stepsUnder(this.steps, place);
    if (under) this.#go({ kind: 'steps', ...under, anchor: under.from });
  }

  /** Adds the label over what the reader is at, or makes the one that is selected this one. */
  #label(label: ReaderLabel): Promise<void> {
    const { name } = lookOf(label);
    return this.#edit((layer) => {
      const span = this.span();
      if (span) {
        if (span.label === label) return `It is ${name} already.`;
        return { edits: [{ op: 'change', id: span.id, label }], said: `Now ${name}.` };
      }
      const place = this.placeOf();
      if (!place) return 'Nothing is selected.';
      const known = layer.spans.find((one) => samePlace(one, { ...place, label }));
      if (known) {
        this.#go({ kind: 'span', id: known.id });
        return null;
      }
      const id = layer.next;
      return {
        edits: [{ op: 'add', start: place.start, end: place.end, label }],
        said: `${name} added.`,
        target: () => ({ kind: 'span', id }),
      };
    });
  }

  #move(_layer: ReaderLayer, action: Extract<EditAction, { do: 'move' }>): Made | string {
    const span = this.span();
    const text = this.#open.text.completion;
    const place = this.placeOf();
    if (!place) return 'Nothing is selected.';
    const to = moved(this.steps, text, place, action);
    if (!to) return 'There is no room for that.';
    if (!span) {
      this.#go({ kind: 'text', ...to });
      return this.describe();
    }
    const under = stepsUnder(this.steps, to);
    const n = under ? under.to - under.from + 1 : 0;
    return {
      edits: [{ op: 'change', id: span.id, ...to }],
      said: `${lookOf(span.label).name}: ${plural(n, 'step')}, ${plural(to.end - to.start, 'character')}.`,
      target: () => ({ kind: 'span', id: span.id }),
    };
  }

  #remove(): Made | string {
    const span = this.span();
    if (!span) return 'Select a label first: n goes to the next.';
    const under = stepsUnder(this.steps, span);
    return {
      edits: [{ op: 'remove', id: span.id }],
      said: `${lookOf(span.label).name} removed.`,
      target: () => (under ? { kind: 'steps', ...under, anchor: under.from } : null),
    };
  }

  #length(): number {
    return this.#open.value.annotations?.length ?? this.#open.text.completion.length;
  }

  #reviewed(layer: ReaderLayer): Made | string {
    const place = this.placeOf();
    if (!place) return 'Nothing is selected.';
    const stretches = reviewedUpTo(layer.reviewed, place.end);
    const next = stepAt(this.steps, place.end);
    const target: Target = { kind: 'steps', from: next, to: next, anchor: next };
    const said = (now: ReaderLayer) => `Reviewed up to here, ${percent(reviewedShare(now, this.#length()), 0)} %.`;
    return { edits: [{ op: 'reviewed', stretches }], said, target: () => (next >= 0 ? target : null) };
  }

  #whole(layer: ReaderLayer): Made {
    const length = this.#length();
    const isWhole = reviewedShare(layer, length) === 1;
    return {
      edits: [{ op: 'reviewed', stretches: isWhole ? [] : [[0, length]] }],
      said: isWhole ? 'Not reviewed.' : 'All of the text is reviewed.',
    };
  }

  /** The reader has looked at a disagreement again. */
  settle(place: Place): void {
    const { start, end, label } = place;
    this.#after(() =>
      this.#edit(() => ({
        edits: [{ op: 'settle', start, end, label, on: true }],
        said: 'Settled: your labels stand.',
      })),
    );
  }

  #back(way: 'undo' | 'redo'): Promise<void> {
    const place = this.placeOf();
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
          const under = place && stepsUnder(this.steps, place);
          return under ? { kind: 'steps', ...under, anchor: under.from } : null;
        },
      };
    }, way);
  }

  /** One edit after the other, each made on what the one before has left. A sentence instead of an edit: why there is none. */
  async #edit(make: (layer: ReaderLayer) => Made | string | null, way: 'do' | 'undo' | 'redo' = 'do'): Promise<void> {
    const { trace } = this.#open.value;
    const before = this.value.layer;
    if (!before || before.trace !== trace) return;
    const made = make(before);
    if (made === null) return;
    if (typeof made === 'string') return this.say(made);
    this.set({ saving: this.value.saving + 1, error: null });
    try {
      const after = await this.#host.call('labels/edit', { trace, base: before.revision, edits: made.edits });
      this.#remember(before, after, made.edits, way);
      if (this.#open.value.trace !== trace) return;
      const target = made.target?.(after);
      this.#show(after);
      if (target !== undefined) {
        this.set({ target });
        const place = this.placeOf();
        if (place) this.onTarget(place);
      }
      this.say(typeof made.said === 'string' ? made.said : made.said(after));
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

/** How much of the text the reader vouches for, 0 to 1. */
export function reviewedShare({ reviewed }: ReaderLayer, length: number): number {
  const sum = reviewed.reduce((all, [start, end]) => all + Math.min(end, length) - Math.min(start, length), 0);
  return length === 0 ? 0 : sum / length;
}
