/** Estimates of token counts, for texts whose tokenizer is not at hand. Always shown with a `~`. */
import type { TraceFacts } from '../protocol/events.ts';
import { sections } from './sections.ts';

/** Measured on long chains of thought in English with mathematics: 8k tokens are about 27 kB, 100k about 330 kB. */
const CHARACTERS_PER_TOKEN = 3.3;

/** Tokens of a text of `length` UTF-16 units, estimated. */
export function estimateTokens(length: number): number {
  return Math.round(length / CHARACTERS_PER_TOKEN);
}

/** Token facts of a completion, all estimates: in all, of its reasoning, of its answer. */
export function estimatedTokenFacts(completion: string): TraceFacts {
  const of = (kind: 'reasoning' | 'answer') =>
    sections(completion)
      .filter((section) => section.kind === kind)
      .reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    tokens: estimateTokens(completion.length),
    reasoning_tokens: estimateTokens(of('reasoning')),
    answer_tokens: estimateTokens(of('answer')),
    tokens_exact: false,
  };
}
