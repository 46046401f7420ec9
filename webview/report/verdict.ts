/** A verdict of a report's row as sign, words and colour. */

interface VerdictLook {
  sign: string;
  words: string;
  tone: 'right' | 'wrong' | 'cut' | 'muted';
}

export function verdictLook(value: unknown): VerdictLook {
  if (value === 'right' || value === true) return { sign: '✓', words: 'right', tone: 'right' };
  if (value === 'wrong' || value === false) return { sign: '✗', words: 'wrong', tone: 'wrong' };
  if (value === 'undecided') return { sign: '?', words: 'undecided', tone: 'cut' };
  if (typeof value === 'string' && value !== 'none') return { sign: value, words: value, tone: 'muted' };
  return { sign: '–', words: 'no verdict', tone: 'muted' };
}
