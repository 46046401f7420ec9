/** The commands that look at runs and steer them: runs, show, logs, stop, resume, delete. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../core/protocol/client.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RunSummary } from '../../core/protocol/methods.ts';
import { suggestion } from '../../core/recipes/nearest.ts';
import { UsageError, type Command, type Context } from './command.ts';
import { withBackend } from './connect.ts';
import { followRun, stageLines, tableLines } from './follow-run.ts';
import { table } from './output.ts';
import { parseSet } from './recipe-source.ts';

const RUNS_SHOWN = 100;

export const runs: Command = {
  name: 'runs',
  usage: '[--limit 100]',
  summary: 'the runs of the root, the newest first',
  options: { limit: { type: 'string' } },
  arguments: [0, 0],
  run: (context) =>
    withService(context, async (backend) => {
      const limit = context.whole('limit', 1, 1000) ?? RUNS_SHOWN;
      const page = await backend.call('runs/list', { limit });
      const body = page.runs.map((run) => [
        run.run,
        run.state,
        new Date(run.created).toISOString().slice(0, 16).replace('T', ' '),
        `${run.traces}`,
        run.name,
      ]);
      const lines =
        body.length === 0 ? ['No runs yet.'] : table([['run', 'state', 'made (UTC)', 'traces', 'name'], ...body]);
      if (page.next !== undefined) lines.push(`… and older ones: --limit shows up to 1000.`);
      context.output.result(page, lines);
      return 0;
    }),
};

export const show: Command = {
  name: 'show',
  usage: 'RUN [--table]',
  summary: 'the stages of a run, and how it went',
  options: { table: { type: 'boolean' } },
  arguments: [1, 1],
  run: (context) =>
    withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      const summary = await backend.call('runs/get', { run });
      const lines = [`${summary.run}  ${summary.state}  (${summary.source})`, `folder ${summary.folder}`, ''];
      lines.push(...summary.stages.flatMap(stageLines));
      if (context.flag('table')) lines.push('', ...tableLines(await backend.call('runs/table', { run })));
      context.output.result(summary, lines);
      return 0;
    }),
};

export const logs: Command = {
  name: 'logs',
  usage: 'RUN [STAGE] [--stdout] [--attempt N] [--bytes 65536]',
  summary: 'the end of a stage’s log (standard error, or --stdout); by default of the stage that ran last',
  options: { stdout: { type: 'boolean' }, attempt: { type: 'string' }, bytes: { type: 'string' } },
  arguments: [1, 2],
  run: (context) =>
    withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      const stage = context.positionals[1] ?? newestStage(await backend.call('runs/get', { run }));
      const attempt = context.whole('attempt', 1, 1_000_000);
      const limit = context.whole('bytes', 1, 256 * 1024) ?? 64 * 1024;
      const stream = context.flag('stdout') ? 'stdout' : 'stderr';
      const log = await backend.call('stages/log', {
        run,
        stage,
        stream,
        limit,
        offset: -limit,
        ...(attempt === undefined ? {} : { attempt }),
      });
      if (log.offset > 0) context.output.line(`… ${log.offset} bytes before this are in the attempt's folder.`);
      context.output.result({ run, stage, stream, ...log }, log.text === '' ? [] : [log.text.replace(/\n$/, '')]);
      return 0;
    }),
};

export const stop: Command = {
  name: 'stop',
  usage: 'RUN [STAGE] [--force] [--no-wait]',
  summary: 'saves a checkpoint, ends the processes, and waits until they are gone',
  options: { force: { type: 'boolean' }, 'no-wait': { type: 'boolean' } },
  arguments: [1, 2],
  run: (context) =>
    withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      const stage = context.positionals[1];
      const force = context.flag('force');
      const before = stage === undefined ? (await backend.call('runs/stop', { run })).stopping : [stage];
      if (stage !== undefined || force) {
        for (const one of before) await backend.call('stages/stop', { run, stage: one, force });
      }
      if (context.flag('no-wait') || before.length === 0) {
        const said = before.length === 0 ? 'nothing was running' : `${before.join(', ')} is stopping`;
        context.output.result({ run, stopping: before }, [`${run}: ${said}.`]);
        return 0;
      }
      const summary = await untilStopped(backend, run, before);
      const states = before.map((id) => `${id} ${stateOf(summary, id)}`);
      context.output.result(
        { run, stages: Object.fromEntries(before.map((id) => [id, stateOf(summary, id)])) },
        states,
      );
      return 0;
    }),
};

export const resume: Command = {
  name: 'resume',
  usage: 'RUN [STAGE [--set KEY=VALUE]…] [--wait]',
  summary: 'goes on from the newest whole checkpoints; --set changes keys of the stage’s config (a smaller batch)',
  options: { wait: { type: 'boolean' }, set: { type: 'string', multiple: true } },
  arguments: [1, 2],
  run: (context) =>
    withService(context, async (backend, where) => {
      const run = await findRun(backend, context.positionals[0]!);
      const stage = context.positionals[1];
      const config = parseSet(context.texts('set'));
      if (stage === undefined && Object.keys(config).length > 0)
        throw new UsageError('--set needs the STAGE whose config it changes.');
      const resumed = stage === undefined ? (await backend.call('runs/resume', { run })).resumed : [stage];
      if (stage !== undefined) await backend.call('stages/resume', { run, stage, config });
      const said = resumed.length > 0 ? resumed.join(', ') : 'what had not started';
      if (!context.flag('wait')) {
        context.output.result({ run, resumed }, [`${run}: resumed ${said}.`]);
        return 0;
      }
      const { state } = await followRun(backend, where, run, context.output);
      context.output.result({ run, resumed, state }, [`${run} ${state}.`]);
      return state === 'completed' ? 0 : 1;
    }),
};

export const deleteRun: Command = {
  name: 'delete',
  usage: 'RUN --yes',
  summary: 'removes a run and all that it wrote',
  options: { yes: { type: 'boolean' } },
  arguments: [1, 1],
  run: (context) =>
    withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      if (!context.flag('yes')) throw new UsageError(`This removes ${run} with its checkpoints and traces. Add --yes.`);
      await backend.call('runs/delete', { run });
      context.output.result({ run, deleted: true }, [`${run} deleted.`]);
      return 0;
    }),
};

type Where = Parameters<typeof withBackend>[0];

export function withService(
  context: Context,
  work: (backend: Backend, where: Where) => Promise<number>,
): Promise<number> {
  const where = { root: context.root, python: context.python, folder: context.engine };
  return withBackend(where, (backend) => work(backend, where));
}

/** A run by its id, the beginning of one, or `latest`. @throws LonghandError `not_found` */
export async function findRun(backend: Backend, wanted: string): Promise<string> {
  const { runs: all } = await backend.call('runs/list', { limit: 1000 });
  const ids = all.map(({ run }) => run);
  if (wanted === 'latest' && ids[0] !== undefined) return ids[0];
  const found = ids.filter((id) => id === wanted || id.startsWith(wanted));
  const exact = found.find((id) => id === wanted) ?? (found.length === 1 ? found[0] : undefined);
  if (exact !== undefined) return exact;
  if (found.length > 1)
    throw new LonghandError('not_found', `${wanted} may be any of ${found.slice(0, 5).join(', ')}.`);
  throw new LonghandError('not_found', `There is no run ${wanted}${suggestion(wanted, ids)}`);
}

function newestStage(summary: RunSummary): string {
  const started = summary.stages.filter((stage) => stage.attempts.length > 0);
  const newest = started.toSorted((a, b) => (b.attempts.at(-1)?.started ?? 0) - (a.attempts.at(-1)?.started ?? 0))[0];
  if (!newest) throw new LonghandError('not_found', `No stage of ${summary.run} has run yet.`);
  return newest.id;
}

const stateOf = (summary: RunSummary, stage: string) =>
  summary.stages.find(({ id }) => id === stage)?.state ?? 'unknown';

async function untilStopped(backend: Backend, run: string, stages: string[]): Promise<RunSummary> {
  for (;;) {
    const summary = await backend.call('runs/get', { run });
    const going = stages.some((id) => ['running', 'stopping'].includes(stateOf(summary, id)));
    if (!going) return summary;
    await sleep(200);
  }
}
