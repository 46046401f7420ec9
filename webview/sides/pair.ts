/** Two traces that are aligned: as soon as both texts are here, and as they grow again at most every second, beside the page. */
import type { AlignedRow } from '../../core/traces/align.ts';
import type { OpenTrace } from '../inspector/open-trace.ts';
import { Store } from '../ui/store.ts';
import { Aligner } from './aligner.ts';
import { PlaceMap } from './place-map.ts';

export interface PairState {
  /** Of the texts as they were last read; null before that. */
  map: PlaceMap | null;
  /** UTF-16 units that both completions have in common from the beginning. */
  common: number;
  working: boolean;
  /** Why the texts as they are now cannot be aligned; null: they can. */
  error: string | null;
  /** Units of each side beyond the limit, which are not aligned. */
  left: { beyond: number };
  right: { beyond: number };
}

/** Longest text that is aligned, in UTF-16 units: about 600,000 tokens. */
export const ALIGN_LIMIT = 2_000_000;
/** Milliseconds between two alignments of a text that grows. */
const AGAIN = 1000;

const nothing: PairState = {
  ...{ map: null, common: 0, working: false, error: null },
  ...{ left: { beyond: 0 }, right: { beyond: 0 } },
};

export class Pair extends Store<PairState> {
  readonly left: OpenTrace;
  readonly right: OpenTrace;
  readonly #aligner = new Aligner();
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
    this.#aligner.dispose();
  }

  /** Equations and words that both steps of a row have, the weightiest first. */
  why(row: AlignedRow): Promise<string[]> {
    return this.#aligner.why(row);
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
    try {
      const { aligned, commonText } = await this.#aligner.align(...texts);
      if (begun !== this.#begun) return;
      this.set({
        map: new PlaceMap(aligned, { left: texts[0].length, right: texts[1].length }),
        ...{ common: commonText, working: false, error: null },
        left: { beyond: left.length - texts[0].length },
        right: { beyond: right.length - texts[1].length },
      });
      this.#look();
    } catch (error) {
      if (begun === this.#begun)
        this.set({ working: false, error: error instanceof Error ? error.message : String(error) });
    }
  }
}
