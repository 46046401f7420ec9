import assert from 'node:assert/strict';
import 'vscode-jsonrpc/node';
import { openPeer, type MessagePort, type PeerOptions } from '../../../../core/protocol/connection.ts';
import { LonghandError, type ErrorCode } from '../../../../core/protocol/errors.ts';

interface Service {
  add: { params: { a: number; b: number }; result: { sum: number } };
  wait: { params: Record<string, never>; result: { aborted: boolean } };
  count: { params: { to: number }; result: { done: boolean }; progress: { at: number } };
  fail: { params: { how: string }; result: Record<string, never> };
}
interface News {
  tick: { n: number };
}

/** A listener that nobody has set yet. */
const nobody: (value: never) => void = () => undefined;

/** Two ports that are each other's other end; messages travel as JSON text, as on a socket. */
function pair(): [MessagePort, MessagePort] {
  const ends = [0, 1].map(() => ({ onMessage: nobody, onClose: nobody }));
  const port = (here: number): MessagePort => ({
    send: (message) => {
      const text = JSON.stringify(message);
      setImmediate(() => ends[1 - here]!.onMessage(JSON.parse(text) as never));
    },
    onMessage: (listener) => void (ends[here]!.onMessage = listener),
    onClose: (listener) => void (ends[here]!.onClose = listener),
    close: () => setImmediate(() => ends.forEach((end) => end.onClose(null as never))),
  });
  return [port(0), port(1)];
}

function setUp(options: Partial<PeerOptions<Service>> = {}) {
  const [left, right] = pair();
  let aborted: () => void = () => {};
  const sawAbort = new Promise<void>((resolve) => (aborted = resolve));
  const internal: unknown[] = [];
  const server = openPeer<object, object, News, Service>(right, {
    handlers: {
      add: ({ a, b }) => ({ sum: a + b }),
      wait: (_, { signal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            aborted();
            resolve({ aborted: true });
          }),
        ),
      count: async ({ to }, { progress }) => {
        for (let at = 1; at <= to; at++) {
          await new Promise((resolve) => setTimeout(resolve, 15));
          void progress({ at });
        }
        return { done: true };
      },
      fail: ({ how }) => {
        if (how === 'coded') throw new LonghandError('not_found', 'no run r', { run: 'r' });
        if (how === 'full') throw Object.assign(new Error('write failed'), { code: 'ENOSPC' });
        throw new TypeError('a bug');
      },
    },
    onInternalError: (_, error) => internal.push(error),
    ...options,
  });
  const client = openPeer<Service, News>(left);
  return { client, server, sawAbort, internal };
}

const code = (expected: ErrorCode) => (error: unknown) => LonghandError.is(error, expected);

describe('core/protocol/connection', () => {
  it('answers a call, and hears notifications until told not to', async () => {
    const { client, server } = setUp();
    assert.deepEqual(await client.call('add', { a: 2, b: 3 }), { sum: 5 });
    const heard: number[] = [];
    const off = client.on('tick', ({ n }) => heard.push(n));
    await server.notify('tick', { n: 1 });
    await client.call('add', { a: 0, b: 0 });
    off();
    await server.notify('tick', { n: 2 });
    await client.call('add', { a: 0, b: 0 });
    assert.deepEqual(heard, [1]);
  });

  it('carries coded errors whole, and hides what is not of the registry', async () => {
    const { client, internal } = setUp();
    await assert.rejects(
      client.call('fail', { how: 'coded' }),
      (error) =>
        LonghandError.is(error, 'not_found') &&
        error.message === 'no run r' &&
        (error.detail as { run: string }).run === 'r',
    );
    await assert.rejects(client.call('fail', { how: 'full' }), code('disk_full'));
    await assert.rejects(
      client.call('fail', { how: 'bug' }),
      (e) => LonghandError.is(e, 'internal') && e.message === 'a bug',
    );
    assert.ok(internal.some((error) => error instanceof TypeError));
  });

  it('refuses an unknown method, a property of Object, and parameters that do not fit', async () => {
    const { client } = setUp({
      validate: (method, params) => {
        if (method === 'add' && typeof (params as { a: unknown }).a !== 'number') {
          throw new LonghandError('invalid_params', 'a is not a number');
        }
        return params;
      },
    });
    const call = (method: string, params: unknown) => client.call(method as 'add', params as { a: number; b: number });
    await assert.rejects(call('nothing', {}), code('unknown_method'));
    await assert.rejects(call('toString', {}), code('unknown_method'));
    await assert.rejects(call('add', { a: 'x' }), code('invalid_params'));
    await assert.rejects(call('add', [1, 2]), code('invalid_params'));
  });

  it('ends a call that is cancelled at once, and the other end hears of it', async () => {
    const { client, sawAbort } = setUp();
    const controller = new AbortController();
    const call = client.call('wait', {}, { signal: controller.signal });
    setTimeout(() => controller.abort(), 10);
    await assert.rejects(call, code('cancelled'));
    await sawAbort;
    await assert.rejects(client.call('wait', {}, { signal: AbortSignal.abort() }), code('cancelled'));
  });

  it('ends a call that gets no answer in time; progress gives it new time', async () => {
    const { client, sawAbort } = setUp();
    await assert.rejects(client.call('wait', {}, { timeout: 20 }), code('timeout'));
    await sawAbort;
    const at: number[] = [];
    const result = await client.call('count', { to: 6 }, { timeout: 60, onProgress: (p) => at.push(p.at) });
    assert.deepEqual(result, { done: true });
    assert.deepEqual(at, [1, 2, 3, 4, 5, 6]);
  });

  it('ends what is pending when the connection closes, from either side', async () => {
    const { client, server, sawAbort } = setUp();
    const call = client.call('wait', {});
    await client.call('add', { a: 1, b: 1 });
    server.close();
    await assert.rejects(call, code('disconnected'));
    await sawAbort;
    assert.equal(LonghandError.is(await client.closed, 'disconnected'), true);
    assert.equal(client.isOpen, false);
    await assert.rejects(client.call('add', { a: 1, b: 1 }), code('disconnected'));
    await server.notify('tick', { n: 1 });
  });
});
