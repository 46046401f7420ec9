/** Aligns two texts beside the page, and says afterwards what two of their steps share. Runs in a worker: see {@link ./aligner.ts}. */
import { atOnce } from '../../core/metrics/slices.ts';
import { align, type AlignedRow, type Alignment } from '../../core/traces/align.ts';
import { commonPrefix } from '../../core/traces/common-prefix.ts';
import { pack, type PackedAlignment } from './aligned.ts';

export type AlignTask = { left: string; right: string } | { why: AlignedRow };
export type AlignReport = { aligned: PackedAlignment; commonText: number } | { why: string[] };

const scope = globalThis as unknown as {
  addEventListener: (type: 'message', listener: (event: MessageEvent<AlignTask>) => void) => void;
  postMessage: (report: AlignReport, transfer: ArrayBufferLike[]) => void;
};

let last: Alignment | null = null;

scope.addEventListener('message', ({ data }) => {
  if ('why' in data) return scope.postMessage({ why: last?.why(data.why) ?? [] }, []);
  const { left, right } = data;
  last = atOnce(align(left, right));
  const aligned = pack(last);
  const buffers = [aligned.left, aligned.right, aligned.rows, aligned.similarity].map(({ buffer }) => buffer);
  return scope.postMessage({ aligned, commonText: commonPrefix(left, right) }, buffers);
});
