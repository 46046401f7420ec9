/** The methods of the contract, each handed to the part that does it. */
import { hostname } from 'node:os';
import type { Handlers } from '../../core/protocol/rpc.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { PROTOCOL_MAJOR, type Method, type Params, type Result } from '../../core/protocol/methods.ts';
import { findAccelerators } from '../accelerators.ts';
import { examine } from '../doctor.ts';
import type { EngineFinder } from '../engine.ts';
import { inspectImport } from '../importers/inspect.ts';
import { runImport } from '../importers/run.ts';
import { openFile, type FileSource } from '../importers/source.ts';
import { lackingServers } from '../inference/wanted.ts';
import type { Judges } from '../judge/judges.ts';
import { packageVersion } from '../package-paths.ts';
import { describePlan, lackingGpus } from '../recipes/describe-plan.ts';
import { engineConfigs } from '../recipes/engine-configs.ts';
import { engineDiagnostics, loadRecipe, loadRun, requirePlan } from '../recipes/load.ts';
import { listPresets } from '../recipes/presets.ts';
import { begunPreview, type EngineRescores } from '../runs/engine-rescore.ts';
import type { RunControl } from '../runs/control.ts';
import { createRun } from '../runs/create-run.ts';
import { findDifferences } from '../runs/differences.ts';
import { expectedSeconds } from '../runs/estimates.ts';
import { readPartText, readReport, readRows } from '../runs/report.ts';
import { readStageLog } from '../runs/stage-log.ts';
import { readWhatIf } from '../runs/what-if.ts';
import { readScope } from '../store/scope-texts.ts';
import {
  slicedMethods,
  storeMethods,
  type SlicedMethod,
  type StoreMethod,
  type TraceStore,
} from '../store/trace-store.ts';
import { userName } from '../user-name.ts';
import type { Searches } from '../search/searches.ts';
import type { EventStream } from './event-stream.ts';

/** What a client may count on beyond the methods of the major; a new name for each addition that it must know of. */
const features = [
  'audit',
  'audit/query',
  'events',
  'runs',
  'imports',
  'judge',
  'judge/query',
  'labels',
  'metrics/advisories',
  'metrics/behaviours',
  'metrics/figures',
  'metrics/paired',
  'metrics/rewardChange',
  'overview',
  'stages/report',
  'stages/stop.force',
  'store/reindex',
  'store/verify',
  'traces/query',
  'traces/search',
  'traces/tokens',
];

export interface Parts {
  store: TraceStore;
  control: RunControl;
  engines: EngineFinder;
  rescores: EngineRescores;
  judges: Judges;
  searches: Searches;
  /** Ends the service; resolves at once. */
  shutDown: () => void;
}

/** The handlers for one client. Before `service/hello` has agreed on the major, everything else is refused. */
export function makeHandlers(parts: Parts, events: EventStream): Handlers {
  const { store, control, engines, judges } = parts;
  const read = Object.fromEntries(
    storeMethods.map((method) => [method, (params: Params<StoreMethod>) => store.read(method, params)]),
  ) as unknown as Pick<Handlers, StoreMethod>;
  const sliced = Object.fromEntries(
    slicedMethods.map((method) => [method, (params: Params<SlicedMethod>) => store.sliced(method, params)]),
  ) as unknown as Pick<Handlers, SlicedMethod>;

  const handlers: Handlers = {
    ...read,
    ...sliced,
    'service/hello': ({ major }) => {
      if (major !== PROTOCOL_MAJOR) {
        throw new LonghandError(
          'incompatible',
          `The backend (version ${packageVersion}) speaks version ${PROTOCOL_MAJOR} of the protocol, the client version ${major}.`,
          { major: PROTOCOL_MAJOR, version: packageVersion },
        );
      }
      return {
        major: PROTOCOL_MAJOR,
        features,
        version: packageVersion,
        root: store.root,
        pid: process.pid,
        host: hostname(),
        platform: process.platform,
      };
    },
    'service/doctor': async () => ({ checks: await examine(store.root, engines) }),
    'service/shutdown': ({ force }) => {
      const active = control.activeStages;
      if (active.length > 0 && !force) {
        const names = active.map(({ run, stage }) => `${stage} of ${run}`).join(', ');
        return { stopping: false, why: `${names} is running. With force it goes on, but no further stage is started.` };
      }
      parts.shutDown();
      return { stopping: true, why: null };
    },

    'recipes/presets': () => ({ presets: listPresets() }),
    'recipes/check': ({ source }) => ({ diagnostics: loadRecipe(source).diagnostics }),
    'recipes/plan': async ({ source, set, resolved }) => {
      const { plan, diagnostics } = loadRecipe(source, set);
      if (!plan) return { plan: null, diagnostics };
      const [seconds, accelerators, servers] = await Promise.all([
        expectedSeconds(store, plan),
        findAccelerators(),
        engines.look().then((found) => ('code' in found ? undefined : lackingServers(plan.stages, found.python))),
      ]);
      const described = describePlan(plan, seconds, accelerators, servers);
      if (!resolved) return { plan: described, diagnostics };
      const engine = await engineConfigs(plan.stages, await engines.find());
      return { plan: described, diagnostics: [...diagnostics, ...engineDiagnostics(source, engine)], engine };
    },

    'runs/start': async ({ source, set, name }) => {
      if ('run' in source && Object.keys(set ?? {}).length > 0)
        throw new LonghandError('invalid_params', 'A recorded run runs again as it was; nothing of it can be set.');
      const loaded = 'run' in source ? await loadRun(await store.run(source.run)) : loadRecipe(source, set);
      const plan = requirePlan(loaded);
      const { python } = await engines.find();
      const gpus = (await findAccelerators()).found.length;
      const servers = await lackingServers(plan.stages, python);
      const lacking = [
        ...plan.stages.flatMap((stage) => lackingGpus(stage, gpus) ?? []),
        ...[...servers].map(([id, why]) => `${id}: ${why}`),
      ];
      if (lacking.length > 0) throw new LonghandError('not_runnable', lacking.join(' '));
      const run = await createRun(store, { ...loaded, plan, name });
      await control.added(run);
      return { run };
    },
    'runs/differences': async ({ run }) => findDifferences(await store.run(run), await engines.find()),
    'runs/list': ({ cursor, limit }) => control.list(cursor, limit),
    'runs/get': ({ run }) => control.get(run),
    'runs/stop': async ({ run }) => ({ stopping: await control.stop(run) }),
    'runs/resume': async ({ run }) => ({ resumed: await control.resume(run) }),
    'runs/delete': async ({ run }) => {
      await judges.forget(run);
      await control.delete(run);
      return { deleted: true };
    },
    'runs/rename': async ({ run, name }) => {
      await control.rename(run, name);
      return { name };
    },
    'stages/stop': async ({ run, stage, force }) => {
      await control.stopStage(run, stage, force ?? false);
      return { stopping: true };
    },
    'stages/resume': async ({ run, stage, config }) => ({ attempt: await control.resumeStage(run, stage, config) }),
    'stages/log': async (params) => readStageLog(await store.run(params.run), params),

    'stages/report': async (params) => readReport(await store.run(params.run), params),
    'stages/rows': async (params) => readRows(await store.run(params.run), params),
    'stages/whatIf': async (params) => readWhatIf(await store.run(params.run), params),
    'stages/text': async (params) => readPartText(await store.run(params.run), params),

    'metrics/behaviours': (params) => store.behaviours(params),
    'metrics/figures': (params) => store.setFigures(params),
    'traces/figures': (params) => store.traceFigures(params),

    'traces/search': (params, context) => parts.searches.search(params, context),
    'traces/judge': (params) => store.audit('traces/judge', { ...params, by: params.by ?? userName() }),
    'traces/answers': (params) => store.audit('traces/answers', params),
    'audit/queue': async (params) => {
      const waiting = await readScope(store, params);
      if (waiting === 0) return store.audit('audit/queue', params);
      return { items: [], total: 0, reasons: {}, looked: waiting, done: 0, waiting, unreadable: 0, cut: 0, beyond: 0 };
    },
    'audit/rescore': async (params) => {
      const waiting = await readScope(store, params);
      if (waiting > 0) return begunPreview(params, waiting);
      return params.checker === 'engine' ? parts.rescores.preview(params) : store.audit('audit/rescore', params);
    },
    'audit/apply': (params) => store.audit('audit/apply', { ...params, by: params.by ?? userName() }),
    'audit/undo': (params) => store.audit('audit/undo', { ...params, by: params.by ?? userName() }),
    'audit/rescores': (params) => store.audit('audit/rescores', params),

    'labels/get': (params) => store.read('labels/get', { ...params, by: params.by ?? userName() }),
    'labels/edit': (params) => store.editLabels({ ...params, by: params.by ?? userName() }),
    'labels/agreement': (params) => store.labelAgreement({ ...params, by: params.by ?? userName() }),
    'labels/queue': (params) => store.labelQueue({ ...params, by: params.by ?? userName() }),

    'judge/estimate': ({ endpoint, selection }) => judges.estimate(endpoint, selection),
    'judge/start': ({ endpoint, selection, key }) => judges.start(endpoint, selection, key),
    'judge/status': async ({ run }) => ({ job: await judges.status(run) }),
    'judge/stop': async ({ run }) => ({ stopping: await judges.stop(run) }),
    'judge/agreement': (params) => store.judgeAgreement(params),

    'import/inspect': async ({ path, format }) => {
      const source = await openFile(path);
      try {
        return await inspectImport(source, path, format === undefined ? {} : { format });
      } finally {
        await source.close();
      }
    },
    'import/run': async ({ paths, format, mapping, name }, { signal, progress }) => {
      const sources: FileSource[] = [];
      try {
        for (const path of paths) sources.push(await openFile(path));
        const given = {
          ...(format === undefined ? {} : { format }),
          ...(mapping === undefined ? {} : { mapping }),
          ...(name === undefined ? {} : { name }),
        };
        return await runImport(sources, { ...given, signal, onProgress: (said) => void progress(said) }, store);
      } finally {
        await Promise.all(sources.map((source) => source.close()));
      }
    },

    'store/reindex': (_, { progress }) => store.reindex((said) => void progress(said)),
    'store/verify': (_, { progress }) => store.verify((said) => void progress(said)),

    'events/subscribe': ({ cursor, run, from }) =>
      events.subscribe(cursor, { ...(run === undefined ? {} : { run }), ...(from === undefined ? {} : { from }) }),
    'events/unsubscribe': () => {
      events.close();
      return {};
    },
  };
  return afterHello(handlers);
}

function afterHello(handlers: Handlers): Handlers {
  let greeted = false;
  const guarded = Object.entries(handlers).map(([method, handler]) => [
    method,
    (params: never, context: never) => {
      if (method !== 'service/hello') {
        if (!greeted) throw new LonghandError('incompatible', 'Call service/hello first.');
        return (handler as (params: never, context: never) => Result<Method>)(params, context);
      }
      const answer = handlers['service/hello'](params, context);
      greeted = true;
      return answer;
    },
  ]);
  return Object.fromEntries(guarded) as Handlers;
}
