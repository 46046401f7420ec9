import type { Label, Span, SpanCounts } from './spans.ts';

/** Spans by label. Labels without a span are absent. */
export function countSpans(spans: readonly Span[]): SpanCounts {
  const counts: SpanCounts = {};
  for (const { label } of spans) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** How often each evidence occurs under a label, most frequent first: "Wait" 6. */
export function countEvidence(spans: readonly Span[], label: Label): { evidence: string; n: number }[] {
  const counts = new Map<string, number>();
  for (const span of spans) if (span.label === label) counts.set(span.evidence, (counts.get(span.evidence) ?? 0) + 1);
  return [...counts]
    .map(([evidence, n]) => ({ evidence, n }))
    .sort((a, b) => b.n - a.n || (a.evidence < b.evidence ? -1 : 1));
}

/** Spans by label for each thousand tokens (an absent count is 0 and stays absent). `tokens` must be positive. */
export function ratesPerThousand(counts: SpanCounts, tokens: number): SpanCounts {
  const rates: SpanCounts = {};
  for (const [label, n] of Object.entries(counts)) rates[label as Label] = (1000 * n) / tokens;
  return rates;
}
