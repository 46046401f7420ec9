/** Looks for one term in one text. What it finds is what `meaningOf` the term finds in the decoded text, by whichever way is quickest. */
import type { StoredText } from './stored-text.ts';
import { meaningOf, type WantedTerm } from './terms.ts';

export interface Hits {
  count: number;
  /** The first, UTF-16 units. */
  start: number;
  end: number;
}

/** Null: the text does not have it. With `once` only the first hit is looked for. */
export type Matcher = (text: StoredText, once: boolean) => Hits | null;

export function matcherOf(term: WantedTerm): Matcher {
  const meaning = meaningOf(term);
  const decoded: Matcher = (text, once) => byExpression(meaning, text.text, once);
  if (term.kind === 'expression') return decoded;
  const bytes = byBytes(term);
  return (text, once) =>
    (text.broken || !bytes ? decoded(text, once) : (bytes(text, once) ?? decoded(text, once))) || null;
}

function byExpression(expression: RegExp, text: string, once: boolean): Hits | null {
  let hits: Hits | null = null;
  expression.lastIndex = 0;
  for (let match = expression.exec(text); match; match = expression.exec(text)) {
    const [{ length }] = match;
    // What matches nothing is no hit, but must not stand still either.
    if (length === 0) {
      expression.lastIndex += text.codePointAt(match.index)! > 0xffff ? 2 : 1;
      continue;
    }
    if (hits) hits.count += 1;
    else hits = { count: 1, start: match.index, end: match.index + length };
    if (once) break;
  }
  return hits;
}

/** Placeholder until measured. */
function byBytes(_term: WantedTerm): ((text: StoredText, once: boolean) => Hits | false | null) | null {
  return null;
}
