/** Brings an answer as written (LaTeX, plain text, Unicode signs) to one spelling that the parser reads. Linear in its length. */

const SIGNS: Record<string, string> = {
  '−': '-', '–': '-', '×': '\\cdot ', '·': '\\cdot ', '∙': '\\cdot ', '÷': '/', '⁄': '/', '≤': '\\le ', '≥': '\\ge ', '≠': '\\ne ', '≈': '\\approx ',
  '∞': '\\infty ', 'π': '\\pi ', '√': '\\sqrt ', '∪': '\\cup ', '∩': '\\cap ', '∈': '\\in ', '°': '^\\circ ', '±': '\\pm ', '²': '^2', '³': '^3', '½': '\\frac{1}{2}',
  'θ': '\\theta ', 'α': '\\alpha ', 'β': '\\beta ', 'φ': '\\varphi ', '∅': '\\emptyset ', '，': ',', '；': ';', '（': '(', '）': ')', '％': '\\%', '\u00a0': ' ', '\u202f': ' ', '\u2009': ' ',
}; // prettier-ignore
const SIGN = new RegExp(`[${Object.keys(SIGNS).join('')}]`, 'g');

const SYNONYMS: Record<string, string> = {
  dfrac: 'frac', tfrac: 'frac', cfrac: 'frac', dbinom: 'binom', tbinom: 'binom', leq: 'le', leqslant: 'le', geq: 'ge', geqslant: 'ge', neq: 'ne', lt: 'lt', gt: 'gt',
  times: 'cdot', ast: 'cdot', lbrace: '{', rbrace: '}', lbrack: '[', rbrack: ']', operatorname: 'mathrm', varnothing: 'emptyset', mathbf: 'mathrm', mathit: 'mathrm',
  boldsymbol: 'mathrm', bold: 'mathrm', textrm: 'text', textbf: 'text', textit: 'text', textnormal: 'text', mbox: 'text', hbox: 'text', rm: '', degree: 'circ', simeq: 'approx', doteq: 'approx',
  colon: ':', div: '/', lvert: '|', rvert: '|', vert: '|', mid: '|', land: 'wedge', lor: 'vee', to: 'rightarrow',
}; // prettier-ignore
const VANISHING = new Set(
  'left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr displaystyle textstyle scriptstyle limits nolimits phantom quad qquad enspace thinspace ,  ! ; : > '.split(
    ' ',
  ),
);

/** A row's end in a matrix, kept apart from the commands that begin with a backslash. */
export const ROW = '\u0001';

/** One step of normalisation: the rule and the text after it. */
export interface Step {
  rule: string;
  text: string;
}

/** The rules in the order in which they are applied; each is linear in the text's length. */
const RULES: readonly (readonly [rule: string, apply: (text: string) => string])[] = [
  ['Unicode signs as LaTeX', (text) => text.replace(SIGN, (sign) => SIGNS[sign] ?? sign).trim()],
  ['rows and doubled backslashes', backslashes],
  ['no delimiters, boxes or emphasis around it', undelimited],
  ['no boxes in it', unboxed],
  ['no spacing', unspaced],
  ['one spelling of each command', renamed],
  ['no signs of currency, no delimiters in it', (text) => text.replace(/\\\$|\$|€|£|\\[()]/g, '')],
  ['“and” and “or” as words of their own', parted],
  ['no thousands separators', ungrouped],
  ['no punctuation at the end', unpunctuated],
  ['a zero before the point', (text) => text.replace(/(?:^|(?<=[^\w.]))\.(?=\d)/g, '0.')],
];

/**
 * Without delimiters, boxes, spacing, sizes, signs of currency; synonyms of commands as one. `grouped` is false where a comma before three
 * digits separates items.
 */
export function normalise(answer: string, grouped = true): string {
  let text = answer;
  for (const [, apply] of RULES) if (grouped || apply !== ungrouped) text = apply(text);
  return text;
}

/** The steps of {@link normalise} that changed the text, each with its result. */
export function normaliseSteps(answer: string): Step[] {
  const steps: Step[] = [];
  let text = answer;
  for (const [rule, apply] of RULES) {
    const next = apply(text);
    if (next !== text) steps.push({ rule, text: next });
    text = next;
  }
  return steps;
}

/** Two backslashes end a row in a matrix; elsewhere a text was escaped twice. */
function backslashes(text: string): string {
  return text.includes('\\begin{')
    ? text.replace(/\\\\(?![a-zA-Z]{2,}\{)/g, ROW)
    : text.replace(/\\\\(?=[a-zA-Z{}()[\],;!])/g, '\\');
}

/** `\boxed{1} and \boxed{2}` as `1 and 2`. */
function unboxed(text: string): string {
  let plain = text;
  for (let i = 0; i < 4 && /\\(?:boxed|fbox)/.test(plain); i += 1) {
    let done = 0;
    let next = '';
    for (const match of plain.matchAll(/\\+(?:boxed|fbox)\s{0,4}\{/g)) {
      const open = match.index + match[0].length - 1;
      const close = match.index < done ? -1 : closes(plain, open);
      if (close < 0) continue;
      const before = plain.slice(done, match.index);
      next += `${done > 0 && before.trim() === '' ? ', ' : before} ${plain.slice(open + 1, close)} `;
      done = close + 1;
    }
    if (done === 0) break;
    plain = (next + plain.slice(done)).trim();
  }
  // A box that was cut has no closing brace.
  return plain.replace(/^[\s$]*\\+(?:boxed|fbox)\s{0,4}\{/, '');
}

function unspaced(text: string): string {
  return text
    .replace(/,\s*\\!\s*/g, ',') // `11,\! 111` is one number.
    .replace(/\\(?:[,!;:>]|quad(?![a-z]{2})|qquad(?![a-z]{2})|enspace\b|thinspace\b)/g, (space) =>
      space.includes('q') ? ' , ' : '',
    )
    .replace(/\\ |~|\s+/g, ' ')
    .replace(/,(?:\s*,)+/g, ',');
}

/** `1or2`, `x=1orx=2` as `1 or 2`, `x=1 or x=2`. */
function parted(text: string): string {
  return text.replace(/(?<=[\d)}])\s*(or|and)\s*(?=[A-Za-z]\w?\(?\w?\)?\s?=|[-\d(\\])/g, ' $1 ');
}

function renamed(text: string): string {
  const primed = text.replace(/\^\s*(?:\{\s*((?:\\prime\s*)+)\}|\\prime)/g, (_, several?: string) =>
    "'".repeat(several?.match(/prime/g)?.length ?? 1),
  );
  return primed.replace(/\\([a-zA-Z]+)\*?/g, (whole, name: string) => {
    if (VANISHING.has(name)) return '';
    const synonym = SYNONYMS[name];
    if (synonym === undefined) return whole;
    if (synonym === '') return '';
    if (synonym === '{' || synonym === '}') return `\\${synonym}`;
    return /^[a-z]/.test(synonym) ? `\\${synonym}` : synonym;
  });
}

function ungrouped(text: string): string {
  let plain = text.replace(/(\d)\s?\{\s?,\s?\}\s?(?=\d{3})/g, '$1');
  // In brackets a comma separates: (2,102) is a pair.
  if (!/[([]|\\\{/.test(plain))
    plain = plain.replace(
      /(?<=^|[^\d,.])([1-9]\d{0,2})((?:,\d{3})+)(?!\d)/g,
      (_, first: string, rest: string) => first + rest.replace(/,/g, ''),
    );
  return plain.replace(/(?<=\d) (?=\d{3}(?:\D|$))/g, '');
}

function unpunctuated(text: string): string {
  return text
    .replace(/[.,;:\s]+$/, '')
    .replace(/\\$/, '')
    .trim();
}

const DELIMITERS = [['$$', '$$'], ['$', '$'], ['\\(', '\\)'], ['\\[', '\\]'], ['**', '**']] as const; // prettier-ignore

/** Peels delimiters and boxes that hold all of the text, however often. */
function undelimited(text: string): string {
  let inner = text.replace(/^(?:\\n|\s)+/, '');
  for (let i = 0; i < 8; i += 1) {
    const before = inner;
    for (const [open, close] of DELIMITERS) {
      if (inner.length < open.length + close.length || !inner.startsWith(open) || !inner.endsWith(close)) continue;
      const content = inner.slice(open.length, -close.length);
      if (!content.includes(close)) inner = content.trim();
    }
    const box = /^\\+boxed\s*\{/.exec(inner);
    if (box && closes(inner, box[0].length - 1) === inner.length - 1) inner = inner.slice(box[0].length, -1).trim();
    if (/^\$?\\?.*[.,]$/.test(inner) && inner.length < 400) inner = inner.replace(/[.,]+$/, '');
    if (inner === before) break;
  }
  return inner;
}

/** The index of the bracket that closes the one at `open`, or -1. Brackets of all kinds nest; escaped braces count as braces. */
export function closes(text: string, open: number): number {
  const opener = text[open]!;
  const closer = opener === '{' ? '}' : opener === '(' ? ')' : ']';
  let depth = 0;
  for (let i = open; i < text.length; i += 1) {
    const c = text[i]!;
    if (c === '\\') i += 1;
    else if (c === opener) depth += 1;
    else if (c === closer && (depth -= 1) === 0) return i;
  }
  return -1;
}
