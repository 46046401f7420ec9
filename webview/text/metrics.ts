/** How high a block that was never laid out will be, from the font and the width as they are now. */
import type { Block } from '../../core/traces/blocks.ts';

/** Height of the prompt's head, in pixels. */
export const HEAD_HEIGHT = 34;

export class TextMetrics {
  /** Pixels. */
  lineHeight = 25;
  #perLine = 78;

  /** Measures the font in `content`, where blocks are put. Lays the page out. */
  measure(content: HTMLElement): void {
    const probe = document.createElement('div');
    probe.className = 'block';
    const body = document.createElement('div');
    body.className = 'body';
    body.textContent = 'x';
    probe.append(body);
    content.append(probe);
    this.lineHeight = body.getBoundingClientRect().height || 25;
    const line = document.createElement('span');
    line.textContent = 'The sum of the first n odd numbers is n squared, as we see. '.repeat(2);
    line.className = 'probe';
    body.replaceChildren(line);
    const width = body.getBoundingClientRect().width;
    const lineWidth = line.getBoundingClientRect().width || 1;
    this.#perLine = Math.max(20, (width / lineWidth) * line.textContent.length * 0.96);
    probe.remove();
  }

  /** Pixels. */
  estimate(text: string, { start, end, kind }: Block, raw: boolean): number {
    let lines = 0;
    for (let from = start; from < end;) {
      const newline = text.slice(from, end).indexOf('\n');
      const stop = newline < 0 ? end : from + newline;
      if (stop > from || raw) lines += Math.max(1, Math.ceil((stop - from) / this.#perLine));
      from = stop + 1;
    }
    lines = Math.max(1, lines);
    if (raw) return lines * this.lineHeight;
    return kind === 'display' ? 44 + 18 * lines : lines * this.lineHeight + 10;
  }
}
