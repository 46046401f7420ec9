/** What judging a selection would take, before anything is sent. */
import { answerTokens, costOf, questionTokens } from '../../core/judge/cost.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { JudgeEndpoint, JudgeEstimate, JudgeSelection } from '../../core/protocol/judge.ts';
import type { TraceStore } from '../store/trace-store.ts';
import type { AnswerCache } from './cache.ts';
import { chooseTraces } from './choose.ts';
import { questionsOf, TEXT_LIMIT, type Judge } from './question-source.ts';
import type { JudgedRecords } from './records.ts';

/** Texts that are read for an estimate; the others are taken to be like them, by their length. */
const READ = 200;
/** Where nothing is known of a model: seconds until its answer begins, and tokens a second of one answer. */
const ASSUMED_START_S = 2;
const ASSUMED_RATE = 40;

export interface Known {
  store: Pick<TraceStore, 'read' | 'sliced'>;
  cache: AnswerCache;
  records: JudgedRecords;
}

export async function estimate(
  { store, cache, records }: Known,
  judge: Judge,
  endpoint: JudgeEndpoint,
  selection: JudgeSelection,
): Promise<JudgeEstimate> {
  const { fitting, chosen } = await chooseTraces(store, selection);
  const isNew = ({ trace, length }: (typeof chosen)[number]) =>
    selection.again === true || !isJudged(records, trace, judge, length);
  const asked = chosen.filter(isNew);
  const sums = { stretches: 0, cached: 0, input: 0, output: 0 };
  let [read, unitsRead] = [0, 0];
  for (const { trace, length } of asked.slice(0, READ)) {
    const questions = await questionsOf(store, trace, judge).catch((error: unknown) => {
      if (LonghandError.is(error, 'corrupt')) return null;
      throw error;
    });
    if (!questions) continue;
    read += 1;
    unitsRead += Math.min(length, TEXT_LIMIT);
    for (const [i, stretch] of questions.cut.entries()) {
      const { messages, key } = questions.question(i);
      sums.stretches += 1;
      if (selection.again !== true && cache.has(key)) sums.cached += 1;
      else {
        sums.input += questionTokens(messages);
        sums.output += Math.min(judge.maxTokens, answerTokens(stretch));
      }
    }
  }
  const units = asked.reduce((sum, { length }) => sum + Math.min(length, TEXT_LIMIT), 0);
  const scale = asked.length > READ && unitsRead > 0 ? units / unitsRead : 1;
  const of = (value: number) => Math.round(value * scale);
  const sent = of(sums.stretches) - of(sums.cached);
  const tokens = { input: of(sums.input), output: of(sums.output) };
  const most = { input: tokens.input, output: sent * judge.maxTokens };
  const pace = cache.pace(judge.key);
  const each = pace ? pace.ms / pace.n / 1000 : ASSUMED_START_S + tokens.output / Math.max(1, sent) / ASSUMED_RATE;
  return {
    fitting,
    traces: chosen.length,
    judged: chosen.length - asked.length,
    stages: [...Map.groupBy(chosen, ({ stage }) => stage)].map(([stage, rows]) => ({ stage, traces: rows.length })),
    stretches: of(sums.stretches),
    cached: of(sums.cached),
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    outputTokensMost: most.output,
    cost: costOf(tokens, endpoint.price),
    costMost: costOf(most, endpoint.price),
    seconds: (sent * each) / (endpoint.concurrency ?? 1),
    secondsFrom: pace ? 'answers' : 'assumed',
    read,
  };
}

/** This very judge has said something of the text as it is. */
export function isJudged(records: JudgedRecords, trace: string, judge: Judge, length: number): boolean {
  return records.of(trace).some((place) => place.key === judge.key && place.length === Math.min(length, TEXT_LIMIT));
}
