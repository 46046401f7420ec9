/** A made report of a two-turn synthesis and the groups of a made GRPO stage: the shape of real ones, the figures invented. */
import { groupAdvantages, meanAndDeviation } from '../../core/metrics/advantages.ts';
import type { GroupAtStep, GroupDetail, GroupHealth, ProblemGroups } from '../../core/protocol/groups.ts';
import type { RunSummary } from '../../core/protocol/methods.ts';
import type { Report, RowPart, TableRow } from '../../core/protocol/report.ts';
import type { FakeData } from './fake-data.ts';
import { fakeTrace } from './fake-host.ts';
import { madeRun, RUN } from './made-run.ts';

export const STAGE = 'synth';
const classes = ['RR', 'RW', 'WR', 'WW'] as const;
export type Class = (typeof classes)[number];
/** Where the long answer of every row lies. */
const LONG = 'Let us check the sum again: $1 + 2 = 3$, and modulo 7 that is $3$.\n\n'.repeat(60);

const classOf = (n: number): Class => classes[(n * 7 + (n >> 3)) % 4]!;
const whyOf = (n: number): string | null => (n % 5 === 0 ? 'short' : n % 11 === 0 ? 'no transition' : null);

/** Rows of the table `rows`: a problem with its class, its verdicts, the lengths of its samples, and its four lanes. */
export function madeRows(rows: number): TableRow[] {
  return Array.from({ length: rows }, (_, n) => {
    const kind = classOf(n);
    const verdict = (letter: string) => (letter === 'R' ? 'right' : 'wrong');
    const lengths = Array.from({ length: 6 }, (_, i) => 80 + ((n * 37 + i * 61) % 900));
    const prompt = `<|im_start|>user\nWhat is ${n} + ${n + 1} modulo 7?<|im_end|>`;
    const parts: RowPart[] = [
      {
        label: 'answer 1',
        text: `First, $${n} + ${n + 1} = ${2 * n + 1}$.\n\nSo the answer is $\\boxed{${(2 * n + 1) % 7}}$.`,
        answer: String((2 * n + 1) % 7),
        verdict: verdict(kind[0]!),
        tokens: 41,
        tone: 'masked',
        prompt,
        trace: `${RUN}/${STAGE}/1/${2 * n}`,
      },
      { label: 'transition', text: 'Wait, let me check this again.', tokens: 8, tone: 'trained' },
      {
        label: 'answer 2',
        extent: { part: 1, offset: 0, length: LONG.length },
        answer: String((2 * n + 1) % 7),
        verdict: verdict(kind[1]!),
        tokens: lengths[0]!,
        tone: 'trained',
        prompt: `${prompt}\nCheck the answer.`,
      },
      { label: 'summary', text: 'Both ways give the same.', answer: null, verdict: 'undecided', tone: 'trained' },
    ];
    return {
      cells: {
        problem: `sums/${n}`,
        class: kind,
        first: verdict(kind[0]!),
        second: verdict(kind[1]!),
        tokens: lengths[0]!,
        lengths: { values: lengths, chosen: n % 6 },
        dropped: whyOf(n),
      },
      trace: `${RUN}/${STAGE}/1/${2 * n}`,
      parts,
    };
  });
}

export function madeReport(rows: readonly TableRow[]): Report {
  const all = rows.length;
  const n = (fits: (cells: TableRow['cells']) => boolean) => rows.filter(({ cells }) => fits(cells)).length;
  const of = (key: string, value: string | null) => ({
    n: n((cells) => cells[key] === value),
    rows: { table: 'rows', where: { [key]: value } },
  });
  const edges = Array.from({ length: 21 }, (_, i) => i * 50);
  const counts = (fits: (cells: TableRow['cells']) => boolean) =>
    edges
      .slice(0, -1)
      .map((edge) => n((cells) => fits(cells) && Number(cells.tokens) >= edge && Number(cells.tokens) < edge + 50));
  return {
    v: 1,
    kind: 'synthesize',
    blocks: [
      {
        type: 'figures',
        title: 'Two turns',
        items: [
          { label: 'problems', value: all, rows: { table: 'rows' } },
          { label: 'kept', value: of('dropped', null).n, rows: of('dropped', null).rows },
          { label: 'right after the second turn', value: 61.2, unit: '%', ci95: [58.4, 63.9] },
          { label: 'model', value: 'longhand-base' },
          { label: 'rejected early', value: null },
        ],
      },
      {
        type: 'funnel',
        title: 'Filters',
        note: 'Each step looks at what the one before it left.',
        steps: [
          { label: 'sampled', n: all, rows: { table: 'rows' } },
          {
            label: 'at least 20 characters',
            n: all - of('dropped', 'short').n,
            dropped: [{ reason: 'short', ...of('dropped', 'short') }],
          },
          {
            label: 'has a transition',
            n: of('dropped', null).n,
            rows: of('dropped', null).rows,
            dropped: [{ reason: 'no transition', ...of('dropped', 'no transition') }],
          },
        ],
      },
      {
        type: 'histogram',
        title: 'Length of the second answer',
        unit: 'tokens',
        edges,
        series: [
          { label: 'before', counts: counts(() => true) },
          { label: 'after', counts: counts((cells) => cells.dropped === null) },
        ],
      },
      {
        type: 'bars',
        title: 'Balance',
        unit: 'documents',
        bars: [
          { label: 'sampled', parts: classes.map((label) => ({ label, ...of('class', label) })) },
          {
            label: 'kept',
            parts: [
              { label: 'WR', n: 40 },
              { label: 'RW', n: 40 },
            ],
          },
        ],
      },
      {
        type: 'sankey',
        title: 'Classes',
        flows: [
          ...classes.map((kind) => ({
            from: kind.startsWith('R') ? 'first right' : 'first wrong',
            to: kind,
            ...of('class', kind),
          })),
          { from: 'WR', to: 'kept', n: of('class', 'WR').n },
          { from: 'WW', to: 'dropped', n: of('class', 'WW').n },
        ],
      },
      {
        type: 'text',
        title: 'Choice',
        text: 'RW outnumber WR here: all WR are kept, and as many of RW, chosen by seed.',
      },
      {
        type: 'table',
        title: 'Documents',
        table: 'rows',
        rows: all,
        columns: [
          { key: 'problem', label: 'Problem', kind: 'text' },
          { key: 'class', label: 'Class', kind: 'text' },
          { key: 'first', label: 'First', kind: 'verdict' },
          { key: 'second', label: 'Second', kind: 'verdict' },
          { key: 'tokens', label: 'Tokens', kind: 'number' },
          { key: 'lengths', label: 'Samples', kind: 'lengths' },
          { key: 'dropped', label: 'Dropped', kind: 'text' },
        ],
      },
      { type: 'table', title: 'Balance table', table: 'balance', rows: 0, columns: [] },
    ],
  };
}

export function runWith(stage: Partial<RunSummary['stages'][number]>): RunSummary {
  const run = madeRun();
  run.stages.unshift({ ...run.stages[0]!, id: STAGE, kind: 'dataset', traces: 12, ...stage });
  return run;
}

export function reportData(rows: number): FakeData {
  const table = madeRows(rows);
  return {
    traces: [],
    run: runWith({}),
    report: madeReport(table),
    tables: { rows: table, balance: [] },
    parts: { 1: LONG },
  };
}

/** `problems` problems, each sampled in `visits` steps, G = 8. */
export function groupsData(problems: number, visits: number): FakeData {
  const size = 8;
  const list: ProblemGroups[] = [];
  const steps: Record<string, GroupAtStep[]> = {};
  const details: Record<string, GroupDetail> = {};
  let n = 0;
  for (let p = 0; p < problems; p += 1) {
    const problem = `p${p}`;
    steps[problem] = [];
    let rightInAll = 0;
    for (let v = 0; v < visits; v += 1) {
      const step = 1 + (p % 5) + v * 5;
      const rows = Array.from({ length: size }, (_, sample) => {
        const right = p === 1 || (p !== 2 && (sample * 3 + v + p) % 4 < 1 + v);
        const cut = !right && sample % 5 === 4;
        const length = cut ? 900 : 260 + ((sample * 97 + p * 31) % 500) - 30 * v;
        const { detail } = fakeTrace(n, {
          completion: `So \\boxed{${right ? p % 7 : 6 - (p % 3)}}`,
          run: RUN,
          stage: 'grpo',
          step,
          problem,
          problemLabel: `sums/${p}`,
          sample,
          group: `${step}:${problem}`,
          gold: String(p % 7),
          tokens: length,
          tokensExact: true,
          finish: cut ? 'length' : 'stop',
        });
        n += 1;
        const cosine = right ? 1 - length / 1000 : cut ? -0.1 : -1 + length / 1100;
        return { detail, rewards: { format: cut ? 0 : 1, cosine, length: cut ? null : 0.5 - length / 1000 } };
      });
      const totals = rows.map(({ rewards }) => rewards.format + rewards.cosine + (rewards.length ?? 0));
      // One problem is all right with the same rewards, so that its groups say nothing.
      const shown = p === 1 ? totals.map(() => 1.5) : totals;
      const advantages = groupAdvantages(shown, 'group');
      const { mean, deviation } = meanAndDeviation(shown);
      const first = rows[0]!.detail.trace;
      const right = rows.filter(({ detail }) => detail.verdict === 'right').length;
      rightInAll += right;
      steps[problem].push({
        step,
        group: `${step}:${problem}`,
        trace: first,
        n: size,
        right,
        reward: mean,
        tokens: meanAndDeviation(rows.map(({ detail }) => detail.tokens)).mean,
      });
      details[first] = {
        problem,
        problemLabel: `sums/${p}`,
        step,
        rewardMean: mean,
        rewardDeviation: deviation,
        scale: 'group',
        weights: { format: 1, cosine: 1, length: 1 },
        members: rows.map(({ detail, rewards }, i) => ({
          row: { ...detail, reward: shown[i]!, advantage: advantages[i]! },
          rewards,
          advantage: advantages[i]!,
          // The trainer took another one for one completion of the first problem's last group.
          advantageLogged: advantages[i]! + (p === 0 && v === visits - 1 && i === 3 ? 0.25 : 1e-5),
        })),
      };
    }
    list.push({
      problem,
      label: `sums/${p}`,
      groups: visits,
      n: visits * size,
      graded: visits * size,
      right: rightInAll,
      firstStep: steps[problem][0]!.step,
      lastStep: steps[problem].at(-1)!.step,
    });
  }
  const health = Array.from({ length: 5 * visits }, (_, i): GroupHealth => {
    const flat = Math.min(6, i >> 1);
    return {
      step: i + 1,
      groups: 16,
      completions: 128,
      flat: { right: flat, wrong: Math.max(0, 4 - (i >> 2)), other: 0 },
      cut: Math.max(0, 30 - 2 * i),
      cosine: { n: 120, saturated: Math.max(0, 24 - i) },
      right: 40 + 2 * i,
      wrong: 88 - 2 * i,
      tokensRight: 400 - 7 * i,
      tokensWrong: 620 - 5 * i,
    };
  });
  const run = madeRun();
  run.stages[2]!.traces = n;
  return { traces: [], run, groups: { problems: list, steps, details, health } };
}
