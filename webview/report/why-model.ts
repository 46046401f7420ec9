/** Why the reward changed between two windows: asked for when the windows change, the last answer stays until the next is there. */
import type { EventBatch } from '../../core/protocol/methods.ts';
import type { RewardChange, StepWindow } from '../../core/protocol/reward-change.ts';
import type { Host } from '../host.ts';
import { Store } from '../ui/store.ts';

export interface WhyState {
  found: RewardChange | null;
  loaded: boolean;
  /** A newer question is under way. */
  asking: boolean;
  /** Steps have come since the answer. */
  newer: boolean;
  error: unknown;
}

export interface WhyWindows {
  before?: StepWindow;
  after?: StepWindow;
}

export class WhyModel extends Store<WhyState> {
  readonly #host: Host;
  readonly #place: { run: string; stage: string };
  #asked = 0;

  constructor(host: Host, run: string, stage: string) {
    super({ found: null, loaded: false, asking: false, newer: false, error: null });
    this.#host = host;
    this.#place = { run, stage };
  }

  close(): void {
    this.#asked = NaN;
  }

  onEvents({ stream, events }: EventBatch): void {
    if (!stream.startsWith(`${this.#place.run}/${this.#place.stage}/`)) return;
    if (this.value.loaded && events.some(({ type }) => type === 'metrics')) this.set({ newer: true });
  }

  async read(windows: WhyWindows): Promise<void> {
    const asked = (this.#asked += 1);
    this.set({ asking: true, newer: false });
    try {
      const found = await this.#host.call('metrics/rewardChange', { ...this.#place, ...windows }, { timeout: 120_000 });
      if (asked === this.#asked) this.set({ found, loaded: true, asking: false, error: null });
    } catch (error) {
      if (asked === this.#asked) this.set({ loaded: true, asking: false, error });
    }
  }
}

/** The edge of the windows that is nearest to a step, moved there: what a click into the chart means. */
export function moved(before: StepWindow, after: StepWindow, step: number): { before: StepWindow; after: StepWindow } {
  const edges = [
    { at: before.from, to: { before: { ...before, from: Math.min(step, before.to) }, after } },
    { at: before.to, to: { before: { ...before, to: Math.max(step, before.from) }, after } },
    { at: after.from, to: { before, after: { ...after, from: Math.min(step, after.to) } } },
    { at: after.to, to: { before, after: { ...after, to: Math.max(step, after.from) } } },
  ];
  const nearest = edges.reduce((best, edge) => (Math.abs(edge.at - step) < Math.abs(best.at - step) ? edge : best));
  return nearest.to;
}
