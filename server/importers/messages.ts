/** Conversations: lists of `{role, content}` (OpenAI, TRL) or `{from, value}` (ShareGPT). */
import { isRecord } from './paths.ts';

export interface Message {
  role: string;
  text: string;
  /** Reasoning that the file keeps apart from the content. */
  reasoning: string | null;
}

const roles: Record<string, string> = { human: 'user', gpt: 'assistant', bot: 'assistant', model: 'assistant' };

/** True for a list of messages that is not empty. */
export function isMessages(value: unknown): value is Record<string, unknown>[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (m) =>
        isRecord(m) && ((typeof m.role === 'string' && 'content' in m) || (typeof m.from === 'string' && 'value' in m)),
    )
  );
}

export function toMessages(list: readonly Record<string, unknown>[]): Message[] {
  return list.map((m) => {
    const role = String(m.role ?? m.from).toLowerCase();
    return { role: roles[role] ?? role, text: contentText(m.content ?? m.value), reasoning: reasoningOf(m) };
  });
}

/** The reasoning of a message under any of the names that servers use. */
export function reasoningOf(message: Record<string, unknown>): string | null {
  for (const key of ['reasoning_content', 'reasoning', 'thinking'])
    if (typeof message[key] === 'string' && message[key] !== '') return message[key];
  return null;
}

/** Text of a content that may be a list of parts; parts that are no text are named in brackets. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return content === null || content === undefined ? '' : JSON.stringify(content);
  return content
    .map((part: unknown) => {
      if (typeof part === 'string') return part;
      if (!isRecord(part)) return '';
      return typeof part.text === 'string' ? part.text : `[${typeof part.type === 'string' ? part.type : 'part'}]`;
    })
    .join('');
}

/** Reasoning and answer as one text, in the form in which models write them. */
export function withReasoning(reasoning: string | null, answer: string): string {
  return reasoning === null ? answer : `<think>\n${reasoning}\n</think>\n\n${answer}`;
}

/** Several messages as one text, in ChatML: the template that the model saw is not in a file of messages. */
export function chatText(messages: readonly Message[]): string {
  return messages.map((m) => `<|im_start|>${m.role}\n${withReasoning(m.reasoning, m.text)}<|im_end|>\n`).join('');
}

export interface Conversation {
  /** The last request of the user before the completion. */
  problem: string;
  /** What stands before the completion; null where that is the problem alone. */
  prompt: string | null;
  /** What follows the last request; null where nothing does. */
  completion: string | null;
  /** The completion was put together from several messages or parts, so it is not verbatim. */
  composed: boolean;
}

/** Splits a conversation at the last request that an assistant answers. */
export function conversation(messages: readonly Message[]): Conversation {
  const lastAnswer = messages.findLastIndex((m) => m.role === 'assistant');
  const upTo = lastAnswer < 0 ? messages.length : lastAnswer;
  const request = messages.findLastIndex((m, i) => i < upTo && m.role === 'user');
  const before = messages.slice(0, request + 1);
  const after = lastAnswer < 0 ? [] : messages.slice(request + 1, lastAnswer + 1);
  const only = after.length === 1 ? after[0]! : null;
  return {
    problem: request < 0 ? '' : messages[request]!.text,
    prompt: before.length > 1 ? chatText(before) : null,
    completion: after.length === 0 ? null : only ? withReasoning(only.reasoning, only.text) : chatText(after),
    composed: after.length > 0 && (only === null || only.reasoning !== null),
  };
}

/**
 * The problem in a prompt that a chat template has made, or null where it is none that is known: ChatML, DeepSeek's, Llama 3's,
 * and ChatML decoded without its special tokens, as verl writes it.
 */
export function problemOfPrompt(prompt: string): string | null {
  const forms = [
    { open: '<|im_start|>user\n', close: '<|im_end|>' },
    { open: '<｜User｜>', close: '<｜Assistant｜>' },
    { open: '<|start_header_id|>user<|end_header_id|>\n\n', close: '<|eot_id|>' },
  ];
  for (const { open, close } of forms) {
    const from = prompt.lastIndexOf(open);
    if (from < 0) continue;
    const start = from + open.length;
    const end = prompt.indexOf(close, start);
    return prompt.slice(start, end < 0 ? undefined : end).trim();
  }
  if (!/^(?:system|user)\n/.test(prompt)) return null;
  const from = prompt.startsWith('user\n') ? 0 : prompt.lastIndexOf('\nuser\n') + 1;
  const end = prompt.lastIndexOf('\nassistant\n');
  return prompt.startsWith('user\n', from) && end > from ? prompt.slice(from + 5, end).trim() : null;
}
