/** Rates of behaviours at the same problem and length: right completions against wrong ones, a set against its base. */
import { labels, type SpanCounts } from '../../core/behaviours/spans.ts';
import { standardisedRates, type Exposure } from '../../core/metrics/rates.ts';
import type { Sample } from '../../core/metrics/accuracy.ts';
import type { ControlledRates } from '../../core/protocol/figures.ts';

/** A completion with its spans by label. */
export interface Counted {
  sample: Sample;
  counts: SpanCounts;
}

/** Labels that occur on neither side are left out. */
export function controlledRates(own: readonly Counted[], base: readonly Counted[] | null): ControlledRates[] {
  const right = own.filter(({ sample }) => sample.verdict === 'right');
  const wrong = own.filter(({ sample }) => sample.verdict === 'wrong');
  return labels
    .filter((label) => own.some(({ counts }) => counts[label]) || base?.some(({ counts }) => counts[label]))
    .map((label) => {
      const of = (side: readonly Counted[]): Exposure[] =>
        side.flatMap(({ sample: { problem, tokens }, counts }) =>
          tokens === null ? [] : [{ problem, tokens, events: counts[label] ?? 0 }],
        );
      return {
        label,
        rightToWrong: right.length > 0 && wrong.length > 0 ? standardisedRates(of(right), of(wrong)) : null,
        toBase: base && standardisedRates(of(own), of(base)),
      };
    });
}
