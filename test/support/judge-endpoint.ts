/** An endpoint as OpenAI's answers, on a port of this machine: it labels by a rule that the test gives, or misbehaves as told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Message } from '../../core/judge/prompt.ts';

export interface Asked {
  url: string;
  headers: IncomingMessage['headers'];
  body: { model: string; messages: Message[]; [name: string]: unknown };
  /** The steps that are to be labelled: number and text. */
  steps: { step: number; text: string }[];
}

/** Answers or misbehaves by itself and returns null; or returns the text of a completion. */
export type Behaviour = (asked: Asked, response: ServerResponse, n: number) => string | null | Promise<string | null>;

/** Labels what a rule says of each step's text. */
export const labelling =
  (rule: (text: string) => string[]): Behaviour =>
  ({ steps }) =>
    steps.map(({ step, text }) => JSON.stringify({ [step]: rule(text) })).join('\n');

export class JudgeEndpoint {
  readonly #server: Server;
  behave: Behaviour;
  readonly asked: Asked[] = [];
  /** Requests that are being answered, and the most at once. */
  open = 0;
  most = 0;

  private constructor(behave: Behaviour) {
    this.behave = behave;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(behave: Behaviour): Promise<JudgeEndpoint> {
    const endpoint = new JudgeEndpoint(behave);
    await new Promise<void>((resolve) => endpoint.#server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.open += 1;
    this.most = Math.max(this.most, this.open);
    response.once('close', () => (this.open -= 1));
    response.on('error', () => undefined);
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text === '' ? '{"messages":[]}' : text) as Asked['body'];
    const asked = { url: request.url ?? '', headers: request.headers, body, steps: stepsIn(body.messages.at(-1)) };
    this.asked.push(asked);
    const said = await this.behave(asked, response, this.asked.length);
    if (said !== null && !response.destroyed) answer(response, said, text.length);
  }
}

export function answer(response: ServerResponse, content: unknown, characters = 0, finish = 'stop'): void {
  const usage = {
    prompt_tokens: Math.round(characters / 4),
    completion_tokens: Math.round(String(content).length / 4),
  };
  const choices = [{ index: 0, finish_reason: finish, message: { role: 'assistant', content } }];
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ id: 'x', object: 'chat.completion', choices, usage }));
}

export function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): null {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message } }));
  return null;
}

function stepsIn(message: Message | undefined): Asked['steps'] {
  const shown = message?.content.split('Steps to label').at(-1) ?? '';
  return [...shown.matchAll(/^\[(\d+)\] (.*)$/gm)].map(([, step, text]) => ({ step: Number(step), text: text! }));
}
