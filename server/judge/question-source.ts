/** From a trace to the questions about it. */
import { question, PROMPT_VERSION, type Message } from '../../core/judge/prompt.ts';
import { stretches, type Stretch } from '../../core/judge/stretches.ts';
import { SLICE_LIMIT } from '../../core/protocol/methods.ts';
import { steps, type Step } from '../../core/traces/steps.ts';
import type { TraceStore } from '../store/trace-store.ts';
import { judgeKey, questionKey, type JudgeIdentity } from './cache.ts';

/** Of a longer completion the beginning is judged. UTF-16 units: some 300,000 tokens. */
export const TEXT_LIMIT = 2 ** 20;

export interface Question {
  stretch: Stretch;
  messages: Message[];
  key: string;
}

export interface TraceQuestions {
  trace: string;
  text: string;
  steps: Step[];
  cut: Stretch[];
  /** One for each of `cut`, made when it is asked for. */
  question: (index: number) => Question;
}

/** Who is asked, as answers are kept under it. */
export interface Judge extends JudgeIdentity {
  key: string;
}

export function judgeOf(identity: Omit<JudgeIdentity, 'prompt'>): Judge {
  const whole = { ...identity, prompt: PROMPT_VERSION };
  return { ...whole, key: judgeKey(whole) };
}

/** @throws LonghandError `corrupt` where the text is gone, `not_found` */
export async function questionsOf(
  store: Pick<TraceStore, 'read'>,
  trace: string,
  judge: Judge,
): Promise<TraceQuestions> {
  const { problemText } = await store.read('traces/get', { trace });
  let text = '';
  while (text.length < TEXT_LIMIT) {
    const end = Math.min(TEXT_LIMIT, text.length + SLICE_LIMIT);
    const slice = await store.read('traces/slice', { trace, in: 'completion', start: text.length, end });
    text += slice.text;
    if (slice.text === '' || text.length >= slice.length) break;
  }
  const all = steps(text);
  const cut = stretches(all);
  return {
    ...{ trace, text, steps: all, cut },
    question: (index) => {
      const stretch = cut[index]!;
      const messages = question(text, all, stretch, problemText);
      return { stretch, messages, key: questionKey(judge.key, messages) };
    },
  };
}
