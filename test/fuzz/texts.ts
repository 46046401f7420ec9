/** Texts that are likely to break a reader: pieces of mathematics, tokens, cues, code and hostile signs, in any order. */
import fc from 'fast-check';

const pieces = [
  ...[
    '$',
    '$$',
    '\\(',
    '\\)',
    '\\[',
    '\\]',
    '\\begin{align}',
    '\\end{align}',
    '\\boxed{',
    '\\boxed{7}',
    '{',
    '}',
    '\\',
    '\\\\',
    '`',
    '```',
    '\n```python\n',
  ],
  ...['<think>', '</think>', '<|im_start|>', '<|im_end|>', '<|channel|>final<|message|>', '<|', '|>', '<｜'],
  ...['\n', '\n\n', ' ', '\t', '\r\n', '. ', '? ', '! ', '…', '。', ': ', '1. ', '- ', '(a) '],
  ...[
    'Wait',
    'Let me check',
    'That is right',
    'wrong',
    'Alternatively,',
    'Case 1:',
    'Hmm',
    'First, I need to find',
    'The answer is',
    'Step 2',
    'no need to',
    '验证一下',
  ],
  ...['x', '3', '=', '5!', '0.5', 'e.g.', '\ud83d', '\ude00', '𝒳', '\u0000', '\ufeff', '\u2028', '\u0301'],
] as const;

export const texts = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 120 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.tuple(fc.constantFrom(...pieces), fc.integer({ min: 1, max: 3000 })).map(([piece, n]) => piece.repeat(n)),
);

/** True when `at` stands between the halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
