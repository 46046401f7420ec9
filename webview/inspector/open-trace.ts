/**
 * The trace that is open: its facts, its annotations, its group, and its text as it comes, slice by slice. Text goes to the
 * view directly; the rest is state that components watch.
 */
import type { ShownLayers } from '../../core/labels/shown.ts';
import type { Layer } from '../../core/protocol/layers.ts';
import type { EventBatch } from '../../core/protocol/methods.ts';
import type { TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import type { Annotations, TraceDetail, TraceRow } from '../../core/protocol/traces.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { readAnnotations } from '../../core/traces/annotation-pages.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';
import { OpenTokens } from './open-tokens.ts';
import { isVerdictOf } from './verdict-events.ts';

export interface OpenTraceState {
  trace: string | null;
  detail: TraceDetail | null;
  annotations: Annotations | null;
  /** What its text says of the way to the answer, once it has ended. */
  figures: TraceFiguresAnswer | null;
  /** Siblings of the trace's group with the trace itself, or empty. */
  group: TraceRow[];
  /** Length of the texts as far as they are here, and what there is. */
  loaded: { completion: number; prompt: number; length: number };
  /** Why the trace cannot be shown. */
  error: unknown;
  /** Whose spans are shown. */
  shown: ShownLayers;
}

/** Where text goes. */
export interface TextSink {
  clear(): void;
  /** More of a text; `whole` is all of it, so that it is held once. */
  append(name: 'prompt' | 'completion', text: string, whole: string): void;
}

/** The first slice is short, so that text is on the screen before the rest is here. */
const FIRST_SLICE = 32 * 1024;
/** The others are well below the contract's limit, so that no slice keeps the page busy for long. */
const NEXT_SLICE = 64 * 1024;
/** Milliseconds between two looks for more of a growing text. */
const PULL_EVERY = 60;
/** Milliseconds between two looks at the annotations of a growing text, at least; a long text takes longer, and is looked at less. */
const ANNOTATE_EVERY = 1000;
const ANNOTATE_SHARE = 15;
const REFRESH_EVERY = 500;
/** Milliseconds between two times that those who watch hear how much of the text is here. */
const TELL_EVERY = 80;

const nothing: OpenTraceState = {
  trace: null,
  detail: null,
  annotations: null,
  figures: null,
  group: [],
  loaded: { completion: 0, prompt: 0, length: 0 },
  error: null,
  shown: { kinds: ['detector'] },
};

export class OpenTrace extends Store<OpenTraceState> {
  readonly #host: Host;
  readonly tokens: OpenTokens;
  #sink: TextSink | null = null;
  /** Kept for a sink that comes later, and for search and overlays. */
  readonly text = { prompt: '', completion: '' };
  #opened = 0;
  #pulling = new Set<string>();
  #again = new Set<string>();
  #figured = '';
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #annotateTimer: ReturnType<typeof setTimeout> | undefined;
  #annotateTook = 0;
  #pullTimer: ReturnType<typeof setTimeout> | undefined;
  #tellTimer: ReturnType<typeof setTimeout> | undefined;
  #loaded = nothing.loaded;

  constructor(host: Host) {
    super(nothing);
    this.#host = host;
    this.tokens = new OpenTokens(host);
  }

  /** Text goes to `sink` from now on, what is here already at once. */
  attach(sink: TextSink): void {
    this.#sink = sink;
    sink.clear();
    sink.append('prompt', this.text.prompt, this.text.prompt);
    sink.append('completion', this.text.completion, this.text.completion);
  }

  /** Shows a trace. The facts that a list's row has can be shown at once. */
  async open(trace: string | null): Promise<void> {
    const opened = (this.#opened += 1);
    clearTimeout(this.#refreshTimer);
    clearTimeout(this.#annotateTimer);
    clearTimeout(this.#pullTimer);
    clearTimeout(this.#tellTimer);
    this.#refreshTimer = this.#annotateTimer = this.#pullTimer = this.#tellTimer = undefined;
    this.#loaded = nothing.loaded;
    this.#pulling.clear();
    this.#again.clear();
    this.text.prompt = this.text.completion = '';
    this.#sink?.clear();
    void this.tokens.open(null);
    this.set({ ...nothing, trace, shown: this.value.shown });
    if (trace === null) return;
    try {
      const first = Promise.all([this.#pull('completion', opened), this.#pull('prompt', opened)]);
      // Where the facts fail as well, they say why.
      first.catch(() => undefined);
      const facts = this.#host.call('traces/get', { trace });
      const group = Promise.allSettled([this.#host.call('traces/group', { trace })]);
      const detail = await facts;
      if (opened !== this.#opened) return;
      if (detail.promptLength === 0 && detail.problemText !== '') this.#add('prompt', detail.problemText);
      this.set({ detail });
      await first;
      // Finding them takes the service long: no text, of this trace or of one beside it, waits for them.
      const [[rows], [spans]] = await Promise.all([group, Promise.allSettled([this.#annotations(trace)])]);
      if (opened !== this.#opened) return;
      this.set({
        annotations: spans.status === 'fulfilled' ? spans.value : null,
        group: rows.status === 'fulfilled' ? rows.value.rows : [],
      });
      await this.readFigures();
    } catch (error) {
      if (opened === this.#opened && !LonghandError.is(error, 'cancelled')) this.set({ error });
    }
  }

  /** Reads the figures of a trace that has ended, unless they are those of its verdict already. */
  async readFigures(): Promise<void> {
    const { trace, detail } = this.value;
    const opened = this.#opened;
    if (!trace || !detail || detail.live) return;
    const key = `${opened} ${detail.verdict} ${detail.length}`;
    if (this.#figured === key) return;
    this.#figured = key;
    // Without them the text and its facts are there all the same.
    const figures = await this.#host.call('traces/figures', { trace }).catch(() => null);
    if (opened === this.#opened && this.#figured === key) this.set({ figures });
  }

  show(shown: ShownLayers): void {
    this.set({ shown });
  }

  /** A layer that the page knows before the service is asked again. */
  putLayer(layer: Layer): void {
    const { annotations } = this.value;
    if (!annotations) return;
    const others = (annotations.layers ?? []).filter(({ kind, name }) => kind !== layer.kind || name !== layer.name);
    const isThere = others.length < (annotations.layers?.length ?? 0);
    // Nobody has a layer by looking at it.
    if (!isThere && layer.version === '0') return;
    this.set({ annotations: { ...annotations, layers: [...others, layer] } });
  }

  /** Reads again what may have changed: after a reconnection, or when asked. */
  async reload(): Promise<void> {
    const { trace, error } = this.value;
    if (trace === null) return;
    if (error) await this.open(trace);
    else {
      await this.#pull('completion', this.#opened);
      await this.#refresh();
      await this.#annotate();
    }
  }

  /** Events of the run: text of this trace is fetched at once, facts of it and of its group soon. */
  onEvents(batch: EventBatch): void {
    const { trace, group } = this.value;
    if (!trace) return;
    const run = trace.slice(0, trace.indexOf('/'));
    const isLabelled = batch.events.some(
      (event) =>
        (event.type === 'labels_edited' && event.trace === trace) || (event.type === 'run_judged' && event.run === run),
    );
    if (isLabelled) this.#annotateTimer ??= setTimeout(() => void this.#annotate(), REFRESH_EVERY);
    const own = trace.slice(0, trace.lastIndexOf('/'));
    if (batch.stream === 'journal') {
      const shown = [trace, ...group.map((row) => row.trace)];
      if (batch.events.some((event) => shown.some((one) => isVerdictOf(event, one)))) void this.#refresh();
    }
    if (batch.stream !== own) return;
    const members = new Set(group.map((row) => row.trace));
    let text = false;
    let facts = false;
    for (const event of batch.events) {
      if (!('trace' in event)) continue;
      const id = `${batch.stream}/${event.trace}`;
      if (id === trace) text = true;
      // That a sibling goes on being written changes none of its facts.
      if (event.type !== 'trace_text' && (id === trace || members.has(id))) facts = true;
    }
    if (text) {
      this.#pullTimer ??= setTimeout(() => {
        this.#pullTimer = undefined;
        void this.#pull('completion', this.#opened).catch(() => undefined);
      }, PULL_EVERY);
    }
    if (facts) this.#refreshTimer ??= setTimeout(() => void this.#refresh(), REFRESH_EVERY);
    const pause = Math.max(ANNOTATE_EVERY, ANNOTATE_SHARE * this.#annotateTook);
    if (text) this.#annotateTimer ??= setTimeout(() => void this.#annotate(), pause);
  }

  async #refresh(): Promise<void> {
    this.#refreshTimer = undefined;
    const { trace } = this.value;
    const opened = this.#opened;
    if (!trace) return;
    const [detail, group] = await Promise.allSettled([
      this.#host.call('traces/get', { trace }),
      this.#host.call('traces/group', { trace }),
    ]);
    if (opened !== this.#opened) return;
    if (detail.status === 'fulfilled') this.set({ detail: detail.value });
    if (group.status === 'fulfilled') this.set({ group: group.value.rows });
    if (detail.status === 'fulfilled' && !detail.value.live) {
      clearTimeout(this.#annotateTimer);
      await this.#annotate();
    }
  }

  #annotations(trace: string): Promise<Annotations> {
    return readAnnotations((from) => this.#host.call('traces/annotations', { trace, from }));
  }

  async #annotate(): Promise<void> {
    this.#annotateTimer = undefined;
    const { trace } = this.value;
    const opened = this.#opened;
    if (!trace) return;
    const start = performance.now();
    const annotations = await this.#annotations(trace).catch(() => null);
    if (annotations && opened === this.#opened) this.set({ annotations });
    this.#annotateTook = performance.now() - start;
  }

  /** Fetches all of a text that is not here. One fetch at a time; a call meanwhile makes it look once more. */
  async #pull(name: 'prompt' | 'completion', opened: number): Promise<void> {
    const trace = this.value.trace;
    if (!trace) return;
    if (this.#pulling.has(name)) {
      this.#again.add(name);
      return;
    }
    this.#pulling.add(name);
    try {
      for (;;) {
        this.#again.delete(name);
        const start = this.text[name].length;
        const end = start + (start === 0 ? FIRST_SLICE : NEXT_SLICE);
        const slice = await this.#host.call('traces/slice', { trace, in: name, start, end });
        if (opened !== this.#opened) return;
        this.#add(name, slice.text, slice.length);
        const done = slice.text === '' || this.text[name].length >= slice.length;
        if (done && !this.#again.has(name)) return;
      }
    } finally {
      if (opened === this.#opened) {
        this.#pulling.delete(name);
        this.#tell();
      }
    }
  }

  #add(name: 'prompt' | 'completion', text: string, length?: number): void {
    this.text[name] += text;
    if (text !== '') this.#sink?.append(name, text, this.text[name]);
    const isFirst = this.#loaded[name] === 0;
    this.#loaded = { ...this.#loaded, [name]: this.text[name].length };
    if (name === 'completion' && length !== undefined) this.#loaded.length = length;
    // At once for the first; those who watch draw much again, so not for each slice.
    if (isFirst) this.#tell();
    else this.#tellTimer ??= setTimeout(() => this.#tell(), TELL_EVERY);
  }

  #tell(): void {
    clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
    if (this.#loaded !== this.value.loaded) this.set({ loaded: this.#loaded });
  }
}
