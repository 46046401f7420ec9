/**
 * What the service accepts: one zod schema a method of the contract. Unknown keys are dropped (within a major only additions),
 * strings and lists are bounded. `Record<Method, …>` makes the compiler say when a method has none.
 */
import * as z from 'zod';
import { LonghandError } from '../../core/protocol/errors.ts';
import { PAGE_LIMIT, type Method, type Params } from '../../core/protocol/methods.ts';
import { judgeEndpointSchema, judgeKeySchema, judgeSampleSchema } from '../../core/protocol/judge.ts';
import { wantedEditSchema } from '../../core/protocol/label-schemas.ts';
import { EDITS_LIMIT } from '../../core/protocol/labels.ts';
import { SEARCH_LIMIT_MOST } from '../../core/protocol/search.ts';
import { labels } from '../../core/behaviours/spans.ts';
import { traceSortKeys } from '../../core/protocol/traces.ts';
import { QUERY_LIMIT } from '../../core/query/parse.ts';
import { rejectStageSchema } from '../../core/recipes/stages/reject.ts';
import { auditReasons } from '../../core/protocol/audit.ts';
import { givenVerdictSchema } from '../../core/protocol/files.ts';
import { extentSchema, finishSchema, verdictValueSchema } from '../../core/protocol/events.ts';

const MAX_RECIPE = 1024 * 1024;

const name = z.string().min(1).max(200);
/** Part of a path under the root: never a separator, never a dot alone. */
const id = z
  .string()
  .max(120)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/, 'not an id');
const run = id;
const stage = id;
const path = z.string().min(1).max(4096);
const int = z.number().int();
const natural = int.min(0);
const traceId = z
  .string()
  .max(400)
  .regex(/^(?:[a-zA-Z0-9][a-zA-Z0-9._-]*\/){2}\d+\/\d+$/, 'not a trace id (run/stage/attempt/n)');
const nothing = z.object({});
/** Who says it. */
const reader = z.string().trim().min(1).max(100).optional();
const limit = int.min(1).max(PAGE_LIMIT).optional();
const pageCursor = z.string().max(4096).optional();

const source = z.union([
  z.object({ preset: name }),
  z.object({ text: z.string().max(MAX_RECIPE), path: path.nullable() }),
]);
const set = z.record(z.string().max(200), z.unknown()).optional();

const marker = z.string().max(10_000).nullable();

const filter = z.object({
  run: run.optional(),
  stage: stage.optional(),
  of: stage.nullable().optional(),
  attempt: int.min(1).optional(),
  step: natural.nullable().optional(),
  stepFrom: natural.optional(),
  stepTo: natural.optional(),
  problem: z.string().max(100).optional(),
  group: z.string().max(200).optional(),
  set: z.string().max(200).nullable().optional(),
  marker: marker.optional(),
  behaviour: z.enum(labels).optional(),
  verdict: z.array(verdictValueSchema).max(4).optional(),
  finish: z.array(finishSchema).max(3).optional(),
  answered: z.boolean().optional(),
  text: z.string().max(1000).optional(),
  live: z.boolean().optional(),
  superseded: z.boolean().optional(),
});
/** What is longer than a query may be is told by its parser. */
const anyQuery = z.string().max(10 * QUERY_LIMIT);
const listQuery = anyQuery.optional();
const judgeSelection = z.object({
  run,
  filter: filter.optional(),
  query: listQuery,
  sample: judgeSampleSchema,
  again: z.boolean().optional(),
});
const sort = z.object({ key: z.enum(traceSortKeys), descending: z.boolean() });
const ofSide = { of: stage.optional(), set: z.string().max(200).optional() };
const side = z.object({ run, stage, step: natural.nullable(), marker: marker.optional(), ...ofSide });
const factor = z.number().gt(1).max(1000).optional();
const steps = z.object({ from: natural, to: natural });
/** Of a run: a stage of it, a step, a marker setting, as far as they are named. */
const sides = z
  .array(
    z.object({
      run,
      stage: stage.optional(),
      step: natural.nullable().optional(),
      marker: marker.optional(),
      ...ofSide,
    }),
  )
  .min(1)
  .max(100);
/** Of a run: a benchmark, or a stage. */
const series = { run, set: z.string().max(200).optional(), stage: stage.optional() };
const checkpoint = z.string().max(20_000);
const offset = natural.max(1e9);
const cell = z.union([z.string().max(10_000), z.number(), z.boolean(), z.null()]);
const where = z
  .record(z.string().max(200), z.union([cell, z.array(cell).max(100)]))
  .refine((keys) => Object.keys(keys).length <= 20, 'at most 20 cells');
const mapping = z.object({
  prompt: z.string().max(500).optional(),
  completion: z.string().max(500),
  gold: z.string().max(500).optional(),
  id: z.string().max(500).optional(),
});

const rescore = {
  filter,
  query: listQuery,
  checker: z.enum(['quick', 'engine']).optional(),
  policy: z.string().max(1000),
  over: z.array(verdictValueSchema).max(4).optional(),
};

const schemas: { [M in Method]: z.ZodType<Params<M>> } = {
  'service/hello': z.object({ major: int, client: z.string().max(200) }),
  'service/doctor': nothing,
  'service/shutdown': z.object({ force: z.boolean() }),

  'recipes/presets': nothing,
  'recipes/check': z.object({ source }),
  'recipes/plan': z.object({ source, set, resolved: z.boolean().optional() }),

  'runs/start': z.object({ source: z.union([source, z.object({ run })]), set, name: name.optional() }),
  'runs/differences': z.object({ run }),
  'runs/list': z.object({ cursor: pageCursor, limit }),
  'runs/get': z.object({ run }),
  'runs/stop': z.object({ run }),
  'runs/resume': z.object({ run }),
  'runs/delete': z.object({ run }),
  'runs/rename': z.object({ run, name }),
  'runs/table': z.object({ run }),
  'stages/stop': z.object({ run, stage, force: z.boolean().optional() }),
  'stages/resume': z.object({ run, stage, config: z.record(z.string(), z.unknown()).optional() }),
  'stages/log': z.object({
    run,
    stage,
    attempt: int.min(1).optional(),
    stream: z.enum(['stdout', 'stderr']),
    offset: int.optional(),
    limit: int.min(1).optional(),
  }),

  'stages/report': z.object({ run, stage, attempt: int.min(1).optional() }),
  'stages/rows': z.object({
    run,
    stage,
    attempt: int.min(1).optional(),
    table: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'not the name of a table'),
    where: where.optional(),
    text: z.string().max(200).optional(),
    sort: z.object({ key: z.string().max(200), descending: z.boolean() }).optional(),
    cursor: pageCursor,
    limit,
    parts: z.boolean().optional(),
  }),
  'stages/whatIf': z.object({
    run,
    stage,
    attempt: int.min(1).optional(),
    rounds: rejectStageSchema.shape.rounds.optional(),
    length: rejectStageSchema.shape.length,
    keep: rejectStageSchema.shape.keep,
  }),
  'stages/text': z.object({ run, stage, attempt: int.min(1).optional(), extent: extentSchema }),

  'metrics/snapshot': z.object({
    run,
    stages: z.array(stage).max(1000).optional(),
    names: z.array(z.string().max(200)).max(1000).optional(),
  }),
  'metrics/budgets': z.object({
    run,
    stage,
    step: natural.nullable(),
    budgets: z.array(int.positive()).max(1000),
  }),

  'metrics/figures': z.object({
    of: z.union([z.object({ sides: sides }), z.object({ run })]),
    budgets: z.array(int.positive()).max(100).optional(),
    ks: z.array(int.positive().max(100_000)).max(100).optional(),
    only: z.literal('texts').optional(),
  }),
  'traces/figures': z.object({ trace: traceId }),

  'metrics/behaviours': z.object({
    of: z.union([z.object({ sides: sides }), z.object({ run })]),
    base: sides.optional(),
    classes: z.boolean().optional(),
  }),

  'labels/get': z.object({ trace: traceId, by: reader }),
  'labels/edit': z.object({
    trace: traceId,
    by: reader,
    base: natural,
    edits: z.array(wantedEditSchema).max(EDITS_LIMIT),
  }),
  'labels/agreement': z.object({ run, by: reader }),
  'labels/queue': z.object({ run, by: reader, limit: int.min(1).max(200).optional() }),
  'labels/export': z.object({ run, by: reader, text: z.boolean().optional(), cursor: pageCursor }),

  'judge/estimate': z.object({ endpoint: judgeEndpointSchema, selection: judgeSelection }),
  'judge/start': z.object({
    endpoint: judgeEndpointSchema,
    selection: judgeSelection,
    key: judgeKeySchema.optional(),
  }),
  'judge/status': z.object({ run }),
  'judge/stop': z.object({ run }),
  'judge/agreement': z.object({
    run,
    stage: stage.optional(),
    trace: traceId.optional(),
    judge: z.object({ name: z.string().max(500), version: z.string().max(100) }).optional(),
  }),

  'traces/judge': z.object({ trace: traceId, verdict: givenVerdictSchema.nullable(), by: reader }),
  'traces/answers': z.object({ trace: traceId }),
  'audit/queue': z.object({
    filter,
    query: listQuery,
    reasons: z.array(z.enum(auditReasons)).max(auditReasons.length).optional(),
    suspect: z.enum(['false_negative', 'false_positive', 'unclear']).optional(),
    cursor: pageCursor,
    limit,
  }),
  'audit/rescore': z.object({ ...rescore, cursor: natural.optional(), limit }),
  'audit/apply': z.object({ ...rescore, changes: natural, by: reader }),
  'audit/undo': z.object({ run, rescore: natural, by: reader }),
  'audit/rescores': z.object({ run }),

  'traces/readTexts': z.object({ filter, query: listQuery, sort: sort.optional() }),
  'traces/page': z.object({
    filter,
    query: listQuery,
    sort: sort.optional(),
    cursor: pageCursor,
    offset: natural.optional(),
    around: traceId.optional(),
    limit,
  }),
  'traces/search': z.object({
    filter,
    query: anyQuery,
    limit: int.min(1).max(SEARCH_LIMIT_MOST).optional(),
    after: traceId.optional(),
  }),
  'traces/get': z.object({ trace: traceId }),
  'traces/tokens': z.object({ trace: traceId, start: natural, end: natural }),
  'traces/slice': z.object({
    trace: traceId,
    in: z.enum(['prompt', 'completion']),
    start: natural,
    end: natural,
  }),
  'traces/annotations': z.object({ trace: traceId, from: z.int().min(0).optional() }),
  'traces/group': z.object({ trace: traceId }),
  'traces/sets': z.object({ run, markers: z.boolean().optional() }),
  'traces/pairs': z.object({ before: side, after: side, factor }),
  'metrics/paired': z.object({ before: side, after: side, factor }),
  'overview/series': z.object({ run }),
  'overview/matrix': z.object({
    ...series,
    sort: z.object({ key: z.enum(['accuracy', 'change', 'problem']), descending: z.boolean() }),
    text: z.string().max(1000).optional(),
    offset,
    limit: int.min(1).max(PAGE_LIMIT),
  }),
  'overview/difficulty': z.object(series),
  'overview/budgets': z.object({ ...series, budgets: z.array(int.positive()).max(100).optional() }),
  'overview/problems': z.object({
    ...series,
    wanted: z.union([
      z.object({ checkpoint, bucket: natural.max(9) }),
      z.object({ checkpoint, budget: int.positive(), below: int.positive().nullable() }),
    ]),
    against: checkpoint.optional(),
    offset,
    limit: int.min(1).max(PAGE_LIMIT),
  }),
  'overview/behaviours': z.object({ ...series, most: int.positive().nullable().optional() }),
  'overview/scatter': z.object({
    ...series,
    stepFrom: natural.optional(),
    stepTo: natural.optional(),
    checkpoint: checkpoint.optional(),
  }),
  'metrics/advisories': z.object({ run }),
  'metrics/rewardChange': z.object({ run, stage, before: steps.optional(), after: steps.optional() }),

  'groups/problems': z.object({ run, stage, text: z.string().max(1000).optional(), cursor: natural.optional(), limit }),
  'groups/steps': z.object({ run, stage, problem: z.string().max(100) }),
  'groups/get': z.object({ trace: traceId }),
  'metrics/groups': z.object({ run, stage, stepFrom: natural.optional(), limit }),

  'import/inspect': z.object({ path, format: name.optional() }),
  'import/run': z.object({
    paths: z.array(path).min(1).max(10_000),
    format: name.optional(),
    mapping: mapping.optional(),
    name: name.optional(),
  }),

  'store/reindex': nothing,
  'store/verify': nothing,

  'events/subscribe': z.object({
    cursor: z.record(z.string().max(400), int.min(-1)),
    run: run.optional(),
    from: z.enum(['start', 'now']).optional(),
  }),
  'events/unsubscribe': nothing,
};

/** @throws LonghandError `invalid_params` that names each place and what is wrong there. */
export function validateParams(method: Method, params: unknown): unknown {
  const result = schemas[method].safeParse(params);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 10).map((issue) => {
    const where = issue.path.length > 0 ? issue.path.join('.') : 'parameters';
    return `${where}: ${issue.message}`;
  });
  throw new LonghandError('invalid_params', `${method}: ${issues.join('; ')}`, { issues: result.error.issues.length });
}
