/** Stages that make data or are trained, as their pages get them: the shape of real ones, the figures invented. */
import type { StoredSample } from '../../core/metrics/what-if.ts';
import type { BehaviourSet } from '../../core/protocol/comparison.ts';
import type { Result } from '../../core/protocol/methods.ts';
import type { Report } from '../../core/protocol/report.ts';
import type { FakeData } from './fake-data.ts';
import { runWith, STAGE } from './made-report.ts';
import { madeMetrics, RUN } from './made-run.ts';

/** A rejection stage that drew two or six samples of each of 40 problems. */
export function rejectData(): FakeData {
  const samples = new Map<string, StoredSample[]>();
  for (let p = 0; p < 40; p += 1) {
    const n = p % 3 === 0 ? 2 : 6;
    const own = Array.from({ length: n }, (_, sample) => ({
      sample,
      right: n === 2 ? sample === 1 : sample > 2,
      tokens: 60 + ((p * 37 + sample * 53) % 200),
    }));
    samples.set(`p${p}`, own);
  }
  const report: Report = {
    v: 1,
    kind: 'reject',
    blocks: [{ type: 'table', title: 'Samples drawn', table: 'samples', rows: 0, columns: [] }],
  };
  return {
    traces: [],
    run: runWith({ kind: 'reject' }),
    report,
    tables: { samples: [] },
    whatIf: { samples, settings: { rounds: [2, 4], length: 'median_of_correct', keep: 1 } },
  };
}

/** An SFT stage with its losses by part, and one row of what it trained on. */
export function sftData(): FakeData {
  const metrics = madeMetrics();
  const step = metrics.series.find(({ stage }) => stage === 'sft')!;
  for (const name of ['loss/answer_2', 'loss/summary', 'loss/source/synthesize'])
    metrics.series.push({ ...step, name, value: step.value.map((value) => (value ?? 0) * 0.5) });
  const parts = [
    { label: 'prompt', text: 'What is 3 + 5 modulo 7?', tone: 'masked' as const, tokens: 9 },
    { label: 'completion', text: 'So it is $\\boxed{1}$.', tone: 'trained' as const, tokens: 8 },
  ];
  return {
    traces: [],
    run: runWith({}),
    metrics,
    report: {
      v: 1,
      kind: 'sft',
      blocks: [
        { type: 'figures', title: 'What is trained', items: [{ label: 'Repeats of each row', value: 10 }] },
        {
          type: 'bars',
          title: 'Tokens by segment',
          bars: [{ label: 'prompt', parts: [{ label: 'masked', n: 9 }] }],
        },
        {
          type: 'table',
          title: 'Sample rows',
          table: 'samples',
          rows: 1,
          columns: [{ key: 'text', label: 'Begins with', kind: 'text' }],
        },
      ],
    },
    tables: { samples: [{ cells: { text: 'What is 3 + 5' }, parts }] },
  };
}

const around = (mean: number, by: number) => ({ mean, low: mean - by, high: mean + by });

function ofClass(kind: string, turn: string | null, rate: number): BehaviourSet {
  return {
    ...{ run: RUN, stage: STAGE, of: null, step: null, set: turn, marker: null, class: kind },
    ...{ traces: kind === 'WR' ? 2 : 1, problems: 1, unreadable: 0, unknownLength: 0, cut: 0, tokensExact: true },
    ...{ tokens: around(50, 5), base: null, ratio: null },
    labels: [
      { label: 'backtracking', spans: 7, completions: 1, mean: around(1, 0), rate: around(rate, 0.5), change: null },
      { label: 'marker', spans: 9, completions: 1, mean: around(1, 0), rate: around(9, 0), change: null },
    ],
  };
}

/** A two-turn synthesis whose documents are of two classes. */
export function classesData(): FakeData & { behaviours: Result<'metrics/behaviours'> } {
  const rows = ['WR', 'WR', 'RR'].map((kind, i) => ({ cells: { problem: `p${i}`, class: kind, kept: true } }));
  const columns = [{ key: 'problem', label: 'Problem', kind: 'text' as const }];
  return {
    traces: [],
    run: runWith({ kind: 'synthesize', state: 'completed' }),
    report: {
      v: 1,
      kind: 'synthesize',
      blocks: [
        { type: 'figures', title: 'Two turns', items: [{ label: 'problems', value: 3 }] },
        { type: 'table', title: 'Documents', table: 'documents', columns, rows: 3 },
      ],
    },
    tables: { documents: rows },
    behaviours: {
      detector: { name: 'longhand', version: '1' },
      sets: [
        ofClass('RR', 'answer 2', 1),
        ofClass('RR', null, 2),
        ofClass('WR', 'answer 2', 3),
        ofClass('WR', null, 4),
      ],
      ...{ waiting: 0, more: 0 },
    },
  };
}

/** 40 problems on both sides; the second is half as long and checks more. */
export function madeBehaviours(): Result<'metrics/behaviours'> {
  const set = (stage: string, step: number, tokens: number, rate: number): BehaviourSet => ({
    ...{ run: RUN, stage, of: null, step, set: 'test', marker: null, class: null },
    ...{ traces: 160, problems: 40, unreadable: stage === 'grpo' ? 1 : 0, unknownLength: 0, cut: 0, tokensExact: true },
    ...{ tokens: around(tokens, tokens / 20), base: null, ratio: null },
    labels: [
      {
        label: 'verification',
        spans: 80,
        completions: 60,
        mean: around(1, 0.1),
        rate: around(rate, 0.5),
        change: null,
      },
      { label: 'loop', spans: 0, completions: 0, mean: around(0, 0), rate: around(0, 0), change: null },
    ],
  });
  const [before, after] = [set('sft', 250, 400, 2), set('grpo', 30, 200, 5)];
  after.base = { run: RUN, stage: 'sft', step: 250, set: 'test', marker: null, paired: 40 };
  after.ratio = { mean: 0.5, low: 0.48, high: 0.53 };
  after.labels![0]!.change = around(3, 0.5);
  return { detector: { name: 'longhand', version: '1' }, sets: [before, after], waiting: 0, more: 0 };
}
