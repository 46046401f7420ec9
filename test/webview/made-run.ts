/** A made two-stage run for the dashboard and the comparison: the shape of a real one, the figures invented. */
import type { Evaluation } from '../../core/protocol/events.ts';
import type { Pair } from '../../core/protocol/comparison.ts';
import type { MetricsSnapshot, RunSummary, Series, StageInfo, StageRow } from '../../core/protocol/methods.ts';
import { fakeTrace, type FakeTrace } from './fake-host.ts';

export const RUN = 'two-stage-tiny-0a1b2c3d';

function stage(id: string, kind: StageInfo['kind'], more: Partial<StageInfo> = {}): StageInfo {
  return {
    id,
    kind,
    of: null,
    needs: [],
    state: 'completed',
    phase: null,
    progress: null,
    attempts: [
      {
        attempt: 1,
        state: 'completed',
        outcome: 'completed',
        started: 0,
        ended: 1,
        resumedFrom: null,
        reason: null,
        error: null,
        warnings: [],
        cpuSeconds: 1,
        peakRss: 1,
        graceLeft: null,
      },
    ],
    checkpoints: [],
    traces: 0,
    folder: '',
    ...more,
  };
}

export function madeRun(): RunSummary {
  const progress = { done: 12, total: 30, unit: 'steps', epoch: null, epochs: null, secondsLeft: 96 };
  return {
    run: RUN,
    name: 'two-stage-tiny',
    kind: 'recipe',
    source: 'preset:two-stage-tiny',
    created: 0,
    ended: null,
    state: 'running',
    stages: [
      stage('data', 'dataset', { progress: { ...progress, done: 600, total: 600, unit: 'rows', secondsLeft: null } }),
      stage('sft', 'sft', { progress: { ...progress, done: 250, total: 250, secondsLeft: null } }),
      stage('grpo', 'grpo', { state: 'running', phase: 'running', progress }),
    ],
    traces: 9632,
    folder: '/runs',
  };
}

function series(stage: string, name: string, n: number, value: (step: number) => number): Series {
  const step = Array.from({ length: n }, (_, i) => (stage === 'sft' ? 5 * (i + 1) : i + 1));
  return { stage, name, step, epoch: step.map((s) => (stage === 'sft' ? s / 25 : null)), value: step.map(value) };
}

function evaluation(
  of: string,
  step: number,
  epoch: number | null,
  accuracy: number,
  tokens: number,
): MetricsSnapshot['evaluations'][number] {
  const spread = (value: number, by: number): [number, number] => [Math.max(0, value - by), value + by];
  const budgets = [96, 128, 192, 256, 320].map((budget) => {
    const share = accuracy * Math.min(1, Math.max(0, (budget - 60) / (tokens + 40)));
    return { budget, accuracy: share, accuracy_ci95: spread(share, 0.03) };
  });
  const one: Evaluation = {
    of,
    step,
    epoch,
    checkpoint: '',
    set: 'test',
    problems: 200,
    samples: 4,
    n: 800,
    accuracy,
    accuracy_ci95: spread(accuracy, 0.03),
    tokens_mean: tokens,
    tokens_mean_ci95: spread(tokens, 6),
    tokens_mean_finished: tokens * 0.93,
    finished: 0.96,
    max_tokens: 320,
    budgets,
    seconds: 7.3,
  };
  return { ...one, stage: `eval-${of}`, superseded: false };
}

export function madeMetrics(): MetricsSnapshot {
  const wave = (s: number) => Math.sin(s * 12.9898) * 0.5;
  const accuracies = [0.42, 0.31, 0.44, 0.55, 0.6, 0.63, 0.66, 0.665, 0.67, 0.672, 0.674];
  return {
    run: RUN,
    series: [
      series('sft', 'loss', 50, (s) => 0.3 + 1.9 * Math.exp(-s / 60) + wave(s) * 0.05),
      series('sft', 'mean_token_accuracy', 50, (s) => 0.92 - 0.5 * Math.exp(-s / 50) + wave(s) * 0.01),
      series('sft', 'learning_rate', 50, (s) => 0.002 * 0.5 * (1 + Math.cos((Math.PI * s) / 250))),
      series('sft', 'entropy', 50, (s) => 0.3 + 1.2 * Math.exp(-s / 40)),
      series('sft', 'grad_norm', 50, (s) => 1 + wave(s)),
      series('grpo', 'reward', 12, (s) => 0.6 + s * 0.05 + wave(s) * 0.06),
      series('grpo', 'rewards/format/mean', 12, (s) => 0.9 + s * 0.006),
      series('grpo', 'rewards/cosine/mean', 12, (s) => 0.1 + s * 0.03 + wave(s) * 0.04),
      series('grpo', 'rewards/length/mean', 12, (s) => -0.1 + s * 0.015),
      series('grpo', 'completions/mean_length', 12, (s) => 190 - s * 6 + wave(s) * 8),
      series('grpo', 'entropy', 12, (s) => 0.4 - s * 0.012),
      series('grpo', 'loss', 12, (s) => wave(s) * 0.01),
    ],
    evaluations: [
      ...accuracies.map((accuracy, epoch) =>
        evaluation('sft', epoch * 25, epoch, accuracy, epoch === 0 ? 120 : 150 + epoch * 5),
      ),
      evaluation('grpo', 30, null, 0.69, 118),
    ],
    epochSteps: { sft: Array.from({ length: 10 }, (_, i) => (i + 1) * 25) },
  };
}

export function madeTable(): StageRow[] {
  return madeMetrics().evaluations.map((one) => ({
    id: one.of,
    kind: one.of,
    epoch: one.epoch,
    step: one.step,
    set: one.set,
    accuracy: one.accuracy,
    accuracy_ci95: one.accuracy_ci95,
    tokens_mean: one.tokens_mean,
    tokens_mean_ci95: one.tokens_mean_ci95,
    tokens_mean_finished: one.tokens_mean_finished,
    finished: one.finished,
    n: one.n,
    seconds: one.seconds,
    budgets: one.budgets,
  }));
}

/** Traces of two stages on the same problems, with the pairs that they make. */
export function madePairs(problems: number): { traces: FakeTrace[]; pairs: Pair[] } {
  const traces: FakeTrace[] = [];
  const pairs: Pair[] = [];
  for (let p = 0; p < problems; p += 1) {
    const gold = String(p % 7);
    const side = (where: string, from: number) =>
      Array.from({ length: 4 }, (_, sample) => {
        const right = (p * 7 + sample * 3 + from) % 8 > (where === 'sft' ? p % 8 : (p * 3) % 8);
        const answer = right ? gold : String((p + 3) % 7);
        const steps = Array.from(
          { length: where === 'sft' ? 6 : 3 },
          (_, i) => `The sum so far is $${p + i} \\equiv ${(p + i) % 7} \\pmod 7$.`,
        );
        const trace = fakeTrace(traces.length, {
          completion: `<think>\nFirst, let us add the numbers.\n\n${steps.join('\n\n')}\n\nWait, let me check this again. Yes, that matches.\n</think>\nThe answer is \\boxed{${answer}}.`,
          prompt: `<|im_start|>user\nWhat is the sum modulo 7?<|im_end|>\n<|im_start|>assistant\n`,
          run: RUN,
          stage: where,
          step: where === 'sft' ? 250 : 30,
          problem: `p${p}`,
          problemLabel: `sums/${p}`,
          problemText: 'What is the sum modulo 7?',
          sample,
          gold,
          group: `${where}-${p}`,
        });
        traces.push(trace);
        return trace;
      });
    const before = side('sft', 0);
    const after = side('grpo', 1);
    const sideOf = (some: FakeTrace[]) => ({
      traces: some.map(({ detail }) => detail.trace),
      right: some.filter(({ detail }) => detail.verdict === 'right').length,
      n: some.length,
      tokensMean: some.reduce((sum, { detail }) => sum + (detail.tokens ?? 0), 0) / some.length,
    });
    const [b, a] = [sideOf(before), sideOf(after)];
    const [was, is] = [b.right * 2 >= b.n, a.right * 2 >= a.n];
    const times = a.tokensMean / b.tokensMean;
    pairs.push({
      problem: `p${p}`,
      problemLabel: `sums/${p}`,
      before: b,
      after: a,
      change: was ? (is ? 'both_right' : 'right_to_wrong') : is ? 'wrong_to_right' : 'both_wrong',
      length: !was || !is ? null : times >= 2 ? 'longer' : times <= 0.5 ? 'shorter' : 'similar',
      tokensDelta: a.tokensMean - b.tokensMean,
    });
  }
  return { traces, pairs };
}
