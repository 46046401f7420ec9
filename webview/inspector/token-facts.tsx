/** How sure the model was: mean entropy and probability of the tokens, and where behaviours begin against elsewhere. */
import { useMemo } from 'preact/hooks';
import type { Span } from '../../core/behaviours/spans.ts';
import { ONSET_TOKENS, onsetEntropy } from '../../core/metrics/onset-entropy.ts';
import type { TraceDetail } from '../../core/protocol/traces.ts';
import { count, decimal, plural } from '../ui/format.ts';
import { labelLooks, lookOf } from '../ui/labels.ts';
import { useStore } from '../ui/store.ts';
import type { OpenTrace } from './open-trace.ts';

interface TokenFactsProps {
  model: OpenTrace;
  detail: TraceDetail;
  spans: readonly Span[];
}

const labels = labelLooks.map(({ label }) => label).filter((label) => label !== 'marker');

/** Nothing where no log-probabilities were recorded. */
export function TokenFacts({ model, detail, spans }: TokenFactsProps) {
  const { trace, table } = useStore(model.tokens);
  const own = trace === detail.trace && table?.entropies ? table : null;
  const found = useMemo(() => own && onsetEntropy(own, spans, labels), [own, spans]);
  const { entropy, logprob } = detail.facts;
  if (entropy === undefined && logprob === undefined) return null;
  const least = own?.boundedBy ? '≥ ' : '';
  return (
    <section class="facts-section token-facts" aria-label="Certainty">
      <h2 class="title">Certainty of tokens</h2>
      <dl class="facts-list">
        {entropy !== undefined && (
          <>
            <dt>mean entropy</dt>
            <dd
              class="num"
              title={`Of the distributions that the tokens were drawn from, before temperature and filters, in nats${own?.boundedBy ? `; at least, from the ${own.boundedBy} likeliest tokens of each` : ''}`}
            >
              {least}
              {decimal(entropy, 3)}
            </dd>
          </>
        )}
        {logprob !== undefined && (
          <>
            <dt>mean log-probability</dt>
            <dd class="num" title={`Natural; perplexity ${decimal(Math.exp(-logprob), 2)}`}>
              {decimal(logprob, 3)}
            </dd>
          </>
        )}
      </dl>
      {found && found.onsets.length > 0 && (
        <table class="legend onset-figures">
          <caption class="muted">Mean entropy of the first {ONSET_TOKENS} tokens</caption>
          <tbody>
            {found.onsets.map(({ label, mean, onsets }) => (
              <tr key={label}>
                <th scope="row">{lookOf(label as Span['label']).name}</th>
                <td class="num muted" title={plural(onsets, 'onset')}>
                  {count(onsets)}
                </td>
                <td class="num">
                  {least}
                  {decimal(mean, 2)}
                </td>
              </tr>
            ))}
            <tr>
              <th scope="row">Elsewhere</th>
              <td />
              <td class="num">
                {least}
                {decimal(found.elsewhere, 2)}
              </td>
            </tr>
          </tbody>
        </table>
      )}
    </section>
  );
}
