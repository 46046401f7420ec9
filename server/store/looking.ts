/**
 * Goes through the traces of which something else counts by now (`supersede.ts`) and deletes the rows of deleted runs (`forget.ts`), slice
 * after slice, and answers other calls between.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { forgetOn, isForgetting } from './forget.ts';
import type { IndexFile } from './index-file.ts';
import { isLeft, lookOn } from './supersede.ts';

export class Looking {
  private readonly index: IndexFile;
  private readonly changed: () => void;
  private readonly failed: (error: unknown) => void;
  private going: Promise<void> | null = null;
  private stopped = false;

  /** `changed` after each slice that wrote traces. An error ends it until it is woken again. */
  constructor(index: IndexFile, changed: () => void, failed: (error: unknown) => void) {
    this.index = index;
    this.changed = changed;
    this.failed = failed;
  }

  /** There may be something to go through: after a change of what counts, and what a kill has left. */
  wake(): void {
    this.going ??= this.go().finally(() => (this.going = null));
  }

  /** Resolves when there is nothing left. */
  async done(): Promise<void> {
    this.wake();
    await this.going;
  }

  stop(): void {
    this.stopped = true;
  }

  private async go(): Promise<void> {
    try {
      for (;;) {
        await breathe();
        // What is kept of lists holds until the next transaction: none for nothing.
        if (this.stopped) return;
        if (isLeft(this.index)) {
          const { changed } = this.index.transaction(() => lookOn(this.index));
          if (changed) this.changed();
        } else if (isForgetting(this.index)) this.index.transaction(() => forgetOn(this.index));
        else return;
      }
    } catch (error) {
      this.failed(error);
    }
  }
}
