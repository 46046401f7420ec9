/** Traces as rows for other programs: TRL's `prompt` and `completion`, and beside them what is known of each. */
import type { Backend } from '../../core/protocol/client.ts';
import { SLICE_LIMIT } from '../../core/protocol/methods.ts';
import type { TraceDetail } from '../../core/protocol/traces.ts';
import type { Sampling } from '../../core/protocol/events.ts';

export interface ExportRow {
  /** As the model saw it; the problem where nothing else is known. */
  prompt: string;
  completion: string;
  problem: string;
  problem_id: string | null;
  trace_id: string;
  run_id: string;
  stage: string;
  step: number | null;
  epoch: number | null;
  sample_index: number;
  group_id: string | null;
  set: string | null;
  /** As the completion states it. */
  answer: string | null;
  gold: string | null;
  correct: boolean | null;
  /** Who said so, with its version: a reader or a re-score before the checker. */
  checker: string | null;
  n_tokens: number | null;
  /** True: counted by the model's tokenizer. */
  n_tokens_exact: boolean;
  finish_reason: string | null;
  rewards: Record<string, number | null>;
  reward: number | null;
  advantage: number | null;
  model: string | null;
  marker: string | null;
  sampling: Sampling | null;
}

/** The traces of a run that fit a query (of `traces/page`), one at a time, in the order in which they were written; those that are still written are left out. */
export async function* exportRows(
  backend: Pick<Backend, 'call'>,
  run: string,
  query?: string,
): AsyncGenerator<ExportRow> {
  let cursor: string | undefined;
  do {
    const page = await backend.call('traces/page', {
      filter: { run, live: false },
      ...(query !== undefined && { query }),
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { trace } of page.rows) {
      const detail = await backend.call('traces/get', { trace });
      const prompt = detail.promptLength > 0 ? await wholeText(backend, trace, 'prompt') : detail.problemText;
      yield rowOf(detail, prompt, await wholeText(backend, trace, 'completion'));
    }
    cursor = page.next;
  } while (cursor !== undefined);
}

async function wholeText(
  backend: Pick<Backend, 'call'>,
  trace: string,
  part: 'prompt' | 'completion',
): Promise<string> {
  let text = '';
  for (;;) {
    const slice = await backend.call('traces/slice', {
      trace,
      in: part,
      start: text.length,
      end: text.length + SLICE_LIMIT,
    });
    text += slice.text;
    if (slice.text === '' || text.length >= slice.length) return text;
  }
}

function rowOf(trace: TraceDetail, prompt: string, completion: string): ExportRow {
  const { facts } = trace;
  const verdict = trace.reader ?? trace.rescored ?? trace.verdictBy;
  const known = verdict?.value === 'right' || verdict?.value === 'wrong';
  return {
    prompt,
    completion,
    problem: trace.problemText,
    problem_id: trace.sourceId,
    trace_id: trace.trace,
    run_id: trace.run,
    stage: trace.stage,
    step: trace.step,
    epoch: trace.epoch,
    sample_index: trace.sample,
    group_id: trace.group,
    set: trace.set,
    answer: trace.answerFound?.text ?? null,
    gold: trace.gold,
    correct: known ? verdict.value === 'right' : null,
    checker: verdict ? `${verdict.checker} ${verdict.version}` : null,
    n_tokens: trace.tokens,
    n_tokens_exact: trace.tokensExact,
    finish_reason: trace.finish,
    rewards: facts.rewards ?? {},
    reward: trace.reward,
    advantage: trace.advantage,
    model: trace.model,
    marker: trace.marker,
    sampling: trace.sampling,
  };
}
