/** What a question will cost, before it is asked: an estimate from lengths. */
import { estimateTokens } from '../traces/tokens.ts';
import type { Message } from './prompt.ts';
import type { Stretch } from './stretches.ts';

/** Tokens that a chat template puts around each message. */
const MESSAGE_TOKENS = 5;
/** Characters of an answer's line beside the step's number, with the label that every other step has in the mean. */
const LINE_CHARACTERS = 16;
/** JSON has shorter tokens than prose. */
const CHARACTERS_PER_TOKEN = 2.5;

/** Tokens of a question's messages; no tokenizer is asked. */
export function questionTokens(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + estimateTokens(content.length) + MESSAGE_TOKENS, 0);
}

/** Tokens of an answer that says what is asked and nothing else. A model that thinks before it answers writes more. */
export function answerTokens({ from, to }: Stretch): number {
  return Math.round(((to - from) * (LINE_CHARACTERS + String(to).length)) / CHARACTERS_PER_TOKEN);
}

/** `price` is of a million tokens. Null where no price is known. */
export function costOf(
  tokens: { input: number; output: number },
  price: { input: number; output: number } | null | undefined,
): number | null {
  return price ? (tokens.input * price.input + tokens.output * price.output) / 1e6 : null;
}
