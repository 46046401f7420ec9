import assert from 'node:assert/strict';
import type { MetricsSnapshot } from '../../../../core/protocol/methods.ts';
import { evaluationLines, evaluationPoints } from '../../../../webview/dashboard/figures.ts';

const MULTI = '\n\nUsing the solution style from multi-turns data.';
const REJECTION = '\n\nUsing the solution style from rejection data.';

function evaluated(
  of: string,
  step: number,
  accuracy: number,
  marker?: string,
): MetricsSnapshot['evaluations'][number] {
  const interval: [number, number] = [accuracy - 0.05, accuracy + 0.05];
  return {
    ...{
      stage: of,
      of,
      step,
      epoch: null,
      set: 'test',
      superseded: false,
      seconds: 1,
      budgets: [],
      checkpoint: 'c',
      max_tokens: 400,
    },
    ...{ problems: 10, samples: 4, n: 40, accuracy, accuracy_ci95: interval, finished: 1 },
    ...{ tokens_mean: 100, tokens_mean_ci95: [90, 110], tokens_mean_finished: 100 },
    ...(marker && { marker }),
  };
}

const snapshot: MetricsSnapshot = {
  run: 'r',
  series: [],
  epochSteps: {},
  evaluations: [
    evaluated('base-eval', 0, 0.4),
    evaluated('joint-eval', 248, 0.5),
    evaluated('joint-eval', 248, 0.6, MULTI),
    evaluated('joint-eval', 248, 0.9, REJECTION),
  ],
};

describe('figures of the dashboard', () => {
  const points = evaluationPoints(snapshot, null, 'test');

  it('names the points of one checkpoint by their markers', () =>
    assert.deepEqual(
      points.map(({ label }) => label),
      ['base', 'joint-eval 248', 'joint-eval 248 multi-turns', 'joint-eval 248 rejection'],
    ));

  it('draws a line through the evaluations without a marker, and each marker as one of its own', () => {
    const lines = evaluationLines(
      points,
      { name: 'accuracy', color: '--lh-right' },
      ({ accuracy }) => accuracy,
      ({ accuracy_ci95 }) => accuracy_ci95,
    );
    assert.deepEqual(
      lines.map(({ name, values }) => [name, values]),
      [
        ['accuracy', [0.4, 0.5, null, null]],
        ['accuracy multi-turns', [null, null, 0.6, null]],
        ['accuracy rejection', [null, null, null, 0.9]],
      ],
    );
    assert.deepEqual(lines[2]!.low?.slice(0, 3), [null, null, null]);
    assert.equal(new Set(lines.map(({ color }) => color)).size, 3);
  });
});
