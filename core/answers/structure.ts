/** The shape of an answer: a formula, a list, a tuple or interval, a union, a relation, a matrix, a ratio, or words. */
import { parse, type Node } from './expression.ts';
import { closes, normalise, ROW, type Step } from './normalise.ts';
import { DEFAULT_POLICY, type Policy } from './policy.ts';
import { UnreadableError } from './tokens.ts';
import { hasDecimal } from './tree.ts';

export type Answer =
  /** `exact` is false when it has a decimal literal. `unit` is what stood behind it, `null` where nothing did; `tight`: see {@link parse}. */
  | { kind: 'formula'; node: Node; exact: boolean; source: string; unit: string | null; tight?: Node }
  /** A bare list or `{…}`: order does not count. */
  | { kind: 'set'; items: Answer[] }
  /** `(…)`, `[…)`: order counts. */
  | { kind: 'tuple'; open: string; close: string; items: Answer[] }
  | { kind: 'union'; parts: Answer[] }
  /** `value`: what stands behind a name, as in `x = 5`. */
  | { kind: 'relation'; signs: string[]; sides: Answer[]; value?: Answer }
  | { kind: 'matrix'; rows: Answer[][] }
  | { kind: 'ratio'; parts: Answer[] }
  | { kind: 'words'; words: string }
  | { kind: 'unreadable'; source: string; why: string };

const DEPTH_LIMIT = 12;

/** What holds for all of one reading. */
interface Reading {
  policy: Readonly<Policy>;
  /** Where the steps go that led from the normalised text to what was read; null inside a part of it. */
  steps: Step[] | null;
}

/** Reads an answer as written. Never throws: what cannot be read says why. `grouped`: see {@link normalise}. */
export function readAnswer(
  answer: string,
  policy: Readonly<Policy> = DEFAULT_POLICY,
  steps: Step[] | null = null,
  grouped = true,
): Answer {
  return read(normalise(answer, grouped), 0, { policy, steps });
}

function read(text: string, depth: number, reading: Reading): Answer {
  if (depth > DEPTH_LIMIT) return { kind: 'unreadable', source: text, why: 'it is nested too deeply' };
  const bare = text.trim().replace(/^\\text\{\s*([-+]?[\d./, ]+)\s*\}$/, '$1');
  const { text: source, unit } = withoutUnit(bare);
  if (source !== bare)
    reading.steps?.push({ rule: unit === null ? 'percent as a sign' : 'no unit behind it', text: source });
  const parted: Reading = { ...reading, steps: null };
  const matrix = /^(?:\[|\()?\s*\\begin\{([pbvBV]?matrix|array)\}(?:\{[^{}]*\})?([^]*?)\\end\{\1\}\s*(?:\]|\))?$/.exec(
    source,
  );
  if (matrix) {
    if (/\\begin\{/.test(matrix[2]!)) return { kind: 'unreadable', source, why: 'matrices are not computed' };
    return readMatrix(matrix[2]!, depth, parted);
  }
  const words = wordsOf(source, reading.policy);
  if (words !== null) return { kind: 'words', words };

  // `p=5,q=2; p=7,q=2` lists tuples.
  const groups = splitTop(source, /^;/).filter((group) => group.trim() !== '');
  if (groups.length > 1 && groups.every((group) => splitTop(group, /^,/).length > 1)) {
    const tuple = (group: string): Answer => ({
      kind: 'tuple',
      open: '(',
      close: ')',
      items: splitTop(group, /^,/).map((item) => read(item, depth + 1, parted)),
    });
    return { kind: 'set', items: groups.map(tuple) };
  }
  const parts = splitTop(
    source,
    /^(?:\\text\{[^{}]*\b(?:and|or)\b[^{}]*\}|\\(?:wedge|vee)(?![a-zA-Z])|;|,|\b(?:and|or)\b)/,
  ).filter((part) => part.trim() !== '');
  if (parts.length > 1) return { kind: 'set', items: parts.map((part) => read(part, depth + 1, parted)) };

  const relation = readRelation(source, depth, reading);
  if (relation) return relation;
  const union = splitTop(source, /^(?:\\cup(?![a-zA-Z])|\bU\b)/);
  if (union.length > 1) return { kind: 'union', parts: union.map((part) => read(part, depth + 1, parted)) };
  const bracketed = readBracketed(source, depth, parted);
  if (bracketed) return bracketed;
  const ratio = splitTop(source, /^:/);
  if (ratio.length > 1 && ratio.every((part) => part.trim() !== ''))
    return { kind: 'ratio', parts: ratio.map((part) => read(part, depth + 1, parted)) };
  const plusMinus = /\\(?:pm|mp)(?![a-zA-Z])/.exec(source);
  if (plusMinus) {
    const minus = source.replace(/\\pm(?![a-zA-Z])/g, '-').replace(/\\mp(?![a-zA-Z])/g, '+');
    const plus = source.replace(/\\pm(?![a-zA-Z])/g, '+').replace(/\\mp(?![a-zA-Z])/g, '-');
    return { kind: 'set', items: [read(plus, depth + 1, parted), read(minus, depth + 1, parted)] };
  }
  return readFormula(source, unit);
}

function readFormula(source: string, unit: string | null): Answer {
  try {
    const { node, tight } = parse(source);
    return { kind: 'formula', node, exact: !hasDecimal(node), source, unit, ...(tight ? { tight } : {}) };
  } catch (error) {
    if (error instanceof UnreadableError) return { kind: 'unreadable', source, why: error.message };
    throw error;
  }
}

/**
 * Units and other words behind a number: `10\text{ cm}^2`, `125 miles`, `5 m^2`, `28 percent` (which is `28\%`). The unit is null where
 * there is none; one letter may be a variable (`5 m`) and is none: {@link withoutLetterUnit}.
 */
function withoutUnit(text: string): { text: string; unit: string | null } {
  const percent = text
    .replace(/\^\s*\{?\s*\\text\{\s*(?:st|nd|rd|th)\s*\}\s*\}?/, '')
    .replace(/\s*(?:\\text\{\s*)?\b(?:percent(?:age)?|pct)\b\.?\s*\}?$/i, '\\%');
  const head =
    /^([^]*[\d})\s])\s*\\(?:text|mathrm)\{\s*[^{}]*\}(?:\s*\^\s*\{?\\?\w+\}?)?(?:\s*\/\s*\\(?:text|mathrm)\{[^{}]*\}(?:\^\{?[-\d]+\}?)?)?$/.exec(
      percent,
    )?.[1] ?? /^([-+]?[\d.,/]+|[^a-zA-Z]*\})\s*[a-zA-Z]{2,}(?:[ /][a-zA-Z]+)*(?:\^?\d)?$/.exec(percent)?.[1];
  if (head === undefined || head.trim() === '') return { text: percent.trim(), unit: null };
  return { text: head.trim(), unit: unitName(percent.slice(head.length)) };
}

/** `5 m`, `1000.99 m^2` without what is a unit when the other answer has no letters; null for anything else. */
export function withoutLetterUnit(normal: string): string | null {
  return (
    /^([-+]?\d[\d.,]*)\s+[a-zA-Z](?:\^\{?[23]\}?)?$/.exec(normal)?.[1] ??
    /^([-+]?\d[\d.,]*)\s*[a-z]?m\^\{?[23]\}?$/.exec(normal)?.[1] ??
    null
  );
}

/** `\text{ cm}^{2}` and `cm²` as `cm2`, `miles` as `mile`. */
function unitName(text: string): string {
  const name = text.replace(/\\(?:text|mathrm)|[{}\s.^]/g, '').toLowerCase();
  return name.length > 3 ? name.replace(/s$/, '') : name;
}

/** Words, or null when there is anything to compute. `\text{(C)}` and `C` are the same word. */
function wordsOf(source: string, policy: Readonly<Policy>): string | null {
  const plain = source
    .replace(/\\(?:text|mathrm)\{([^{}]*)\}/g, '$1')
    .replace(/[{}]/g, '')
    .trim();
  const choice = /^\(?([A-Za-z])\)?[.:]?$/.exec(plain);
  if (choice && plain !== source.trim() && /\\(?:text|mathrm)/.test(source)) return choice[1]!.toLowerCase();
  if (/[\d\\^_=<>|+*/]/.test(plain) || plain === '') return null;
  if (!/[A-Za-z\u00c0-\uffff]{2,}/.test(plain)) return null;
  const letters = plain.replace(/[^A-Za-z\u00c0-\uffff]/g, '');
  if (letters.length <= 3 && !/\\(?:text|mathrm)/.test(source) && !/^(?:yes|no|odd|all|inf)$/i.test(letters))
    return null;
  if (/^(?:sqrt|pi|infinity|sin|cos|tan|ln|log|exp)\b/i.test(plain) || /[([]/.test(plain)) return null;
  return (policy.letterCase === 'ignored' ? plain.toLowerCase() : plain).replace(/[\s.]+/g, ' ').trim();
}

function readMatrix(body: string, depth: number, reading: Reading): Answer {
  const rows = body
    .split(ROW)
    .map((row) => row.replace(/\\hline/g, ''))
    .filter((row) => row.trim() !== '')
    .map((row) => row.split('&').map((cell) => read(cell, depth + 1, reading)));
  return { kind: 'matrix', rows };
}

const RELATION = /^(?:\\(?:le|ge|ne|lt|gt|approx|in|equiv)(?![a-zA-Z])|<=|>=|!=|<|>|=)/;
const SPELLING: Record<string, string> = {
  '\\le': '<=',
  '\\ge': '>=',
  '\\ne': '!=',
  '\\lt': '<',
  '\\gt': '>',
  '\\approx': '~',
  '\\in': 'in',
  '\\equiv': '=',
};

function readRelation(source: string, depth: number, reading: Reading): Answer | null {
  const signs: string[] = [];
  const sides = splitTop(source, RELATION, (sign) => signs.push(SPELLING[sign] ?? sign));
  if (signs.length === 0 || sides.some((side) => side.trim() === '')) return null;
  const whole = (rule: string, text: string): Answer => {
    reading.steps?.push({ rule, text: text.trim() });
    return read(text, depth + 1, reading);
  };
  const part = (side: string) => read(side, depth + 1, { ...reading, steps: null });
  const last = signs.at(-1)!;
  // What is exact stands before the sign of approximation: x = 1/3 ≈ 0.33.
  if (last === '~')
    return sides.length === 2 && isName(sides[0]!)
      ? whole('no name before ≈', sides[1]!)
      : whole('the exact value, before ≈', source.slice(0, source.lastIndexOf('\\approx')));
  if (last === 'in')
    return sides.length === 2 && isName(sides[0]!)
      ? whole('the set behind ∈', sides[1]!)
      : { kind: 'unreadable', source, why: 'what is in the set is no name' };
  const equal = signs.every((sign) => sign === '=') && reading.policy.names === 'ignored';
  // A chain of equations ends with the answer; a name alone before the sign is the question's.
  const value =
    equal && (sides.length > 2 || isName(sides[0]!)) ? sides.at(-1)! : equal && isName(sides[1]!) ? sides[0]! : null;
  if (value !== null && sides.length > 2) return whole('the end of the chain of equations', value);
  return {
    kind: 'relation',
    signs,
    sides: sides.map(part),
    ...(value === null ? {} : { value: whole('no name before the sign of equality', value) }),
  };
}

/** `x`, `x_1`, `f(x)`, `|AB|`, `AB`, `V_1:V_2`, `(p,q)`, `\angle ABC`, `\frac{NO}{BO}`: the name of what was asked for. */
function isName(side: string): boolean {
  const text = side
    .replace(
      /\\(?:angle|overline|triangle|mathrm|vec|text|frac|varphi|theta|alpha|beta|lambda|mu|sigma|rho|phi|ell)/g,
      'N',
    )
    .replace(/[{}\s]/g, '');
  return /^(?:[A-Za-z]{1,6}'?(?:_\w{1,6})?(?:\([a-z](?:,[a-z])*\))?|\|[A-Za-z]{1,2}\||\([a-z](?:,[a-z])+\)|[A-Za-z](?:_\w+)?:[A-Za-z](?:_\w+)?)$/.test(
    text,
  );
}

function readBracketed(source: string, depth: number, reading: Reading): Answer | null {
  const braces =
    /^\\\{([^]*)\\\}$/.exec(source) ??
    (source.startsWith('{') && closes(source, 0) === source.length - 1 ? [source, source.slice(1, -1)] : null);
  if (braces) {
    const items = splitTop(braces[1] ?? '', /^[,;]/);
    if (source.startsWith('{') && items.length === 1) return read(items[0]!, depth + 1, reading);
    return {
      kind: 'set',
      items: items.filter((item) => item.trim() !== '').map((item) => read(item, depth + 1, reading)),
    };
  }
  const open = source[0]!;
  const close = source.at(-1)!;
  if (!/[([]/.test(open) || !/[)\]]/.test(close)) return null;
  if (outerClose(source) !== source.length - 1) return null;
  const inner = source.slice(1, -1);
  const items = splitTop(inner, /^[,;]/);
  if (items.length > 1)
    return { kind: 'tuple', open, close, items: items.map((item) => read(item, depth + 1, reading)) };
  return /\\begin\{/.test(inner) ? read(inner, depth + 1, reading) : null;
}

/** Where the bracket at 0 closes, when brackets of half-open intervals may differ. */
function outerClose(source: string): number {
  let depth = 0;
  for (let i = 0; i < source.length; i += 1) {
    const c = source[i]!;
    if (c === '\\') i += 1;
    else if (c === '(' || c === '[' || c === '{') depth += 1;
    else if ((c === ')' || c === ']' || c === '}') && (depth -= 1) === 0) return i;
  }
  return -1;
}

/** Cuts at every separator that stands outside all brackets. */
function splitTop(text: string, separator: RegExp, onSeparator?: (sign: string) => void): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i]!;
    if (c === '\\' && /[{}|]/.test(text[i + 1] ?? '')) {
      depth += text[i + 1] === '{' ? 1 : text[i + 1] === '}' ? -1 : 0;
      i += 1;
      continue;
    }
    if (depth === 0 && /[\\,;:<>=!aoU]/.test(c) && !(/[aoU]/.test(c) && /[A-Za-z\\]/.test(text[i - 1] ?? ''))) {
      const match = separator.exec(text.slice(i, i + 60));
      if (match) {
        parts.push(text.slice(from, i));
        onSeparator?.(match[0].trim());
        i += match[0].length - 1;
        from = i + 1;
        continue;
      }
    }
    if (c === '(' || c === '[' || c === '{') depth += 1;
    else if (c === ')' || c === ']' || c === '}') depth = Math.max(0, depth - 1);
  }
  parts.push(text.slice(from));
  return parts;
}
