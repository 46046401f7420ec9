/** The shapes of edits of labels and of exported labels, as they are checked where they come in. A file of its own: pages need none of it. */
import * as z from 'zod';
import { LABELS_LIMIT, readerLabels } from './labels.ts';

const offset = z.number().int().min(0);
const id = z.number().int().min(1);
const label = z.enum(readerLabels);
const stretchSchema = z.tuple([offset, offset]);

const copiedSchema = z.object({
  op: z.literal('copy'),
  spans: z.array(z.tuple([offset, offset, label])).max(LABELS_LIMIT),
});
/**
 * Offsets are UTF-16 units of the completion, ends exclusive. `add` without an `id` gets the next one. `reviewed` says anew which
 * stretches were read. `settle`: the reader has looked at this disagreement again, and the labels stand.
 */
const plainEdits = [
  z.object({
    op: z.literal('add'),
    id: id.optional(),
    start: offset,
    end: offset,
    label,
    /** The detector's own span, taken over as it was. */
    copied: z.literal(true).optional(),
  }),
  z.object({ op: z.literal('change'), id, start: offset.optional(), end: offset.optional(), label: label.optional() }),
  z.object({ op: z.literal('remove'), id }),
  z.object({ op: z.literal('reviewed'), stretches: z.array(stretchSchema).max(LABELS_LIMIT) }),
  z.object({ op: z.literal('settle'), start: offset, end: offset, label, on: z.boolean() }),
] as const;

/** An edit as it stands in the journal. */
export const labelEditSchema = z.discriminatedUnion('op', [...plainEdits, copiedSchema]);
export type LabelEdit = z.infer<typeof labelEditSchema>;

/** An edit as it is asked for: `copy` takes over the detector's spans of the whole completion, which the service finds. */
export const wantedEditSchema = z.discriminatedUnion('op', [...plainEdits, z.object({ op: z.literal('copy') })]);
export type WantedEdit = z.infer<typeof wantedEditSchema>;

/** A reader's labels of one trace as they are exported: one JSON object a line. `length` is that of the completion. */
export const exportedLabelsSchema = z.object({
  trace: z.string().max(400),
  /** The problem's hash, and its id in the source. */
  problem: z.string(),
  source_id: z.string().nullable(),
  by: z.string().min(1).max(100),
  revision: z.number().int(),
  length: offset,
  text: z.string().optional(),
  labels: z
    .array(
      z.object({
        start: offset,
        end: offset,
        label,
        by: z.string(),
        /** ISO 8601. */
        at: z.string(),
        detector: z.string(),
        version: z.string(),
        copied: z.boolean(),
      }),
    )
    .max(LABELS_LIMIT),
  reviewed: z.array(stretchSchema).max(LABELS_LIMIT),
});
export type ExportedLabels = z.infer<typeof exportedLabelsSchema>;
