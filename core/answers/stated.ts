/** Answers that a text states in words ("The answer is …", `#### 5`, `<answer>…</answer>`), and the one that its last line is. */
import { trimmed, type Found } from './boxes.ts';

/** Longest stated answer and longest final sentence, in UTF-16 units. */
const STATED_LIMIT = 400;
const TAG_LIMIT = 4_000;

const SAYS =
  /(?:\b(?:the|my|our|your|so|thus|therefore|hence|final|correct)[,:]? (?:\w+ ){0,2}(?:answer|result|solution|value)(?: (?:to|of|for) [^.:=\n]{1,80})?|\banswer)[^\w.!?]{0,6}?(?:(?:\bis\b)?\s{0,2}[:=：]|\bis(?: equal to)?(?: (?:thus|therefore|then|indeed|simply|just|still))?\b)\s{0,4}|\banswer\s{1,3}(?=\$|\\[([])/;
/** The same in the languages of common multilingual benchmarks. */
const SAYS_ELSEWHERE =
  /(?:答案|结果|正解|답|정답|答え)(?:应该)?(?:(?:是|为|為|は|은|는|이)[:：]?|[:：])\s{0,4}|\brespuesta(?: final| correcta)?(?: es|:)\s{0,4}|\br[éÉe]ponse(?: finale| correcte)?(?: est| ?:)\s{0,4}|\bantwort(?: ist| lautet|:)\s{0,4}|[Оо]твет(?: ?[:—–-])\s{0,4}|\brisposta(?: finale)?(?: è|:)\s{0,4}|\bresposta(?: final)?(?: é|:)\s{0,4}|คำตอบ(?:คือ|:)\s{0,4}|\bjibu(?: ni|:)\s{0,4}|উত্তর ?[:=হ]\s{0,4}|సమాధానం ?[:=]\s{0,4}/;
const STATED = new RegExp(`${SAYS.source}|${SAYS_ELSEWHERE.source}|(?<![^\\n])####[ \\t]{0,4}`, 'gi');

/** Every answer that is stated in words, by position. */
export function stated(text: string): Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(STATED)) {
    const start = match.index + match[0].length;
    const end = statementEnd(text, start, Math.min(text.length, start + STATED_LIMIT));
    if (end === text.length && isCut(text.slice(start, end))) continue;
    const answer = refined(text, unwrapped(text, start, end));
    if (answer && looksLikeAnswer(answer.text)) found.push(answer);
  }
  return found;
}

/** The text ends inside the formula with which the statement begins. */
function isCut(said: string): boolean {
  const opener = /^[\s*]*(\\\(|\\\[|\$\$?)/.exec(said);
  if (!opener) return false;
  const closer = opener[1]!.startsWith('\\') ? (opener[1] === '\\(' ? '\\)' : '\\]') : opener[1]!;
  return !said.includes(closer, opener[0].length);
}

/** What stands in `<answer>…</answer>`. */
export function tagged(text: string): Found[] {
  const found: Found[] = [];
  let from = 0;
  for (let open = text.indexOf('<answer>'); open >= 0; open = text.indexOf('<answer>', from)) {
    from = open + '<answer>'.length;
    const close = text.indexOf('</answer>', from);
    if (close < 0) break;
    // An opener inside, as a prompt's template leaves it, begins anew.
    const inner = text.lastIndexOf('<answer>', close);
    if (inner > open) from = inner + '<answer>'.length;
    if (close - from <= TAG_LIMIT) {
      const whole = unwrapped(text, from, close);
      const answer = whole && proseWords(whole.text) > 3 ? refined(text, whole) : whole;
      if (answer && !/^(?:\.{2,}|…|(?:your |the |final )*answer(?: here)?)$/i.test(answer.text)) found.push(answer);
    }
    from = close;
  }
  return found;
}

/** A statement ends with its sentence or line; a stop inside a number or a formula is no end. */
function statementEnd(text: string, start: number, limit: number): number {
  const display = /^\s*(?:\\\[|\$\$)/.exec(text.slice(start, start + 8));
  if (display) {
    const closer = display[0].trim() === '$$' ? '$$' : '\\]';
    const from = start + display[0].length;
    // No further: statements whose formulas never close would each be looked through to the end of the text.
    const at = text.slice(from, limit + closer.length - 1).indexOf(closer);
    if (at >= 0) return from + at + closer.length;
  }
  let depth = 0;
  for (let i = start; i < limit; i += 1) {
    const c = text[i]!;
    if (c === '{') depth += 1;
    else if (c === '}') depth -= 1;
    else if (c === '\n' && depth <= 0 && i > start) return i;
    else if (
      depth <= 0 &&
      /[.!?;。；]/.test(c) &&
      !(c === '!' && text[i + 1] === '=') &&
      !/[\dA-Za-z]/.test(text[i + 1] ?? '') &&
      text[i - 1] !== '\\'
    )
      return i;
  }
  return limit;
}

const WRAPPERS = [
  ['$$', '$$'],
  ['$', '$'],
  ['\\(', '\\)'],
  ['\\[', '\\]'],
  ['**', '**'],
  ['*', '*'],
  ['`', '`'],
  ['"', '"'],
  ['“', '”'],
] as const;

/** What ends a Japanese or Korean sentence that says what something is. */
const COPULA = /(?:です|である|입니다|이다)$/;

/** Without emphasis, quotation marks and the delimiters of one formula around all of it. */
function unwrapped(text: string, from: number, to: number): Found | null {
  let { start, end } = trimmed(text, from, to);
  for (let changed = true; changed && start < end;) {
    changed = false;
    for (const [open, close] of WRAPPERS) {
      if (
        end - start <= open.length + close.length ||
        !text.startsWith(open, start) ||
        !text.startsWith(close, end - close.length)
      )
        continue;
      if (text.slice(start + open.length, end - close.length).includes(close)) continue;
      ({ start, end } = trimmed(text, start + open.length, end - close.length));
      changed = true;
    }
    // Emphasis that closes before the answer, as in "**Answer:** 5".
    const emphasis = /^[*_]{1,3}\s*/.exec(text.slice(start, Math.min(start + 8, end)))?.[0];
    if (emphasis && !text.slice(start + emphasis.length, end).includes(emphasis.trim())) {
      start += emphasis.length;
      changed = true;
    }
    const copula = COPULA.exec(text.slice(Math.max(start, end - 4), end));
    if (copula) end -= copula[0].length;
    while (end > start && /[*.,:]/.test(text[end - 1]!) && text[end - 2] !== '\\') {
      end -= 1;
      changed = true;
    }
  }
  return end > start ? { text: text.slice(start, end), start, end } : null;
}

/** "The answer is not clear" states nothing: there must be a number, a formula or a short name. */
function looksLikeAnswer(answer: string): boolean {
  if (
    /^(?:not|just|the|in|to|that|going|supposed|correct|right|wrong|probably|unclear|an?|clear|given|found|obtained|expected|what|done|complete|finished|indeed)\b/i.test(
      answer,
    ) &&
    !/[\d\\$]/.test(answer)
  )
    return false;
  return /[\d\\$=√π∞]/.test(answer) || answer.trim().split(/\s+/).length <= 4;
}

const TURN_TOKENS = /(?:<\|[^|<>]{1,40}\|>\s*(?:user|assistant|system)?\s*)+$/;
const BOILERPLATE = /\s*I hope (?:it|this) (?:is correct|helps)[.!]?$/i;
const SENTENCE = /(?:[.!?](?:\$\$?|\\[)\]])?(?=\s+["'(*]{0,2}[A-Z\\$])|[。！？])\s*/g;
/** Words by which a line is a sentence about the answer and not the answer itself. */
const SENTENCE_WORDS =
  /\b(?:is|are|was|were|be|equals?|gets?|got|have|has|gives?|obtain|find|found|becomes?|yields?|conclude|there|so|thus|hence|therefore|we|must)\b/i;

/** "The matrix: $…$". */
const LABELLED = /:\s*(?:\$[^$]{1,400}\$|\\\([^]{1,400}\\\))$/;

const SAID_AT_THE_END =
  /(?<=\b(?:is|are|equals|be|was)\s)(?:\$[^$]{1,200}\$|\\\([^]{1,200}?\\\)|[-+]?\d[\d,]*(?:\.\d+)?(?:\/\d+)?%?)\.?$/;

/** The answer that the last line of a text is or ends with; null for a line that says none or was cut. */
export function finalLine(text: string): Found | null {
  let { start, end } = trimmed(text, 0, text.length);
  for (const tail of [TURN_TOKENS, BOILERPLATE]) {
    const from = Math.max(start, end - 200);
    const match = tail.exec(text.slice(from, end));
    if (match) ({ start, end } = trimmed(text, start, from + match.index));
  }
  if (end <= start) return null;
  const closer = /(?:\\\]|\$\$)$/.exec(text.slice(Math.max(start, end - 2), end))?.[0];
  const opener = closer ? text.lastIndexOf(closer === '$$' ? '$$' : '\\[', end - 3) : -1;
  let line = opener >= start ? opener : Math.max(text.lastIndexOf('\n', end - 1) + 1, start);
  // Of a long line only its last sentence can be the answer.
  if (opener < start && proseWords(text.slice(Math.max(line, end - 2 * STATED_LIMIT), end)) > 3) {
    const from = Math.max(line, end - STATED_LIMIT);
    const stop = [...text.slice(from, end).matchAll(SENTENCE)].findLast(({ 0: sign, index }) => from + index + sign.length < end); // prettier-ignore
    if (stop) line = from + stop.index + stop[0].length;
  }
  if (/\\(?:boxed|fbox)/.test(text.slice(line, end))) return null;
  if (end - line > STATED_LIMIT) {
    const said = SAID_AT_THE_END.exec(text.slice(Math.max(line, end - STATED_LIMIT), end));
    if (said) return unwrapped(text, end - said[0].length, end);
  }
  // A formula may be of any length.
  const ends = `${text.slice(line, Math.min(end, line + TAG_LIMIT))} ${text.slice(Math.max(line, end - TAG_LIMIT), end)}`;
  if (end - line > STATED_LIMIT && proseWords(ends) > 0) return null;
  if (end - line > 2 * TAG_LIMIT) return trimmed(text, line, end);
  const said = text.slice(line, end);
  const whole = unwrapped(text, line, end);
  if (!whole) return null;
  const words = proseWords(whole.text);
  const isFinished = /(?:[.!。]|\$|\\\)|\\\]|\*\*)$/.test(said);
  const isAll = trimmed(text, 0, text.length).start === line;
  if (words > 0 && !isFinished && !(isAll && said.length <= 100)) return null;
  const isSentence = SENTENCE_WORDS.test(said) || /[.。]$/.test(said) || LABELLED.test(said);
  const answer = words > 0 && isSentence ? refined(text, whole) : whole;
  return answer && looksLikeAnswer(answer.text) && proseWords(answer.text) <= 3
    ? answer
    : isAll && words <= 3
      ? whole
      : null;
}

/** A number or formula that stands before its reason. */
const BEFORE_REASON =
  /^(\$[^$]{1,200}\$|\\\([^]{1,200}?\\\)|[-+]?\d[\d,]*(?:\.\d+)?(?:\/\d+)?%?)(?:\s\w+)?[\s,;(—–]+(?:because|since|as|which|so|but|if|when|by|from|not|rather|instead|given|where|that|after)\b/;

/**
 * Of a sentence the part that answers: what stands before its "because", otherwise behind its last "is", otherwise its last formula,
 * otherwise its last number.
 */
function refined(text: string, answer: Found | null): Found | null {
  if (!answer) return answer;
  const said = answer.text;
  const words = proseWords(said);
  if (words === 0 || (words < 2 && !/\$|\\[([]/.test(said))) return answer;
  const first = BEFORE_REASON.exec(said)?.[1];
  if (first !== undefined) return unwrapped(text, answer.start, answer.start + first.replace(/,$/, '').length);
  const verb = [...said.matchAll(/\b(?:is|are|equals|be|was|=)\s+(?=[$\\(*]{0,4}[-+]?[\d.]*\d|[$\\])/g)].at(-1);
  if (verb) {
    const after = unwrapped(text, answer.start + verb.index + verb[0].length, answer.end);
    if (after && proseWords(after.text) <= 2) return after;
  }
  const formula = [...said.matchAll(/\$\$?([^$]{1,300})\$|\\[([]([^]{1,300}?)\\[)\]]/g)].at(-1);
  const behind = formula ? formula.index + formula[0].length : 0;
  const number = [...said.slice(behind).matchAll(/[-+]?\d[\d,]*(?:\.\d+)?(?:\/\d+)?%?/g)].at(-1);
  // A number in words behind the last formula is nearer to the end of what is said.
  if (number) {
    const start = answer.start + behind + number.index;
    return trimmed(text, start, start + number[0].replace(/,$/, '').length);
  }
  const content = formula?.[1] ?? formula?.[2] ?? '';
  if (!formula || content.trim() === '') return answer;
  const at = answer.start + formula.index + formula[0].indexOf(content);
  return trimmed(text, at, at + content.length);
}

/** Words of three letters or more outside formulas. */
function proseWords(text: string): number {
  const plain = text.replace(/\$[^$]*\$|\\\([^]*?\\\)|\\[a-zA-Z]+(?:\{[^{}]*\})?/g, ' ');
  return plain.match(/[A-Za-z]{3,}/g)?.length ?? 0;
}
