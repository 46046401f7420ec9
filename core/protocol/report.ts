/**
 * The report of a stage: what went in, what came out, what was dropped and why. The worker writes `report.json` whole (again
 * and again while it works, each time in place of the old one), and the rows of its tables as `tables/<name>.jsonl`, appended.
 * One page of the inspector draws every report: a new kind of stage needs no page of its own, only blocks.
 */
import * as z from 'zod';
import { extentSchema, verdictValueSchema } from './events.ts';

const int = z.number().int();

const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Rows of a table: all, or those whose cell `key` is `value`, or one of them. What a number or a mark on the page opens. */
export const tableRefSchema = z.object({
  table: z.string(),
  where: z.record(z.string(), z.union([scalarSchema, z.array(scalarSchema)])).optional(),
});
export type TableRef = z.infer<typeof tableRefSchema>;

const block = { title: z.string(), note: z.string().optional() };

export const reportBlockSchema = z.discriminatedUnion('type', [
  z.object({
    ...block,
    type: z.literal('figures'),
    items: z.array(
      z.object({
        label: z.string(),
        value: z.union([z.number(), z.string(), z.null()]),
        unit: z.string().optional(),
        /** 95 % interval of the value. */
        ci95: z.tuple([z.number(), z.number()]).optional(),
        rows: tableRefSchema.optional(),
      }),
    ),
  }),
  /** What is left after each step; `dropped` says why the others are gone, and its counts are those of this step. */
  z.object({
    ...block,
    type: z.literal('funnel'),
    steps: z.array(
      z.object({
        label: z.string(),
        n: int.min(0),
        rows: tableRefSchema.optional(),
        dropped: z.array(z.object({ reason: z.string(), n: int.min(0), rows: tableRefSchema.optional() })).optional(),
      }),
    ),
  }),
  /** `counts[i]` of a series lies between `edges[i]` and `edges[i + 1]`: one edge more than counts. */
  z.object({
    ...block,
    type: z.literal('histogram'),
    unit: z.string(),
    edges: z.array(z.number()),
    series: z.array(z.object({ label: z.string(), counts: z.array(int.min(0)) })),
  }),
  /** Bars of stacked parts. */
  z.object({
    ...block,
    type: z.literal('bars'),
    unit: z.string().optional(),
    bars: z.array(
      z.object({
        label: z.string(),
        parts: z.array(z.object({ label: z.string(), n: z.number(), rows: tableRefSchema.optional() })),
      }),
    ),
  }),
  z.object({
    ...block,
    type: z.literal('sankey'),
    flows: z.array(z.object({ from: z.string(), to: z.string(), n: int.min(0), rows: tableRefSchema.optional() })),
  }),
  z.object({
    ...block,
    type: z.literal('table'),
    table: z.string(),
    columns: z.array(
      z.object({
        key: z.string(),
        label: z.string(),
        kind: z.enum(['text', 'number', 'verdict', 'lengths']),
      }),
    ),
    rows: int.min(0),
  }),
  z.object({ ...block, type: z.literal('text'), text: z.string() }),
]);
export type ReportBlock = z.infer<typeof reportBlockSchema>;

export const reportSchema = z.object({
  v: z.literal(1),
  kind: z.string(),
  blocks: z.array(reportBlockSchema).max(60),
});
export type Report = z.infer<typeof reportSchema>;

/**
 * One part of what a row is made of: a candidate generation, the lane of an answer, a stretch that is trained or masked.
 * Its text stands here, or in a part file of the same attempt (`extent`), or is that of a trace.
 */
export const rowPartSchema = z.object({
  label: z.string(),
  text: z.string().optional(),
  extent: extentSchema.optional(),
  /** `run/stage/attempt/n`. */
  trace: z.string().optional(),
  /** `trained` and `masked`: whether it carries loss. `chosen`: it was taken of several; `dropped`: it was not. */
  tone: z.enum(['plain', 'trained', 'masked', 'chosen', 'dropped']).optional(),
  answer: z.string().nullable().optional(),
  verdict: verdictValueSchema.optional(),
  tokens: int.optional(),
  /** The prompt that made it, as the model saw it. */
  prompt: z.string().optional(),
});
export type RowPart = z.infer<typeof rowPartSchema>;

/** One line of `tables/<name>.jsonl`. A cell of kind `lengths` is `{values: number[], chosen: number | null}`. */
export const tableRowSchema = z.object({
  cells: z.record(
    z.string(),
    z.union([
      z.string(),
      z.number(),
      z.boolean(),
      z.null(),
      z.object({ values: z.array(z.number()), chosen: int.nullable() }),
    ]),
  ),
  /** The trace behind the row, `run/stage/attempt/n`. */
  trace: z.string().optional(),
  parts: z.array(rowPartSchema).optional(),
});
export type TableRow = z.infer<typeof tableRowSchema>;
