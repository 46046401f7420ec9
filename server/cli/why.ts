/** `longhand why`: why the mean reward of a stage changed between two windows of its steps. */
import { mixSentence, partNames, signed, SMALL } from '../../core/metrics/reward-words.ts';
import type { Interval } from '../../core/metrics/bootstrap.ts';
import type { RewardChange, RewardWindow, StepWindow } from '../../core/protocol/reward-change.ts';
import { UsageError, type Command } from './command.ts';
import { table } from './output.ts';
import { findRun, withService } from './runs.ts';

export const why: Command = {
  name: 'why',
  usage: 'RUN [STAGE] [--before FROM-TO] [--after FROM-TO]',
  summary:
    'why the mean reward changed between two windows of steps (the first and the last fifth), and which completions moved it',
  options: { before: { type: 'string' }, after: { type: 'string' } },
  arguments: [1, 2],
  run: (context) =>
    withService(context, async (backend) => {
      const [before, after] = [windowOf('before', context.text('before')), windowOf('after', context.text('after'))];
      const run = await findRun(backend, context.positionals[0]!);
      const { stages } = await backend.call('runs/get', { run });
      const named = context.positionals[1];
      if (named !== undefined && !stages.some(({ id }) => id === named))
        throw new UsageError(`${run} has no stage ${named}; there are ${stages.map(({ id }) => id).join(', ')}.`);
      const stage = named ?? stages.findLast(({ kind }) => kind === 'grpo')?.id ?? stages.at(-1)?.id;
      if (stage === undefined) throw new UsageError(`${run} has no stage yet.`);
      const params = { run, stage, ...(before && { before }), ...(after && { after }) };
      const found = await backend.call('metrics/rewardChange', params, { timeout: 120_000 });
      context.output.result(
        { run, stage, change: found },
        found ? lines(found) : [`Fewer than two steps of ${stage} have rewards.`],
      );
      return 0;
    }),
};

function windowOf(name: string, text: string | undefined): StepWindow | null {
  if (text === undefined) return null;
  const found = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (!found) throw new UsageError(`--${name} takes steps as FROM-TO, such as 1-20, not ${text}.`);
  return { from: Number(found[1]), to: Number(found[2] ?? found[1]) };
}

function lines(found: RewardChange): string[] {
  const { before, after, change, interval, components, parts } = found;
  const shown = parts
    .filter((part) => Math.abs(part.change) >= SMALL)
    .toSorted((a, b) => Math.abs(b.change) - Math.abs(a.change));
  const row = (name: string, value: number, range: Interval | null, own: readonly number[], trace: string) => [
    name,
    signed(value),
    range ? `[${range.low.toFixed(3)}, ${range.high.toFixed(3)}]` : '–',
    ...own.map((part) => (Math.abs(part) < SMALL ? '' : signed(part))),
    trace,
  ];
  const sums = components.map((_, c) => after.components[c]! - before.components[c]!);
  return [
    `Mean reward ${windowWords(before)} → ${windowWords(after)}`,
    '',
    ...table([
      [
        '',
        'change',
        '95 %',
        ...components.map(({ name, weight }) => (weight === 1 ? name : `${name} × ${weight}`)),
        'moved it most',
      ],
      ...shown.map((part) =>
        row(
          partNames[part.kind].name,
          part.change,
          part.interval,
          part.byComponent,
          part.exemplars[0]?.row.trace ?? '',
        ),
      ),
      row('in all', change, interval, sums, ''),
    ]),
    '',
    mixSentence(found.strata),
  ];
}

function windowWords({ mean, from, to, completions, problems, steps, stepsRead }: RewardWindow): string {
  const thinned = stepsRead < steps ? `, ${stepsRead} of ${steps} steps read` : '';
  return `${mean.toFixed(3)} (steps ${from}–${to}, ${completions} completions of ${problems} problems${thinned})`;
}
