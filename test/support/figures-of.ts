/** The answer to `traces/figures` for a trace that no store has. */
import { proportional } from '../../core/metrics/token-position.ts';
import { FIGURES_VERSION, traceFigures } from '../../core/metrics/trace-figures.ts';
import type { TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import type { TraceDetail } from '../../core/protocol/traces.ts';

export function figuresOf(trace: { detail: TraceDetail; prompt: string; completion: string }): TraceFiguresAnswer {
  const { detail, prompt, completion } = trace;
  const verdict =
    detail.answer !== null && detail.verdict !== null ? { answer: detail.answer, value: detail.verdict } : null;
  const steps = traceFigures({ completion, prompt, problem: detail.problemText, gold: detail.gold, verdict });
  let step = steps.next();
  while (!step.done) step = steps.next();
  const at = detail.tokens === null ? null : proportional(detail.tokens, completion.length).at;
  return {
    ...step.value,
    trace: detail.trace,
    version: FIGURES_VERSION,
    answers: step.value.answers.map((one) => ({ ...one, tokens: at && at(one.end) })),
    tokens: detail.tokens,
    tokensExact: detail.tokensExact,
    placesExact: false,
    lostTokens: at && at(step.value.lost),
    cut: false,
  };
}
