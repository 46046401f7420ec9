/**
 * Log-probabilities of tokens, as files keep them beside a completion: OpenAI's `logprobs.content[]` and its older `tokens` and
 * `token_logprobs`, vLLM's maps by token id, SGLang's triples, and plain lists beside the tokens' texts. They are kept where the tokens
 * spell the completion byte for byte: what cannot be placed in the text says nothing about it.
 */
import { entropyLowerBound } from '../../core/metrics/entropy.ts';
import { packScores } from '../../core/traces/token-scores.ts';
import { isRecord } from './paths.ts';

/** A key that has log-probabilities; whole columns of them are not looked into for completions. */
export const isLogprobKey = (key: string): boolean => /log_?probs?$/i.test(key);
const tokenKeys = ['tokens', 'token_strings', 'output_tokens', 'completion_tokens', 'response_tokens'];
const idKeys = ['token_ids', 'output_token_ids', 'completion_ids', 'output_ids'];
export const isTokenKey = (key: string): boolean => tokenKeys.includes(key) || idKeys.includes(key);

interface Token {
  /** What it adds to the text, in UTF-8. */
  bytes: Buffer;
  /** NaN: not known. */
  logprob: number;
  /** Of the likeliest tokens at its place; empty: not known. */
  top: number[];
}

export interface ImportedScores {
  /** A stretch as `core/traces/token-scores.ts` lays it out. */
  stretch: Uint8Array;
  tokens: number;
}

/**
 * What the row says of the tokens of completion `index` of `count` at `path`. Null: nothing; `unplaced`: its tokens are not there, or
 * do not spell `text`.
 */
export function scoresOf(
  row: unknown,
  { path, index, count, text }: { path: string; index: number; count: number; text: string },
): ImportedScores | 'unplaced' | null {
  let isThere = false;
  for (const holder of holdersOf(row, path, index, count)) {
    for (const [key, value] of Object.entries(holder)) {
      if (!isLogprobKey(key) || value === null || typeof value !== 'object') continue;
      for (const one of ofCompletion(value, index, count)) {
        const tokens = tokensOf(one, holder, index, count);
        if (!tokens) isThere ||= /token/i.test(key) && Array.isArray(one) && typeof one[0] === 'number';
        else if (tokens.length > 0) {
          const lengths = lengthsOf(tokens, text);
          if (lengths) return packed(tokens, lengths);
          isThere = true;
        }
      }
    }
  }
  return isThere ? 'unplaced' : null;
}

/** The objects that the completion lies in, the innermost first. */
function holdersOf(row: unknown, path: string, index: number, count: number): Record<string, unknown>[] {
  const holders: Record<string, unknown>[] = [];
  let value = row;
  for (const part of ['', ...path.split('.')]) {
    const [, key = '', at] = /^(.*?)(?:\[(\d*)\])?$/.exec(part) ?? [];
    if (part !== '') value = isRecord(value) ? value[key] : undefined;
    if (Array.isArray(value)) value = value[at ? Number(at) : value.length === count ? index : 0];
    if (!isRecord(value)) break;
    holders.unshift(value);
    // What a server says of a request beside its text.
    if (isRecord(value['meta_info'])) holders.unshift(value['meta_info']);
  }
  return holders;
}

/** A value of all completions, or of one: that of this one first. */
const ofCompletion = (value: object, index: number, count: number): unknown[] =>
  Array.isArray(value) && value.length === count ? [value[index], value] : [value];

/** Null: these are no tokens with their texts. */
function tokensOf(value: unknown, holder: Record<string, unknown>, index: number, count: number): Token[] | null {
  if (isRecord(value)) {
    if (Array.isArray(value['content'])) return tokensOf(value['content'], holder, index, count);
    if (!Array.isArray(value['tokens']) || !Array.isArray(value['token_logprobs'])) return null;
    return beside(value['tokens'], value['token_logprobs'], value['top_logprobs']);
  }
  if (!Array.isArray(value)) return null;
  const list: unknown[] = value;
  const lists = (keys: readonly string[]) =>
    keys.flatMap((key) => (Array.isArray(holder[key]) ? ofCompletion(holder[key], index, count) : []));
  if (list.every((one) => typeof one === 'number' || one === null)) {
    const texts = lists(tokenKeys).find((one) => Array.isArray(one) && one.length === list.length);
    return texts ? beside(texts as unknown[], list, null) : null;
  }
  const ids = lists(idKeys).find((one) => Array.isArray(one) && one.length === list.length) as unknown[] | undefined;
  const tokens = list.map((one, i) => tokenOf(one, ids?.[i]));
  return tokens.every((token) => token !== null) ? tokens : null;
}

function beside(texts: readonly unknown[], logprobs: readonly unknown[], top: unknown): Token[] | null {
  if (texts.length !== logprobs.length || !texts.every((one) => typeof one === 'string')) return null;
  return texts.map((text, i) => ({
    bytes: Buffer.from(text),
    logprob: numberOf(logprobs[i]),
    top: Array.isArray(top) && isRecord(top[i]) ? Object.values(top[i]).map(numberOf) : [],
  }));
}

function tokenOf(value: unknown, id: unknown): Token | null {
  if (Array.isArray(value)) {
    const [logprob, , text] = value as unknown[];
    return typeof text === 'string' ? { bytes: Buffer.from(text), logprob: numberOf(logprob), top: [] } : null;
  }
  if (!isRecord(value)) return null;
  const { token, bytes, logprob, top_logprobs: top } = value;
  if (typeof token === 'string')
    return {
      bytes: Buffer.from(Array.isArray(bytes) ? (bytes as number[]) : token),
      logprob: numberOf(logprob),
      top: Array.isArray(top) ? top.map((one: unknown) => numberOf(isRecord(one) ? one['logprob'] : null)) : [],
    };
  // A map of the likeliest tokens by id, with the one that was drawn among them.
  const all = Object.values(value).filter(isRecord);
  const drawn = all.length === 1 ? all[0] : value[String(id)];
  if (!isRecord(drawn) || typeof drawn['decoded_token'] !== 'string') return null;
  return {
    bytes: Buffer.from(drawn['decoded_token']),
    logprob: numberOf(drawn['logprob']),
    top: all.map((one) => numberOf(one['logprob'])),
  };
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : NaN);

/** Bytes that each token adds to the text; an end token that is not part of it adds none. Null: they do not spell it. */
function lengthsOf(tokens: readonly Token[], text: string): Uint16Array | null {
  const whole = Buffer.from(text);
  let at = 0;
  const lengths = new Uint16Array(tokens.length);
  for (const [i, { bytes }] of tokens.entries()) {
    if (at === whole.length) continue;
    if (bytes.length > 0xffff || bytes.compare(whole, at, Math.min(whole.length, at + bytes.length)) !== 0) return null;
    lengths[i] = bytes.length;
    at += bytes.length;
  }
  return at === whole.length ? lengths : null;
}

/** Entropies are bounded from below by the likeliest tokens, where every token has more than its own. */
function packed(tokens: readonly Token[], lengths: Uint16Array): ImportedScores {
  const top = tokens.reduce((least, one) => Math.min(least, one.top.length), 255);
  const stretch = packScores({
    tokens: tokens.length,
    logprobs: Float32Array.from(tokens, ({ logprob }) => logprob),
    entropies: top > 1 ? Float32Array.from(tokens, (one) => entropyLowerBound(one.top)) : null,
    top: top > 1 ? top : 0,
    lengths,
  });
  return { stretch, tokens: tokens.length };
}
