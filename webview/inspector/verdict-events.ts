/** Which events of the journal change which verdicts. Pure. */
import type { StreamEvent } from '../../core/protocol/methods.ts';

/** The trace of which a reader has said something, or null. */
export const verdictOf = (event: StreamEvent): string | null =>
  event.type === 'verdict_given' ? `${event.run}/${event.stage}/${event.attempt}/${event.trace}` : null;

/** True when the verdict of a trace may have changed with it. */
export const isVerdictOf = (event: StreamEvent, trace: string): boolean =>
  event.type === 'rescored' || event.type === 'rescore_undone'
    ? trace.startsWith(`${event.run}/`)
    : verdictOf(event) === trace;
