/** Verdicts and what decided over an answer, for the pages without a service: as the service has them. */
import { candidates } from '../../core/answers/extract.ts';
import { normalisationSteps, quickCheck } from '../../core/answers/quick-check.ts';
import type { TraceAnswers } from '../../core/protocol/audit.ts';
import type { GivenVerdict, JournalEvent } from '../../core/protocol/files.ts';
import type { EventBatch, Result } from '../../core/protocol/methods.ts';
import type { FakeTrace } from './fake-host.ts';

/** A reader's word: it counts, and the journal tells of it. */
export function judge(
  { detail }: FakeTrace,
  verdict: GivenVerdict | null,
): { result: Result<'traces/judge'>; batch: EventBatch } {
  const before = (detail.reader?.value ?? null) as GivenVerdict | null;
  const own = detail.verdictBy ?? detail.quick;
  const version = String(Number(detail.reader?.version ?? 0) + 1);
  detail.reader = verdict && {
    value: verdict,
    checker: 'reader',
    version,
    by: 'anna',
    t: 1_763_800_000_000,
    before: own,
  };
  detail.verdict = verdict ?? own?.value ?? null;
  const { run, stage, attempt, trace } = detail;
  const event: JournalEvent = {
    ...{ v: 1, seq: 0, t: 0, type: 'verdict_given', run, stage, attempt, verdict, by: 'anna', before: own },
    trace: Number(trace.split('/').at(-1)),
  };
  return {
    result: { verdict: detail.verdict, reader: detail.reader, before },
    batch: { stream: 'journal', events: [event] },
  };
}

export function answersOf({ detail, completion }: FakeTrace): TraceAnswers {
  const { gold, answerFound, reader, rescored, verdictBy, quick } = detail;
  return {
    trace: detail.trace,
    length: completion.length,
    candidates: candidates(completion).map(({ section, ...one }) => ({
      ...one,
      in: section,
      value: gold === null ? null : quickCheck(gold, one.text).value,
      extracted: one.start === answerFound?.start,
    })),
    moreCandidates: 0,
    gold,
    goldSteps: gold === null ? [] : normalisationSteps(gold),
    answerSteps: answerFound ? normalisationSteps(answerFound.text) : [],
    verdicts: [reader, rescored, verdictBy, quick].filter((one) => one !== null),
  };
}
