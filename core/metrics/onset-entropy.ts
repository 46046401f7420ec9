/** Whether the model was less sure of what comes next where a behaviour begins. */
import type { Span } from '../behaviours/spans.ts';
import { tokenOver, type TokenTable } from '../traces/token-slice.ts';
import { entropyBySteps } from './entropy.ts';

/** Tokens from the beginning of a span that count as its onset. */
export const ONSET_TOKENS = 3;

export interface OnsetEntropy {
  /** Over all tokens whose entropy is known, in nats; null: none is. */
  mean: number | null;
  tokens: number;
  /** Over the tokens of no onset. */
  elsewhere: number | null;
  /** By label, in the order of `labels`; only those that have an onset. */
  onsets: { label: string; mean: number; max: number; onsets: number }[];
}

/**
 * Mean entropy of the first {@link ONSET_TOKENS} tokens of the spans of each label, against the mean over all other tokens. A token at the onset of
 * several counts for the first of `labels`. Spans of the prompt do not count.
 */
export function onsetEntropy(
  { positions, entropies }: Pick<TokenTable, 'positions' | 'entropies'>,
  spans: readonly Pick<Span, 'in' | 'start' | 'label'>[],
  labels: readonly string[],
): OnsetEntropy {
  const values = entropies ?? new Float32Array(0);
  const kind = Array.from(values, () => labels.length);
  const counts = labels.map(() => 0);
  for (const { in: part, start, label } of spans) {
    const at = labels.indexOf(label);
    if (part !== 'completion' || at < 0) continue;
    counts[at]! += 1;
    const first = tokenOver(positions, start);
    for (let i = first; i < Math.min(first + ONSET_TOKENS, kind.length); i += 1) kind[i] = Math.min(kind[i]!, at);
  }
  const { mean, tokens, steps } = entropyBySteps(values, kind, labels.length + 1);
  const onsets = labels.flatMap((label, i) => {
    const found = steps[i];
    return found ? [{ label, ...found, onsets: counts[i]! }] : [];
  });
  return { mean, tokens, elsewhere: steps[labels.length]?.mean ?? null, onsets };
}
