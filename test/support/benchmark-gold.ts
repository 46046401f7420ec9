/**
 * Which problem of a benchmark each response of a file answers, where the file has responses in an order of its own and no problems: a model
 * restates the problem at the beginning of its thought, so the words of each problem are looked for there.
 */

/** Words of four letters or more, and numbers. */
const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/[a-z]{4,}|\d+/g) ?? []);
const HEAD = 2500;

/**
 * For each place the index of its problem: each problem at most once, the surest pairs first. A score is the share of a problem's words that stand in the
 * response, rare words counting more; `files` are several models' responses in the same order, and their scores are added.
 */
export function assignProblems(
  problems: readonly string[],
  files: readonly (readonly string[])[],
): { problem: number; score: number }[] {
  const words = problems.map(wordsOf);
  const weight = (word: string) => Math.log((1 + problems.length) / words.filter((own) => own.has(word)).length);
  const weights = new Map(words.flatMap((own) => [...own]).map((word) => [word, weight(word)]));
  const sum = (of: Iterable<string>) => [...of].reduce((total, word) => total + weights.get(word)!, 0);
  const places = files[0]!.length;
  const pairs: { place: number; problem: number; score: number }[] = [];
  for (let place = 0; place < places; place += 1) {
    const heads = files.map((responses) => wordsOf(responses[place]!.slice(0, HEAD)));
    for (const [problem, own] of words.entries()) {
      const score = heads.reduce((total, head) => total + sum([...own].filter((word) => head.has(word))) / sum(own), 0);
      pairs.push({ place, problem, score: score / files.length });
    }
  }
  pairs.sort((a, b) => b.score - a.score);
  const found: ({ problem: number; score: number } | undefined)[] = Array.from({ length: places });
  const taken = new Set<number>();
  for (const { place, problem, score } of pairs)
    if (!found[place] && !taken.has(problem)) {
      found[place] = { problem, score };
      taken.add(problem);
    }
  return found.map((one) => one!);
}
