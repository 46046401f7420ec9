/** Equations in one spelling: what tells that two steps calculate the same, however they are written. */
import { normalise, ROW } from '../answers/normalise.ts';

/** Longest formula that is taken apart, in UTF-16 units; of a longer one its beginning. */
const FORMULA_LIMIT = 1_000;
/** Longest stretch of prose that is read as one calculation. */
const RUN_LIMIT = 160;

/** Relations as they stand in a normalised formula; `<` and `\le` are those that are turned round. */
const RELATION = /\\(?:leq?|geq?|neq?|ll|gg|equiv|approx|sim|in|subset|subseteq|mid|propto)(?![a-zA-Z])|[=<>]/g;
const TURNED: Readonly<Record<string, string>> = { '>': '<', '\\ge': '\\le', '\\geq': '\\le', '\\leq': '\\le' };
const SYMMETRIC = new Set(['=', '\\ne', '\\neq', '\\equiv', '\\approx', '\\sim']);

/** What separates the equations of one formula: rows, columns of an alignment, arrows, words. */
const SEPARATOR = new RegExp(
  `${ROW}|&|\\\\(?:implies|Rightarrow|Longrightarrow|iff|Leftrightarrow|therefore|begin\\{[a-zA-Z*]+\\}|end\\{[a-zA-Z*]+\\})(?![a-zA-Z])|\\\\text\\{[^{}]*\\}|[;,](?= )`,
  'g',
);

/** The sign of an alignment that stands before a relation: `x &= 1`. */
const ALIGNED = new RegExp(`&\\s*(?=${RELATION.source})`, 'g');

/** What a formula says: equations (and other relations) with their sides in one order, and expressions that stand alone. */
export interface Formulas {
  equations: string[];
  expressions: string[];
}

/**
 * The equations of a formula's content. A chain `a = b = c` gives `a=b`, `b=c` and `a=c`; sides of a symmetric relation are sorted, `a > b`
 * is `b<a`. Spaces, sizes, `\cdot` against `*`, `\frac{a}{b}` against `a/b` and single braces make no difference.
 */
export function equationsOf(formula: string): Formulas {
  const found: Formulas = { equations: [], expressions: [] };
  const plain = normalise(formula.slice(0, FORMULA_LIMIT)).replace(ALIGNED, '');
  for (const piece of plain.split(SEPARATOR)) {
    if (piece.trim() === '') continue;
    const sides: string[] = [];
    const relations: string[] = [];
    let from = 0;
    for (const match of piece.matchAll(RELATION)) {
      sides.push(canonical(piece.slice(from, match.index)));
      relations.push(match[0]);
      from = match.index + match[0].length;
    }
    sides.push(canonical(piece.slice(from)));
    if (relations.length === 0) {
      if (sides[0]! !== '') found.expressions.push(sides[0]!);
      continue;
    }
    for (const [i, relation] of relations.entries()) {
      const [a, b] = [sides[i]!, sides[i + 1]!];
      // A row of an alignment that goes on with `= …` has its left side above.
      if (a === '' || b === '') found.expressions.push(...[a, b].filter((side) => side.length > 1));
      else found.equations.push(joined(a, relation, b));
    }
    // Another attempt may have the ends of a chain alone.
    const [first, last] = [sides[0]!, sides.at(-1)!];
    if (relations.length > 1 && relations.every((one) => one === '=') && first !== '' && last !== '')
      found.equations.push(joined(first, '=', last));
  }
  return found;
}

function joined(a: string, relation: string, b: string): string {
  const turned = TURNED[relation];
  if (relation === '\\leq') return `${a}\\le${b}`;
  if (turned !== undefined) return `${b}${turned}${a}`;
  return SYMMETRIC.has(relation) && b < a ? `${b}${relation}${a}` : `${a}${relation}${b}`;
}

/** One side in one spelling. Its argument has gone through `normalise`. */
function canonical(side: string): string {
  let text = side;
  if (text.includes('\\')) {
    text = text.replace(/\\cdot(?![a-zA-Z])/g, '*').replace(/\\[dt]?frac\s?(\d)\s?(\d)(?!\d)/g, '$1/$2');
    // Innermost first; three levels are all that a step has.
    for (let i = 0; i < 3 && text.includes('\\frac'); i += 1)
      text = text.replace(
        /\\frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}/g,
        (_, a: string, b: string) => `${grouped(a)}/${grouped(b)}`,
      );
    text = text.replace(/\\(?:mathrm|text)\s?\{([^{}]*)\}/g, '$1');
  }
  text = text.replace(/[\s$]+/g, '');
  if (text.includes('{')) text = text.replace(/\{([^{}\\]|\d{1,9}|\\[a-zA-Z]+)\}/g, '$1');
  text = text.replace(/(?<=\d)\*(?=[a-zA-Z(\\])/g, '');
  return text.replace(/[.,:]+$/, '');
}

/** An operand of a fraction, in brackets where it is a sum or a product. */
function grouped(operand: string): string {
  const text = operand.replace(/\s+/g, '');
  return /^(?:\w+|\\[a-zA-Z]+)$/.test(text) ? text : `(${text})`;
}

/** Signs of calculations in prose. */
const isSign = (code: number): boolean =>
  (code >= 48 && code <= 57) || // digits
  code === 32 ||
  (code >= 40 && code <= 43) || // ( ) * +
  (code >= 45 && code <= 47) || // - . /
  (code >= 60 && code <= 62) || // < = >
  code === 94 ||
  code === 95 ||
  code === 33 ||
  code === 44 ||
  '−×·÷≤≥≠²³√'.includes(String.fromCharCode(code));

const SHORT_WORDS = new Set(
  'am an as at be by do eq go he hm if in is it me my no of oh ok on or so to up us vs we'.split(' '),
);

const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);

/**
 * Calculations written as plain text (`so 3 * 4 = 12.`): where each begins and ends. Of a long one the end. Linear: one walk, each run
 * bounded.
 */
export function plainFormulas(prose: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  if (!/[=<>≤≥≠]/.test(prose)) return found;
  let start = 0;
  const close = (end: number) => {
    const from = Math.max(start, end - RUN_LIMIT);
    const run = prose
      .slice(from, end)
      .trimEnd()
      .replace(/[\s,.!(]+$/, '');
    const lead = /^[\s,.!)]*/.exec(run)![0].length;
    if (/[\w)]\s*[=<>≤≥≠]\s*[-−(\w]/.test(run) && run.length - lead >= 3)
      found.push({ start: from + lead, end: from + run.length });
  };
  for (let i = 0; i < prose.length;) {
    const code = prose.charCodeAt(i);
    // A comma or a stop before a space ends a calculation.
    const isStop = (code === 44 || code === 46) && !/\d/.test(prose.charAt(i + 1));
    if (isSign(code) && !isStop) {
      i += 1;
      continue;
    }
    if (isLetter(code)) {
      let end = i + 1;
      while (end < prose.length && isLetter(prose.charCodeAt(end))) end += 1;
      const word = prose.slice(i, end);
      // Names of one letter, products of two (`xy`) and up to three capitals (`ABC`, as of a triangle); a longer word is prose.
      if (word.length === 1 || (word.length === 2 && !SHORT_WORDS.has(word.toLowerCase())) || /^[A-Z]{3}$/.test(word)) {
        i = end;
        continue;
      }
      close(i);
      start = i = end;
      continue;
    }
    close(i);
    start = i += 1;
  }
  close(prose.length);
  return found;
}
