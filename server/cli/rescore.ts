/** `longhand rescore`: what other rules would change of the verdicts of a run; with `--apply` they count. */
import type { Backend } from '../../core/protocol/client.ts';
import type { AppliedRescore, RescoreChecker, RescorePreview, RescoreWish } from '../../core/protocol/audit.ts';
import { verdictValueSchema, type VerdictValue } from '../../core/protocol/events.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { UsageError, type Command } from './command.ts';
import { table, type Output } from './output.ts';
import { listQuery } from './query-words.ts';
import { findRun, withService } from './runs.ts';

export const rescore: Command = {
  name: 'rescore',
  usage:
    'RUN [--stage ID] [--query Q] [--checker quick|engine] [--policy NAME=VALUE,…] [--over VERDICT]… [--apply] | RUN --list | RUN --undo N',
  summary:
    'judges again by the quick check under other rules, or by Math-Verify in the engine, and says what would change; --over: only those with these verdicts; --apply: they count from now on; --undo takes that back',
  options: {
    stage: { type: 'string' },
    checker: { type: 'string' },
    policy: { type: 'string' },
    query: { type: 'string' },
    over: { type: 'string', multiple: true },
    apply: { type: 'boolean' },
    list: { type: 'boolean' },
    undo: { type: 'string' },
  },
  arguments: [1, 1],
  run: (context) => {
    const query = listQuery(context);
    return withService(context, async (backend) => {
      const { output } = context;
      const run = await findRun(backend, context.positionals[0]!);
      const undo = context.whole('undo', 0, Number.MAX_SAFE_INTEGER);
      if (undo !== undefined) {
        const { changes } = await backend.call('audit/undo', { run, rescore: undo });
        output.result({ run, rescore: undo, changes }, [`${changes} verdicts are as they were.`]);
        return 0;
      }
      if (context.flag('list')) {
        const { rescores } = await backend.call('audit/rescores', { run });
        output.result({ run, rescores }, listed(rescores));
        return 0;
      }
      const stage = context.text('stage');
      const over = context.texts('over').map(verdictOf);
      const wish: RescoreWish = {
        filter: { run, ...(stage !== undefined && { stage }) },
        ...query,
        ...(checkerOf(context.text('checker')) === 'engine' && { checker: 'engine' }),
        policy: context.text('policy') ?? 'default',
        ...(over.length > 0 && { over }),
      };
      const preview = await judged(backend, wish, output);
      const isApplied = context.flag('apply') && preview.total > 0;
      const applied = isApplied ? await backend.call('audit/apply', { ...wish, changes: preview.total }) : null;
      const last = applied
        ? `They count from now on; \`longhand rescore ${run} --undo ${applied.rescore}\` takes that back.`
        : preview.total > 0
          ? 'Nothing was changed; --apply makes them count.'
          : 'Nothing would change.';
      output.result({ run, ...preview, applied: applied?.rescore ?? null }, [...lines(preview), last]);
      return 0;
    });
  },
};

function checkerOf(name = 'quick'): RescoreChecker {
  if (name === 'quick' || name === 'engine') return name;
  throw new UsageError(`--checker takes quick or engine, not “${name}”.`);
}

function verdictOf(name: string): VerdictValue {
  const found = verdictValueSchema.safeParse(name);
  if (!found.success) throw new UsageError(`--over takes ${verdictValueSchema.options.join(', ')}, not “${name}”.`);
  return found.data;
}

/** Asks until every trace has been judged again. */
async function judged(backend: Backend, wish: RescoreWish, output: Output): Promise<RescorePreview> {
  let told = Date.now();
  for (;;) {
    const found = await backend.call('audit/rescore', wish, { timeout: 120_000 }).catch((error: unknown) => {
      throw LonghandError.is(error, 'invalid_params') ? new UsageError(error.message) : error;
    });
    if (found.waiting === 0) return found;
    if (Date.now() - told > 2000) {
      told = Date.now();
      output.line(`${found.waiting} traces are still to be judged …`);
    }
  }
}

const per = (share: number): string => (100 * share).toFixed(1);

function lines({
  moves,
  kept,
  sets,
  changes,
  total,
  done,
  beyond,
  moreSets,
  checker,
  version,
}: RescorePreview): string[] {
  const rows = changes.map(({ row, from, to, gold, reason }) => [
    row.trace,
    `${from ?? '–'} → ${to}`,
    (row.answer ?? '–').slice(0, 40),
    (gold ?? '–').slice(0, 40),
    reason ?? '',
  ]);
  const figures = sets.map(({ of, stage, step, set, marker, n, before, after, difference }) => [
    [of ?? stage, step === null ? null : `step ${step}`, set, marker].filter((part) => part !== null).join(' · '),
    String(n),
    per(before.mean),
    per(after.mean),
    `${per(difference.mean)} [${difference.ci95.map(per).join(', ')}]`,
  ]);
  return [
    ...(rows.length > 0 ? [...table([['trace', 'change', 'answer', 'gold', 'why'], ...rows]), ''] : []),
    ...(total > changes.length ? [`${total - changes.length} changes more.`] : []),
    ...table([['accuracy, %', 'traces', 'before', 'after', 'difference'], ...figures]),
    ...(moreSets > 0 ? [`${moreSets} sets more: name a stage.`] : []),
    '',
    `${done} looked at by ${checker} ${version}: ${moves.map(({ from, to, n }) => `${n} ${from ?? 'none'} → ${to}`).join(', ') || 'no change'}; ${kept.undecided} it cannot decide, ${kept.reader} have a reader's word.`,
    ...(beyond > 0 ? [`${beyond} traces more were not looked at: name a stage.`] : []),
  ];
}

function listed(rescores: readonly AppliedRescore[]): string[] {
  if (rescores.length === 0) return ['No re-score has been applied.'];
  const rows = rescores.map(({ rescore: seq, t, by, checker, version, changes, undone }) => [
    String(seq),
    new Date(t).toISOString(),
    by,
    `${checker} ${version}`,
    String(changes),
    undone ? 'taken back' : 'counts',
  ]);
  return table([['re-score', 'when', 'by', 'rules', 'verdicts', ''], ...rows]);
}
