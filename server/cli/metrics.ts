/** `longhand metrics`: every figure of a run's sets of completions, and of them against another run's (docs/metrics.md). */
import type { Backend } from '../../core/protocol/client.ts';
import type { BehaviourSet, PairedAnswer } from '../../core/protocol/comparison.ts';
import type { FigureSet } from '../../core/protocol/figures.ts';
import { ofClasses, type TwoTurns } from '../../core/metrics/two-turns.ts';
import { UsageError, type Command } from './command.ts';
import { tableLines } from './follow-run.ts';
import { againstLines, setLines, turnLines } from './metrics-lines.ts';
import type { Output } from './output.ts';
import { findRun, withService } from './runs.ts';

export const metrics: Command = {
  name: 'metrics',
  usage: 'RUN [--budget N]… [--k N]… [--against RUN]',
  summary: 'every figure of the run’s completions, by benchmark and model; against another run, problem by problem',
  options: {
    budget: { type: 'string', multiple: true },
    k: { type: 'string', multiple: true },
    against: { type: 'string' },
  },
  arguments: [1, 1],
  run: (context) =>
    withService(context, async (backend) => {
      const { output } = context;
      const run = await findRun(backend, context.positionals[0]!);
      const budgets = wholes(context.texts('budget'), '--budget takes a whole number of tokens above 0.');
      const ks = wholes(context.texts('k'), '--k takes a whole number of samples above 0.');
      const other = context.text('against');
      const against = other === undefined ? undefined : await findRun(backend, other);
      const found = await backend.call('runs/table', { run });
      const { series } = await backend.call('metrics/snapshot', { run });
      const last = series.map(({ stage, name, step, value }) => {
        return { stage, name, step: step.at(-1) ?? null, value: value.at(-1) ?? null };
      });
      // First, so that the rates at the same length and problem find the counts.
      const behaviours = await untilRead(output, () => backend.call('metrics/behaviours', { of: { run } }, LONG));
      const { version, sets, more } = await figures(backend, output, run, budgets, ks);
      const turns = await twoTurns(backend, output, run);
      const recorded = await backend.call('traces/page', { filter: { run }, query: 'has:logprobs', limit: 1 });
      const pairs = against === undefined ? null : await compare(backend, output, sets, against);
      const result = {
        run,
        rows: found.rows,
        seconds_total: found.secondsTotal,
        last,
        version,
        sets: sets.map((set) => ({ ...set, behaviours: behavioursOf(set, behaviours.sets) })),
        more,
        detector: behaviours.detector,
        twoTurns: turns,
        entropy: entropyOf(last, recorded.total),
        against: pairs && { run: against, pairs },
      };
      const lines = found.rows.length > 0 ? [...tableLines(found), ''] : [];
      lines.push(...setLines(sets, more), ...turnLines(turns));
      if (pairs) lines.push('', ...againstLines(against!, pairs));
      output.result(result, lines);
      return 0;
    }),
};

const LONG = { timeout: 120_000 };

function wholes(texts: readonly string[], wrong: string): number[] {
  const numbers = texts.map(Number);
  if (numbers.some((number) => !Number.isInteger(number) || number <= 0)) throw new UsageError(wrong);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** Asks until every text has been read. */
async function untilRead<T extends { waiting: number }>(output: Output, ask: () => Promise<T>): Promise<T> {
  let told = Date.now();
  for (;;) {
    const found = await ask();
    if (found.waiting === 0) return found;
    if (Date.now() - told < 2000) continue;
    told = Date.now();
    output.line(`${found.waiting} completions are still to be read …`);
  }
}

function figures(backend: Backend, output: Output, run: string, budgets: number[], ks: number[]) {
  const params = { of: { run }, ...(budgets.length > 0 && { budgets }), ...(ks.length > 0 && { ks }) };
  return untilRead(output, () => backend.call('metrics/figures', params, LONG));
}

type SetKeys = Pick<FigureSet, 'stage' | 'of' | 'step' | 'set' | 'marker'>;

function behavioursOf(set: FigureSet, all: readonly BehaviourSet[]): BehaviourSet | null {
  const keys: (keyof SetKeys)[] = ['stage', 'of', 'step', 'set', 'marker'];
  return all.find((one) => keys.every((key) => one[key] === set[key])) ?? null;
}

/** `behaviours`: lengths and spans by class of document and turn, of whole documents where `set` is null. */
export type StageTurns = { stage: string; behaviours: BehaviourSet[] } & TwoTurns;

/** Of each stage that makes documents of two answers, by the classes of its documents. */
async function twoTurns(backend: Backend, output: Output, run: string): Promise<StageTurns[]> {
  const { stages } = await backend.call('runs/get', { run });
  const found: StageTurns[] = [];
  for (const { id, kind } of stages) {
    if (kind !== 'synthesize') continue;
    const params = { of: { sides: [{ run, stage: id }] }, classes: true };
    const { sets } = await untilRead(output, () => backend.call('metrics/behaviours', params, LONG));
    const documents = (name: string) => sets.find((set) => set.class === name && set.set === null)?.traces ?? 0;
    const turns = ofClasses({ RR: documents('RR'), RW: documents('RW'), WR: documents('WR'), WW: documents('WW') });
    if (turns) found.push({ stage: id, ...turns, behaviours: sets });
  }
  return found;
}

type Last = { stage: string; name: string; step: number | null; value: number | null };

/** Of how many completions it is in the record (`record: { logprobs: true }`); a trainer may have logged that of its own rollouts. */
function entropyOf(last: readonly Last[], traces: number) {
  const logged = last.filter(({ name }) => /(?:^|[/_])entropy/.test(name));
  const why = traces > 0 ? null : 'no log-probabilities of tokens are in the record';
  return { stored: traces > 0, traces, why, logged };
}

export interface SetPair {
  set: string | null;
  after: SetKeys;
  before: SetKeys & { run: string };
  paired: PairedAnswer;
}

/** The last set of each benchmark and marker of this run against the other run's of the same. */
async function compare(backend: Backend, output: Output, own: readonly FigureSet[], run: string): Promise<SetPair[]> {
  const { sets } = await figures(backend, output, run, [], [1]);
  const lastOf = (all: readonly FigureSet[]) => new Map(all.map((set) => [JSON.stringify([set.set, set.marker]), set]));
  const others = lastOf(sets);
  const mine = lastOf(own);
  const pairs: SetPair[] = [];
  for (const [key, after] of mine) {
    // Two imports of the same problems need not name their benchmark alike.
    const before = others.get(key) ?? (mine.size === 1 && others.size === 1 ? [...others.values()][0] : undefined);
    if (!before) continue;
    const paired = await backend.call('metrics/paired', { before: sideOf(before), after: sideOf(after) }, LONG);
    pairs.push({ set: after.set, after: keysOf(after), before: { run: before.run, ...keysOf(before) }, paired });
  }
  if (pairs.length === 0) throw new UsageError(`${run} has no set of the same benchmark to compare.`);
  return pairs;
}

const keysOf = ({ stage, of, step, set, marker }: FigureSet): SetKeys => ({ stage, of, step, set, marker });

function sideOf({ run, stage, of, step, set, marker }: FigureSet) {
  return { run, stage, step, marker, ...(of !== null && { of }), ...(set !== null && { set }) };
}
