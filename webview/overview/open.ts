/** Which traces stand behind a mark of the overview. Pure. */
import type { Cell, Checkpoint } from '../../core/protocol/overview.ts';
import type { TraceSide } from '../../core/protocol/comparison.ts';
import type { TraceFilter } from '../../core/protocol/traces.ts';
import type { View } from '../../core/protocol/webview.ts';

/** A run's series: what every panel of the page is of. */
export interface Place {
  run: string;
  name: string;
  set: string | null;
  stage: string | null;
  checkpoints: readonly Checkpoint[];
  /** The stage has traces of benchmarks beside these, which name none. */
  mixed: boolean;
  /** Traces may still be written: figures are of finished ones. */
  going: boolean;
}

/** As the methods of the service name a series. */
export function seriesRef({ run, set, stage }: Place): { run: string; set?: string; stage?: string } {
  return { run, ...(set !== null && { set }), ...(set === null && stage !== null && { stage }) };
}

/** All traces of the series. */
export function seriesFilter({ run, set, stage, mixed, going }: Place): TraceFilter {
  return {
    run,
    ...(set !== null ? { set } : stage !== null && { stage, ...(mixed && { set: null }) }),
    ...(going && { live: false }),
  };
}

export function checkpointFilter(place: Place, { stage, of, marker, stepFrom, stepTo }: Checkpoint): TraceFilter {
  const marked = place.checkpoints.some((one) => one.marker !== null);
  // What names no stage or step is told apart from what does.
  const beside = place.checkpoints.filter((one) => one.stage === stage);
  const named = of !== null || beside.some((one) => one.of !== null);
  const stepped = beside.some((one) => one.stepFrom !== null);
  return {
    ...seriesFilter(place),
    stage,
    ...(named && { of }),
    ...(marked && { marker }),
    ...(stepFrom === stepTo ? stepped && { step: stepFrom } : { stepFrom: stepFrom ?? 0, stepTo: stepTo! }),
  };
}

/** The side of a comparison; null where several steps stand together. */
export function sideOfCheckpoint(place: Place, checkpoint: Checkpoint): TraceSide | null {
  const { stage, of, set, marker, stepFrom, stepTo } = checkpoint;
  if (stepFrom !== stepTo) return null;
  const marked = place.checkpoints.some((one) => one.marker !== null);
  return {
    ...{ run: place.run, stage, step: stepFrom },
    ...(of !== null && { of }),
    ...(set !== null && { set }),
    ...(marked && { marker }),
  };
}

export function tracesView(place: Place, what: string, filter: TraceFilter, query?: string): View {
  return { page: 'inspector', title: `${what} · ${place.name}`, filter, ...(query && { query }) };
}

/** `3 of 8 right`, with what was not judged. */
export function cellWords(cell: Cell | null): string {
  if (!cell) return 'no traces';
  const [right, judged, traces] = cell;
  if (judged === 0) return `${traces} not judged`;
  return `${right} of ${judged} right${traces > judged ? `, ${traces - judged} not judged` : ''}`;
}

export const cellText = (cell: Cell | null): string => (!cell ? '' : cell[1] === 0 ? '?' : `${cell[0]}/${cell[1]}`);
