/**
 * Where a long text stands in its scroller. Browsers lay out at most some 30 million pixels, and lose fractions before; so the
 * element inside is never higher than {@link HIGHEST}, and a text that is higher moves through it: a small scroll moves the text
 * by as much, a far one goes to the same share of the text.
 */

/** Pixels. */
export const HIGHEST = 4_000_000;

export class ScrollPlace {
  readonly #scroller: HTMLElement;
  readonly #content: HTMLElement;
  #total = 0;
  /** What is added to a place of the scroller to have the place in the text. */
  #shift = 0;
  #physical = 0;
  #height = 0;
  /** Pixels of the scroller that are not the content's: its margins. */
  #extra = 0;
  /** Those above it. */
  #above = 0;

  constructor(scroller: HTMLElement, content: HTMLElement) {
    this.#scroller = scroller;
    this.#content = content;
  }

  /** Height of the view in pixels, as it was when last read. */
  get height(): number {
    return this.#height;
  }

  /** The place in the text of the view's upper edge, in pixels. */
  get top(): number {
    return this.#physical + this.#shift;
  }

  /** How far into the rows the view's upper edge is, in pixels: negative in the margin above the first. */
  get edge(): number {
    return this.top - this.#above;
  }

  get atEnd(): boolean {
    return this.top >= this.#last - 48;
  }

  get #last(): number {
    return Math.max(0, this.#total + this.#extra - this.#height);
  }

  get #isScaled(): boolean {
    return this.#total > HIGHEST;
  }

  /**
   * Reads where the scroller is: it may have moved since. Lays the page out when something has changed. True: it was moved, and
   * not by {@link go}.
   */
  read(): boolean {
    const physical = this.#scroller.scrollTop;
    this.#height = this.#scroller.clientHeight;
    const moved = Math.abs(physical - this.#physical) > 1;
    if (!this.#isScaled || !moved) {
      this.#physical = physical;
      return moved;
    }
    const room = HIGHEST + this.#extra - this.#height;
    const isFar = Math.abs(physical - this.#physical) > 6 * this.#height;
    const place = physical + this.#shift;
    this.#physical = physical;
    // At an end of the element that is none of the text, or beyond the text: the element is put in the middle of it again.
    const isOut = place < 0 || place > this.#last || (physical <= 0 && place > 0) || physical >= room - 1;
    if (isFar) this.go((physical / room) * this.#last);
    else if (isOut) this.go(place);
    return true;
  }

  /** Says how high the text is; the view stays where it is. */
  resize(total: number): void {
    if (total === this.#total && this.#extra > 0) return;
    const wasScaled = this.#isScaled;
    const { top } = this;
    this.#total = total;
    this.#content.style.height = `${Math.min(total, HIGHEST)}px`;
    if (this.#extra === 0) {
      const style = getComputedStyle(this.#content);
      this.#above = parseFloat(style.marginTop) || 0;
      this.#extra = this.#above + (parseFloat(style.marginBottom) || 0);
    }
    if (this.#isScaled !== wasScaled) {
      this.#shift = 0;
      this.go(top);
    }
  }

  /** Brings `top` to the view's upper edge, as far as the text goes. */
  go(top: number): void {
    const last = this.#last;
    const wanted = Math.max(0, Math.min(top, last));
    if (!this.#isScaled) {
      this.#shift = 0;
      this.#scroller.scrollTop = wanted;
      this.#physical = this.#scroller.scrollTop;
      return;
    }
    const near = wanted - this.#shift;
    const room = HIGHEST + this.#extra - this.#height;
    // A small step leaves the element where it is, so that a wheel that turns goes on turning.
    const isNear = Math.abs(wanted - this.top) < this.#height && near > this.#height && near < room - this.#height;
    this.#scroller.scrollTop = isNear ? near : last > 0 ? (wanted / last) * room : 0;
    this.#physical = this.#scroller.scrollTop;
    this.#shift = wanted - this.#physical;
  }

  /** Where a place of the text is in the element. */
  inElement(top: number): number {
    return top - this.#shift;
  }
}
