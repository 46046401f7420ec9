/** Sums by step of each stage, for what is to be said of it before anybody asks. */
import {
  advisories,
  alarmsFirst,
  unreadSteps,
  type AdvisedSeries,
  type AdvisedStage,
  type StepSums,
} from '../../core/metrics/advisories.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { attemptsOf } from './filters.ts';
import type { IndexFile } from './index-file.ts';
import { finishCodes, verdictCodes } from './schema.ts';
import { metricsSnapshot } from './series.ts';
import { Slices, tracePages } from './slices.ts';

const RIGHT = verdictCodes.indexOf('right');
const WRONG = verdictCodes.indexOf('wrong');
const CUT = finishCodes.indexOf('length');

interface Row {
  id: number;
  attempt_id: number;
  step: number | null;
  of: string | null;
  set_name: string | null;
  marker: string | null;
  grp: string | null;
  verdict: number | null;
  finish: number | null;
  tokens: number | null;
  reward: number | null;
  live: number;
  lost: number | null;
  text_read: number | null;
}

/** Completions with a reward that share a prompt in one step. */
interface Group {
  sums: StepSums;
  n: number;
  reward: number;
  equal: boolean;
  /** Null: not the same of all. */
  verdict: number | null;
}

export function* advisoriesOf(
  index: IndexFile,
  root: string,
  { run }: Params<'metrics/advisories'>,
): Generator<void, Result<'metrics/advisories'>> {
  const slices = new Slices();
  const stages = new Map<string, AdvisedSeries & { steps: Map<number, StepSums> }>();
  const groups = new Map<string, Group>();
  const stageOf = new Map(attemptsOf(index, { run }).map(({ id, stage }) => [id, stage]));
  const select = `t.id, t.attempt_id, t.step, t.of, t.set_name, t.marker, t.grp, t.verdict, t.finish,
    t.tokens, t.reward, t.live, t.lost, t.flips IS NOT NULL AS text_read`;
  for (const rows of tracePages<Row>(index, { run }, select)) {
    for (const row of rows) {
      if (row.live) continue;
      const stage = stageOf.get(row.attempt_id)!;
      const { of, set_name: set, marker } = row;
      const key = JSON.stringify([stage, of, set, marker]);
      const found = stages.get(key) ?? { stage, of, set, marker, steps: new Map<number, StepSums>() };
      stages.set(key, found);
      const step = row.step ?? 0;
      const sums = found.steps.get(step) ?? noSums(step);
      found.steps.set(step, sums);
      add(sums, row);
      if (row.grp !== null && row.reward !== null) addToGroup(groups, `${row.attempt_id}/${row.grp}`, sums, row);
    }
    yield* slices.breath();
  }
  for (const { sums, n, equal, verdict } of groups.values()) {
    if (n < 2) continue;
    sums.groups += 1;
    if (equal) sums[verdict === RIGHT ? 'flatRight' : verdict === WRONG ? 'flatWrong' : 'flatOther'] += 1;
  }
  const logged = metricsSnapshot(index, root, { run, names: ['entropy'] }).series;
  const all = [...stages.values()].map(({ stage, of, set, marker, steps }): AdvisedStage => {
    const entropy = logged.find((series) => series.stage === stage) ?? { step: [], value: [] };
    return {
      ...{ stage, of, set, marker },
      steps: [...steps.values()].sort((a, b) => a.step - b.step),
      // Null: it was not finite.
      entropy: entropy.step.flatMap((step, i) => (entropy.value[i] == null ? [] : { step, value: entropy.value[i] })),
    };
  });
  const sum = (key: 'n' | 'read') => all.reduce((n, { steps }) => steps.reduce((m, step) => m + step[key], n), 0);
  const unread = all.flatMap(({ steps, entropy: _entropy, ...series }) => {
    const window = unreadSteps({ steps });
    return window ? [{ ...series, ...window }] : [];
  });
  return { advisories: alarmsFirst(all.flatMap(advisories)), read: sum('read'), n: sum('n'), unread };
}

const noSums = (step: number): StepSums => ({
  ...{ step, n: 0, cut: 0, right: 0, wrong: 0, tokensRight: 0, lengthsRight: 0, tokensWrong: 0, lengthsWrong: 0 },
  ...{ reward: 0, rewarded: 0, groups: 0, flatRight: 0, flatWrong: 0, flatOther: 0, read: 0, looping: 0 },
});

function add(sums: StepSums, row: Row): void {
  sums.n += 1;
  if (row.finish === CUT) sums.cut += 1;
  const verdict = row.verdict === RIGHT ? 'Right' : row.verdict === WRONG ? 'Wrong' : null;
  if (verdict !== null) {
    sums[verdict === 'Right' ? 'right' : 'wrong'] += 1;
    if (row.tokens !== null) {
      sums[`tokens${verdict}`] += row.tokens;
      sums[`lengths${verdict}`] += 1;
    }
  }
  if (row.reward !== null) {
    sums.reward += row.reward;
    sums.rewarded += 1;
  }
  if (row.text_read) {
    sums.read += 1;
    if ((row.lost ?? 0) > 0) sums.looping += 1;
  }
}

function addToGroup(groups: Map<string, Group>, key: string, sums: StepSums, row: Row): void {
  const group = groups.get(key);
  if (!group) {
    groups.set(key, { sums, n: 1, reward: row.reward!, equal: true, verdict: row.verdict });
    return;
  }
  group.n += 1;
  group.equal &&= row.reward === group.reward;
  if (row.verdict !== group.verdict) group.verdict = null;
}
