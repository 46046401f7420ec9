/** Why a made run's reward changed: real figures of made completions. */
import { rewardChange } from '../../core/metrics/reward-change.ts';
import type { CompletionState } from '../../core/metrics/reward-factors.ts';
import type { RewardedCompletion } from '../../core/metrics/reward-table.ts';
import type { RewardChange, StepWindow } from '../../core/protocol/reward-change.ts';
import type { Params } from '../../core/protocol/methods.ts';
import { fakeTrace } from './fake-host.ts';
import { rowOf } from './fake-query.ts';
import { RUN } from './made-run.ts';

const STEPS = 30;
const components = [
  { name: 'format', kind: 'format', weight: 1 },
  { name: 'cosine', kind: 'length', weight: 2 },
] as const;

/** Accuracy and format rise, lengths fall, and in the last steps some are cut. */
function completionsOf({ from, to }: StepWindow): (RewardedCompletion & { step: number })[] {
  const found: (RewardedCompletion & { step: number })[] = [];
  for (let step = from; step <= Math.min(to, STEPS); step += 1) {
    for (let i = 0; i < 32; i += 1) {
      const [problem, sample] = [i >> 2, i % 4];
      const luck = ((step * 7 + i * 11) % 30) / 30;
      const state: CompletionState =
        step > 24 && luck > 0.9 ? 'cut' : luck < 0.4 + step / 80 ? 'right' : sample === 3 ? 'unanswered' : 'wrong';
      const format = luck < 0.7 + step / 100 && state !== 'cut' ? 1 : 0;
      const cosine = state === 'right' ? 0.4 + step / 60 : -0.6;
      const tokens = 240 - 3 * step - problem;
      found.push({ step, problem: `p${problem}`, state, parts: [format, 2 * cosine], tokens });
    }
  }
  return found;
}

export function madeWhy({ before, after }: Pick<Params<'metrics/rewardChange'>, 'before' | 'after'>): RewardChange {
  const windows = { before: before ?? { from: 1, to: 6 }, after: after ?? { from: 25, to: 30 } };
  const sets = { before: completionsOf(windows.before), after: completionsOf(windows.after) };
  const figures = rewardChange(sets.before, sets.after, components, { exemplars: 5 })!;
  const steps = Array.from({ length: STEPS }, (_, i) => i + 1);
  const mean = steps.map((step) => {
    const some = completionsOf({ from: step, to: step });
    return some.reduce((sum, { parts }) => sum + parts[0]! + parts[1]!, 0) / some.length;
  });
  const window = (side: 'before' | 'after') => {
    const n = windows[side].to - windows[side].from + 1;
    return { ...figures[side], ...windows[side], steps: n, stepsRead: n };
  };
  return {
    ...figures,
    steps: { step: steps, mean },
    before: window('before'),
    after: window('after'),
    components: [...components],
    parts: figures.parts.map((part) => ({
      ...part,
      exemplars: part.exemplars.map(({ side, at, moved }) => {
        const { step, problem, state, parts, tokens } = sets[side][at]!;
        const { detail } = fakeTrace(1000 * step + at, {
          completion: 'So \\boxed{4}.',
          run: RUN,
          stage: 'grpo',
          step,
          problem,
          problemLabel: problem,
        });
        Object.assign(detail, {
          verdict: state === 'right' ? 'right' : 'wrong',
          finish: state === 'cut' ? 'length' : 'stop',
          reward: parts[0]! + parts[1]!,
          tokens,
        });
        return { side, moved, row: rowOf(detail) };
      }),
    })),
  };
}
