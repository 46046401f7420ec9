/** Long made completions, the same for the same wish: for windowing, find and the bench. */

/** About `characters` of reasoning with `formulas` formulas spread over it, each one its own. */
export function longCompletion(characters: number, formulas: number): string {
  const words =
    'let us count the pairs that remain after each move and see which of them can still be reached from the first position'.split(
      ' ',
    );
  const cues = [
    'Wait, let me check this again.',
    'Alternatively, we can go back to the first case.',
    'First, find the losing positions.',
    'Yes, that matches.',
    'Hmm, maybe not.',
  ];
  const lines: string[] = ['<think>'];
  let length = 8;
  let seed = 7;
  const next = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  let written = 0;
  for (let i = 0; length < characters; i += 1) {
    const sentence: string[] = [];
    for (let k = 8 + next(14); k > 0; k -= 1) sentence.push(words[next(words.length)]!);
    let line = `${sentence.join(' ')}.`;
    if (i % 5 === 0) line = `${cues[next(cues.length)]} ${line}`;
    while (written < formulas && written * characters < length * formulas) {
      written += 1;
      line +=
        written % 9 === 0
          ? `\n\n\\[ \\sum_{k=0}^{${written}} \\binom{${written}}{k} x^{k} = (1+x)^{${written}} \\]`
          : ` So $a_{${written}} = \\frac{${i + 1}}{n^{2} + ${written}} \\leq ${i}$ holds.`;
    }
    lines.push(line);
    length += line.length + 2;
  }
  lines.push('</think>', 'The answer is \\boxed{42}.');
  return lines.join('\n\n');
}
