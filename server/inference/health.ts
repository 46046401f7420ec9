/** Whether an inference server answers: its health page, the name of its model, then one real completion of one token. */

export interface Address {
  /** With `/v1`. */
  url: string;
  key: string | null;
}

export interface Until {
  signal: AbortSignal;
  /** Milliseconds since 1970 after which no request waits. */
  deadline: number;
}

type Asked = Address & Until;

/** `not_yet`: nobody listens or it still loads. `refused`: it answers and will not serve this model. */
export type Answer =
  { state: 'ready'; model: string } | { state: 'not_yet'; why: string } | { state: 'refused'; why: string };

const QUICK_MS = 10_000;
/** The first completion may compile kernels. */
const COMPLETION_MS = 300_000;
const SAID_LIMIT = 2000;

/**
 * Asks a server once. A server that is healthy and dies at the first request is not ready, which is why one is made.
 *
 * @param model what requests call the model, unless the server lists others only
 */
export async function ask(target: Address, model: string, until: Until): Promise<Answer> {
  const address = { ...target, ...until };
  try {
    const health = await request(address, healthUrl(address.url), undefined, QUICK_MS);
    // What has no health page is asked for its models alone.
    if (!health.ok && health.status !== 404)
      return { state: 'not_yet', why: `its health page answers ${health.status}` };
    const name = await modelName(address, model);
    if (name === null) return { state: 'not_yet', why: 'it does not list its models yet' };
    return await complete(address, name);
  } catch (error) {
    return { state: 'not_yet', why: causeOf(error) };
  }
}

/** Has our own server serve another checkpoint, while it works. Why it did not, or null. */
export async function changeCheckpoint(
  address: Address,
  checkpoint: string,
  signal: AbortSignal,
): Promise<string | null> {
  const asked = { ...address, signal, deadline: Date.now() + COMPLETION_MS };
  const url = `${address.url.replace(/\/v1$/, '')}/longhand/checkpoint`;
  try {
    const said = await request(asked, url, { model: checkpoint }, COMPLETION_MS);
    return said.ok ? null : `${checkpoint} cannot be served (${said.status}): ${said.text.slice(0, SAID_LIMIT).trim()}`;
  } catch (error) {
    return causeOf(error);
  }
}

async function modelName(address: Asked, model: string): Promise<string | null> {
  const listed = await request(address, `${address.url}/models`, undefined, QUICK_MS);
  if (!listed.ok) return listed.status === 404 || listed.status === 500 ? model : null;
  const ids = idsOf(listed.text);
  return ids.length === 0 || ids.includes(model) ? model : ids[0]!;
}

function idsOf(text: string): string[] {
  try {
    const { data } = JSON.parse(text) as { data?: { id?: unknown }[] };
    return (Array.isArray(data) ? data : []).flatMap(({ id }) => (typeof id === 'string' ? id : []));
  } catch {
    return [];
  }
}

async function complete(address: Asked, model: string): Promise<Answer> {
  const asked = { model, max_tokens: 1, temperature: 0 };
  let said = await request(address, `${address.url}/completions`, { ...asked, prompt: '1' }, COMPLETION_MS);
  if (said.status === 404 || said.status === 405) {
    const messages = [{ role: 'user', content: '1' }];
    said = await request(address, `${address.url}/chat/completions`, { ...asked, messages }, COMPLETION_MS);
  }
  if (said.ok) return { state: 'ready', model };
  const why = `a completion of one token was answered with ${said.status}: ${said.text.slice(0, SAID_LIMIT).trim()}`;
  return { state: said.status === 503 || said.status === 429 ? 'not_yet' : 'refused', why };
}

async function request(address: Asked, url: string, body: object | undefined, limitMs: number) {
  const limit = Math.max(1, Math.min(limitMs, address.deadline - Date.now()));
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: {
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(address.key === null ? {} : { authorization: `Bearer ${address.key}` }),
    },
    body: body ? JSON.stringify(body) : null,
    signal: AbortSignal.any([address.signal, AbortSignal.timeout(limit)]),
    redirect: 'error',
  });
  return { ok: response.ok, status: response.status, text: await response.text() };
}

const healthUrl = (url: string): string => `${url.replace(/\/v1$/, '')}/health`;

function causeOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return 'it does not answer';
  return cause?.code ?? cause?.message ?? message;
}
