/**
 * Formulas by KaTeX, as nodes: never as HTML strings, and with `trust` off, so that nothing in a formula can load, link or
 * run. What was set once is cloned the next time.
 */
import katex, { type KatexOptions } from 'katex';
import type { MathRegion } from '../../core/traces/math.ts';

/**
 * What is set at all: KaTeX cannot be stopped, so that what could hold the page for long is told before. Measured on a slow machine, it
 * takes up to 0.04 ms for a UTF-16 unit, and lays out deep nesting in more than linear time.
 */
const FORMULA_LIMIT = 1_200;
const DEPTH_LIMIT = 24;
const ELEMENT_LIMIT = 1_200;
/** Farthest that a formula may move its parts or stretch them, in em: more than a matrix of a hundred rows needs. */
const REACH_LIMIT = 200;
const CACHE_LIMIT = 2_000;

export type Typeset = { node: Node; elements: number; reason: null } | { node: null; elements: 0; reason: string };

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
  return known.node ? { ...known, node: known.node.cloneNode(true) } : known;
}

function set(tex: string, display: boolean): Typeset {
  if (tex.length > FORMULA_LIMIT) return asText(`a formula of more than ${FORMULA_LIMIT} characters is not typeset.`);
  if (depthOf(tex) > DEPTH_LIMIT) return asText(`it is nested more than ${DEPTH_LIMIT} deep.`);
  const holder = document.createElement('span');
  try {
    const tree = treeOf(tex, {
      displayMode: display,
      output: 'html',
      trust: false,
      strict: 'ignore',
      maxExpand: 200,
      maxSize: 20,
      throwOnError: true,
    });
    styleByScript(tree);
    holder.append(tree.toNode());
  } catch (error) {
    // A ParseError, or a RangeError from thousands of nested braces.
    const why = error instanceof RangeError ? 'it is nested too deeply' : (error as Error).message;
    return asText(why.replace(/^KaTeX parse error: /, '').slice(0, 300));
  }
  const node = holder.firstChild;
  if (!node) return asText('there is nothing to typeset.');
  const all = holder.querySelectorAll<HTMLElement>('*');
  if (all.length > ELEMENT_LIMIT) return asText(`it would take ${all.length} elements.`);
  for (const one of all) if (reaches(one)) return asText('it would draw far from its place.');
  return { node, elements: all.length, reason: null };
}

/** A node of the tree that KaTeX makes elements of. */
interface KatexNode {
  children?: KatexNode[];
  attributes?: Record<string, string>;
  toNode(): Element;
}

/** KaTeX has no name for it that would be in its types; a formula with an arrow over it in test/webview tells when it is another. */
const { __renderToDomTree: treeOf } = katex as unknown as {
  __renderToDomTree: (tex: string, options: KatexOptions) => KatexNode;
};

/**
 * Drawings (of arrows over letters, tall bars and braces) get their width by an attribute of style, which the page's policy blocks:
 * like everything else in a formula it is set by script.
 */
function styleByScript(node: KatexNode): void {
  node.children?.forEach(styleByScript);
  const { style, ...others } = node.attributes ?? {};
  if (style === undefined) return;
  node.attributes = others;
  const toNode = node.toNode.bind(node);
  node.toNode = () => {
    const element = toNode() as SVGElement;
    element.style.cssText = style;
    return element;
  };
}

function asText(why: string): Typeset {
  return { node: null, elements: 0, reason: `Shown as text: ${why}` };
}

function depthOf(tex: string): number {
  let depth = 0;
  let most = 0;
  for (let i = 0; i < tex.length; i += 1) {
    const code = tex.charCodeAt(i);
    if (code === 123) most = Math.max(most, (depth += 1));
    else if (code === 125) depth -= 1;
  }
  // `\left(\left(…` nests without braces, as do environments.
  return Math.max(most, (tex.match(/\\(?:left|begin)(?![A-Za-z])/g) ?? []).length / 2);
}

/** True when an element is moved or stretched out of all proportion: KaTeX limits sizes upwards, not below zero. */
function reaches({ style }: HTMLElement): boolean {
  for (let i = 0; i < style.length; i += 1) {
    const size = style.getPropertyValue(style.item(i));
    if (size.endsWith('em') && Math.abs(parseFloat(size)) > REACH_LIMIT) return true;
    if (style.item(i).startsWith('margin') && parseFloat(size) < -25) return true;
  }
  return false;
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

let prepared = false;

/** Once, while the page has nothing else to do: KaTeX is compiled and its fonts are read before the first formula comes. */
export function prepareTypesetting(): void {
  if (prepared) return;
  prepared = true;
  requestIdleCallback(() => {
    typeset('\\frac{a_1}{b^2} \\leq \\sum_{k=0}^{n} \\binom{n}{k} \\sqrt{x}', true);
    for (const face of ['Main', 'Math', 'Size1', 'Size2', 'AMS'])
      void document.fonts.load(`${face === 'Math' ? 'italic ' : ''}16px KaTeX_${face}`).catch(() => undefined);
  });
}
