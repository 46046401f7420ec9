/**
 * Formulas by KaTeX, as nodes: never as HTML strings, and with `trust` off, so that nothing in a formula can load, link or
 * run. What was set once is cloned the next time.
 */
import katex from 'katex';
import type { MathRegion } from '../../core/traces/math.ts';

/** Longest formula that is set, in UTF-16 units: ten thousand terms would give megabytes of elements. */
const FORMULA_LIMIT = 5_000;
const CACHE_LIMIT = 2_000;

export type Typeset = { node: Node; reason: null } | { node: null; reason: string };

const cache = new Map<string, Typeset>();

/** True when {@link typeset} would answer from memory. */
export function isTypeset(tex: string, display: boolean): boolean {
  return cache.has((display ? 'D' : 'I') + tex);
}

/** A formula set, or the reason why it cannot be: then the raw text is shown. */
export function typeset(tex: string, display: boolean): Typeset {
  const key = (display ? 'D' : 'I') + tex;
  let known = cache.get(key);
  if (known) {
    cache.delete(key);
  } else {
    known = set(tex, display);
    if (cache.size >= CACHE_LIMIT) cache.delete(cache.keys().next().value!);
  }
  cache.set(key, known);
  return known.node ? { node: known.node.cloneNode(true), reason: null } : known;
}

function set(tex: string, display: boolean): Typeset {
  if (tex.length > FORMULA_LIMIT) {
    return { node: null, reason: `Shown as text: a formula of more than ${FORMULA_LIMIT} characters is not typeset.` };
  }
  const holder = document.createElement('span');
  try {
    katex.render(tex, holder, {
      displayMode: display,
      output: 'html',
      trust: false,
      strict: 'ignore',
      maxExpand: 200,
      maxSize: 20,
      throwOnError: true,
    });
  } catch (error) {
    // A ParseError, or a RangeError from thousands of nested braces.
    const why = error instanceof RangeError ? 'it is nested too deeply' : (error as Error).message;
    return { node: null, reason: `Shown as text: ${why.replace(/^KaTeX parse error: /, '').slice(0, 300)}` };
  }
  const node = holder.firstChild;
  return node ? { node, reason: null } : { node: null, reason: 'Shown as text: there is nothing to typeset.' };
}

/** Sets formulas into the memory of {@link typeset} while the page has nothing else to do; what it has no time for is left. */
export function typesetWhenIdle(texts: readonly { text: string; regions: readonly MathRegion[] }[]): void {
  requestIdleCallback((idle) => {
    for (const { text, regions } of texts) {
      for (const { contentStart, contentEnd, display } of regions) {
        if (idle.timeRemaining() < 6) return;
        const tex = text.slice(contentStart, contentEnd);
        if (!isTypeset(tex, display)) typeset(tex, display);
      }
    }
  });
}
