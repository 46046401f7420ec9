/** Two traces that are aligned: as their texts come, again at most every second, in slices that block nothing. */
import { align } from '../../core/traces/align.ts';
import { commonPrefix } from '../../core/traces/common-prefix.ts';
import type { OpenTrace } from '../inspector/open-trace.ts';
import { Store } from '../ui/store.ts';
import { PlaceMap } from './place-map.ts';

export interface PairState {
  /** Of the texts as they were last read; null before that. */
  map: PlaceMap | null;
  /** UTF-16 units that both completions have in common from the beginning. */
  common: number;
  working: boolean;
  /** Units of each side beyond the limit, which are not aligned. */
  left: { beyond: number };
  right: { beyond: number };
}

/** Longest text that is aligned, in UTF-16 units: about 600,000 tokens. */
export const ALIGN_LIMIT = 2_000_000;
/** Milliseconds that one slice takes at most, by its own clock, and between two alignments of a text that grows. */
const SLICE = 12;
const AGAIN = 1000;

const nothing: PairState = {
  ...{ map: null, common: 0, working: false },
  ...{ left: { beyond: 0 }, right: { beyond: 0 } },
};

export class Pair extends Store<PairState> {
  readonly left: OpenTrace;
  readonly right: OpenTrace;
  #begun = 0;
  #aligned = '';
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #stops: (() => void)[];

  constructor(left: OpenTrace, right: OpenTrace) {
    super(nothing);
    this.left = left;
    this.right = right;
    this.#stops = [left.watch(() => this.#look()), right.watch(() => this.#look())];
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#timer);
    this.#begun += 1;
  }

  /** Aligns when there is text to align that has not been aligned, and all of what there is has come. */
  #look(): void {
    const texts = [this.left, this.right].map(({ value: { trace, loaded }, text }) => ({
      isHere: trace !== null && loaded.length > 0 && loaded.completion >= Math.min(loaded.length, ALIGN_LIMIT),
      key: `${trace} ${Math.min(text.completion.length, ALIGN_LIMIT)}`,
      trace,
    }));
    const traces = texts.map(({ trace }) => trace).join(' ');
    if (this.value.map && !this.#aligned.startsWith(`${traces} `)) {
      // Another trace: what belonged beside what is no more.
      this.#begun += 1;
      this.#aligned = '';
      this.set(nothing);
    }
    const key = `${traces} ${texts.map((one) => one.key).join(' ')}`;
    if (texts.some(({ isHere }) => !isHere) || key === this.#aligned || this.#timer !== undefined) return;
    const wait = this.value.map === null ? 0 : Math.max(0, this.#last + AGAIN - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#align(key);
    }, wait);
  }

  async #align(key: string): Promise<void> {
    const begun = (this.#begun += 1);
    this.#aligned = key;
    this.#last = performance.now();
    const [left, right] = [this.left.text.completion, this.right.text.completion];
    const texts = [left.slice(0, ALIGN_LIMIT), right.slice(0, ALIGN_LIMIT)] as const;
    this.set({ working: true });
    const work = align(...texts);
    for (;;) {
      const until = performance.now() + SLICE;
      let step = work.next();
      while (!step.done && performance.now() < until) step = work.next();
      if (step.done) {
        this.set({
          map: new PlaceMap(step.value, { left: texts[0].length, right: texts[1].length }),
          common: commonPrefix(...texts),
          working: false,
          left: { beyond: left.length - texts[0].length },
          right: { beyond: right.length - texts[1].length },
        });
        this.#look();
        return;
      }
      await nextTask();
      if (begun !== this.#begun) return;
    }
  }
}

/** After what is waiting in the page: input and frames come first. A timer would be held back to 4 ms. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel's port, not a window
    port2.postMessage(null);
  });
}
