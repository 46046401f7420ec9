/** `longhand behaviours`: lengths and behaviours by benchmark, model and marker, or by class of a synthesis. */
import type { Backend } from '../../core/protocol/client.ts';
import { labels } from '../../core/behaviours/spans.ts';
import type { Interval } from '../../core/metrics/bootstrap.ts';
import type { BehaviourSet } from '../../core/protocol/comparison.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { markerName } from '../../core/traces/marker-name.ts';
import { UsageError, type Command } from './command.ts';
import { table, type Output } from './output.ts';
import { findRun, withService } from './runs.ts';

export const behaviours: Command = {
  name: 'behaviours',
  usage: 'RUN [--stage ID]… [--base STAGE]… [--classes]',
  summary:
    'lengths against the base and behaviours for each thousand tokens, by benchmark, model and marker; --classes: of a synthesis, by class and turn',
  options: {
    stage: { type: 'string', multiple: true },
    base: { type: 'string', multiple: true },
    classes: { type: 'boolean' },
  },
  arguments: [1, 1],
  run: (context) =>
    withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      const classes = context.flag('classes');
      if (classes && context.texts('base').length > 0) throw new UsageError('--classes has no --base.');
      const stages = context.texts('stage');
      const { stages: all } = await backend.call('runs/get', { run });
      for (const id of [...stages, ...context.texts('base')])
        if (!all.some((stage) => stage.id === id)) {
          throw new UsageError(`${run} has no stage ${id}; there are ${all.map((stage) => stage.id).join(', ')}.`);
        }
      const synthesized = all.flatMap(({ id, kind }) => (kind === 'synthesize' ? [id] : []));
      const wanted = stages.length === 0 && classes ? synthesized : stages;
      if (classes && wanted.length === 0) throw new UsageError(`${run} has no synthesize stage.`);
      const found = await counted(
        backend,
        {
          of: wanted.length > 0 ? { sides: wanted.map((stage) => ({ run, stage })) } : { run },
          ...(context.texts('base').length > 0 && { base: context.texts('base').map((stage) => ({ run, stage })) }),
          ...(classes && { classes }),
        },
        context.output,
      );
      context.output.result({ run, ...found }, lines(found, classes));
      return 0;
    }),
};

/** Asks until every text has been read. */
async function counted(
  backend: Backend,
  params: Params<'metrics/behaviours'>,
  output: Output,
): Promise<Result<'metrics/behaviours'>> {
  let told = Date.now();
  for (;;) {
    const found = await backend.call('metrics/behaviours', params, { timeout: 120_000 });
    if (found.waiting === 0) return found;
    if (Date.now() - told > 2000) {
      told = Date.now();
      output.line(`${found.waiting} completions are still to be read …`);
    }
  }
}

function lines({ detector, sets, more }: Result<'metrics/behaviours'>, classes: boolean): string[] {
  if (sets.length === 0) return [classes ? 'No document has a class yet.' : 'Nothing was evaluated.'];
  // Markers are no behaviour; they are in the object of --json.
  const shown = labels.filter((label) => label !== 'marker' && sets.some((set) => figureOf(set, label)?.spans));
  const place = (set: BehaviourSet) =>
    classes
      ? [set.stage, set.class ?? '–', set.set ?? 'whole documents']
      : [set.set ?? '–', set.of ?? set.stage, String(set.step ?? '–'), markerName(set.marker)];
  const head = classes ? ['stage', 'class', 'turn'] : ['benchmark', 'model', 'step', 'marker'];
  const lengths = sets.map((set) => [
    ...place(set),
    String(set.traces),
    interval(set.tokens, 1),
    ...(classes ? [] : [interval(set.ratio, 2)]),
  ]);
  const rates = sets.map((set) => [
    ...place(set),
    ...shown.map((label) => interval(figureOf(set, label)?.rate ?? null, 2)),
  ]);
  const gone = sets.reduce((sum, { unreadable }) => sum + unreadable, 0);
  const cut = sets.reduce((sum, set) => sum + set.cut, 0);
  return [
    ...table([[...head, 'completions', 'mean tokens', ...(classes ? [] : ['to the base'])], ...lengths]),
    '',
    `Spans for each thousand tokens, by ${detector.name} ${detector.version}; 95 % intervals over problems`,
    ...table([[...head, ...shown.map((label) => label.replaceAll('_', ' '))], ...rates]),
    ...(gone > 0 ? [`The text of ${gone} completions is gone; they are in no figure.`] : []),
    ...(cut > 0
      ? [`Of ${cut} very long completions the behaviours after their first 524,288 characters are not counted.`]
      : []),
    ...(more > 0 ? [`${more} sets more: name stages with --stage.`] : []),
  ];
}

const figureOf = (set: BehaviourSet, label: string) => set.labels?.find((one) => one.label === label);

function interval(value: Interval | null, digits: number): string {
  if (value === null) return '–';
  return `${value.mean.toFixed(digits)} [${value.low.toFixed(digits)}, ${value.high.toFixed(digits)}]`;
}
