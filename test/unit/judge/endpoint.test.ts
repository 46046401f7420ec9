import assert from 'node:assert/strict';
import { checkedKey, checkedUrl, Endpoint, EndpointError } from '../../../server/judge/endpoint.ts';
import { answer, JudgeEndpoint, refuse, type Behaviour } from '../../support/judge-endpoint.ts';

const KEY = 'sk-secret-0123456789';
const messages = [{ role: 'user' as const, content: 'Label.' }];

async function withEndpoint(
  behave: Behaviour,
  work: (
    ask: (signal?: AbortSignal) => ReturnType<Endpoint['ask']>,
    server: JudgeEndpoint,
    retries: string[],
  ) => Promise<void>,
  options: { timeoutMs?: number; key?: string | null } = {},
): Promise<void> {
  const server = await JudgeEndpoint.start(behave);
  const retries: string[] = [];
  try {
    const endpoint = new Endpoint({
      ...{ url: server.url, model: 'm', maxTokens: 100, key: KEY, backoffMs: 5, timeoutMs: 2000 },
      ...options,
      onRetry: (why) => retries.push(why),
    });
    await work((signal = new AbortController().signal) => endpoint.ask(messages, signal), server, retries);
  } finally {
    await server.close();
  }
}

const fails = async (asked: Promise<unknown>): Promise<EndpointError> => {
  const error = await asked.then(
    () => assert.fail('it was answered'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof EndpointError, String(error));
  return error;
};

describe('judge: endpoint', () => {
  it('asks for one completion that is not streamed, with the key, and gives text and tokens', () =>
    withEndpoint(
      () => 'labels',
      async (ask, server) => {
        const { text, input, output } = await ask();
        assert.deepEqual([text, typeof input, typeof output], ['labels', 'number', 'number']);
        const { url, headers, body } = server.asked[0]!;
        assert.deepEqual([url, headers.authorization], ['/v1/chat/completions', `Bearer ${KEY}`]);
        assert.deepEqual(body, { model: 'm', messages, stream: false, max_tokens: 100, temperature: 0 });
      },
    ));

  it('sends no header of authority without a key', () =>
    withEndpoint(
      () => '',
      async (ask, server) => {
        await ask();
        assert.equal(server.asked[0]!.headers.authorization, undefined);
      },
      { key: null },
    ));

  it('waits as long as it is told to, all of its questions together', () =>
    withEndpoint(
      (_, response, n) => (n === 1 ? refuse(response, 429, 'slow down', { 'retry-after': '1' }) : 'labels'),
      async (ask, server, retries) => {
        const began = performance.now();
        const first = ask();
        while (server.asked.length === 0 || retries.length === 0)
          await new Promise((resolve) => setTimeout(resolve, 5));
        const second = ask();
        await Promise.all([first, second]);
        assert.ok(performance.now() - began >= 950, `${performance.now() - began} ms`);
        assert.deepEqual([server.asked.length, retries], [3, ['The judge answers 429: slow down']]);
      },
    ));

  it('understands a date to wait for', () =>
    withEndpoint(
      (_, response, n) =>
        n === 1
          ? refuse(response, 503, 'busy', { 'retry-after': new Date(Date.now() + 1900).toUTCString() })
          : 'labels',
      async (ask) => {
        const began = performance.now();
        await ask();
        assert.ok(performance.now() - began >= 700, `${performance.now() - began} ms`);
      },
    ));

  it('asks again what is broken, cut off, half closed or no completion', async () => {
    const broken: Behaviour[] = [
      (_, response) => refuse(response, 500, 'oops'),
      (_, response) => (response.socket?.destroy(), null),
      (_, response) => (
        response.writeHead(200, { 'content-length': '1000' }),
        response.write('{"choi'),
        setTimeout(() => response.socket?.end(), 20),
        null
      ),
      (_, response) => (response.end('<html>502</html>'), null),
      (_, response) => (response.end(''), null),
      (_, response) => (response.end('{"choices":[]}'), null),
      (_, response) => (response.end('{"choices":[{"message":null}]}'), null),
      (_, response) => (response.end('null'), null),
      (_, response) => (response.end('x'.repeat(5 * 2 ** 20)), null),
    ];
    for (const behave of broken)
      await withEndpoint(
        (asked, response, n) => (n <= 2 ? behave(asked, response, n) : 'labels'),
        async (ask, server) => {
          assert.equal((await ask()).text, 'labels');
          assert.equal(server.asked.length, 3);
        },
      );
  });

  it('learns what a model takes once, also where several questions are under way', () => {
    // All four have been sent before the first refusal is read.
    const waiting: (() => void)[] = [];
    const others: Behaviour = async ({ body }, response) => {
      if (!('max_tokens' in body)) return 'labels';
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 4) for (const go of waiting) go();
      });
      return refuse(response, 400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.");
    };
    return withEndpoint(others, async (ask) => {
      const said = await Promise.all([ask(), ask(), ask(), ask()]);
      assert.deepEqual(
        said.map(({ text }) => text),
        ['labels', 'labels', 'labels', 'labels'],
      );
    });
  });

  it('says no part of the key where a message is cut within it', () =>
    withEndpoint(
      (_, response) => refuse(response, 401, `${'x'.repeat(290)} ${KEY} is no key`),
      async (ask) => {
        const { message } = await fails(ask());
        assert.doesNotMatch(message, /sk-se/);
      },
    ));

  it('gives up after six tries, and says why', () =>
    withEndpoint(
      (_, response) => refuse(response, 500, 'oops'),
      async (ask, server) => {
        const { message, fatal } = await fails(ask());
        assert.deepEqual(
          [message, fatal, server.asked.length],
          ['The judge answers 500: oops (after 6 tries)', false, 6],
        );
      },
    ));

  it('does not wait for one that never answers, or drips', async () => {
    const silent: Behaviour[] = [
      () => null,
      (_, response) => {
        const drip = setInterval(() => response.write(' '), 20);
        response.once('close', () => clearInterval(drip));
        return null;
      },
    ];
    for (const behave of silent)
      await withEndpoint(
        (asked, response, n) => (n === 1 ? behave(asked, response, n) : 'labels'),
        async (ask, _server, retries) => {
          assert.equal((await ask()).text, 'labels');
          assert.match(retries[0]!, /does not answer within 0\.2 s/);
        },
        { timeoutMs: 200 },
      );
  });

  it('follows no redirect', () =>
    withEndpoint(
      () => 'elsewhere',
      async (_ask, elsewhere) =>
        withEndpoint(
          (_, response) => (
            response.writeHead(307, { location: `${elsewhere.url}/chat/completions` }),
            response.end(),
            null
          ),
          async (ask) => {
            const { message, fatal } = await fails(ask());
            assert.deepEqual(
              [message, fatal],
              ["The judge's address sends elsewhere (307), which is not followed.", true],
            );
            assert.equal(elsewhere.asked.length, 0);
          },
        ),
    ));

  it('takes a refusal for good at once, and never repeats the key', () =>
    withEndpoint(
      (_, response) => refuse(response, 401, `Incorrect key ${KEY}\u001b[31m\nprovided`),
      async (ask, server) => {
        const { message, fatal } = await fails(ask());
        assert.deepEqual([fatal, server.asked.length], [true, 1]);
        assert.equal(message, 'The judge answers 401: Incorrect key ••• [31m provided');
      },
    ));

  it('gives up a question that is refused, not the job', () =>
    withEndpoint(
      (_, response) => refuse(response, 400, 'maximum context length'),
      async (ask, server) => {
        assert.deepEqual([(await fails(ask())).fatal, server.asked.length], [false, 1]);
      },
    ));

  it('learns which parameters a model takes', () =>
    withEndpoint(
      ({ body }, response) => {
        if ('max_tokens' in body)
          return refuse(response, 400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.");
        if ('temperature' in body) return refuse(response, 400, "'temperature' does not support 0 with this model.");
        return 'labels';
      },
      async (ask, server) => {
        await ask();
        await ask();
        assert.equal(server.asked.length, 4);
        assert.deepEqual(server.asked[3]!.body, { model: 'm', messages, stream: false, max_completion_tokens: 100 });
      },
    ));

  it('reads texts in parts, and takes a refusal or a mere thought for no text', async () => {
    const contents: [unknown, string][] = [
      [[{ type: 'text', text: '{"1"' }, { type: 'text', text: ': []}' }, null, { type: 'image' }], '{"1": []}'],
      [null, ''],
      [undefined, ''],
      [7, ''],
    ];
    for (const [content, text] of contents)
      await withEndpoint(
        (_, response) => (answer(response, content), null),
        async (ask) => assert.equal((await ask()).text, text),
      );
  });

  it('says which answer ends at the limit of tokens', () =>
    withEndpoint(
      (_, response, n) => (answer(response, 'half', 0, n === 1 ? 'length' : 'stop'), null),
      async (ask) => assert.deepEqual([(await ask()).cut, (await ask()).cut], [true, false]),
    ));

  it('ends at once when it is stopped, in a request and while it waits', async () => {
    const waiting: Behaviour[] = [() => null, (_, response) => refuse(response, 429, '', { 'retry-after': '60' })];
    for (const behave of waiting)
      await withEndpoint(
        behave,
        async (ask, server) => {
          const stop = new AbortController();
          const asked = ask(stop.signal);
          while (server.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
          setTimeout(() => stop.abort(new Error('enough')), 30);
          const began = performance.now();
          await assert.rejects(asked);
          assert.ok(performance.now() - began < 1000);
        },
        { timeoutMs: 30_000 },
      );
  });

  it('says that nobody is there', async () => {
    const gone = await JudgeEndpoint.start(() => '');
    const { url } = gone;
    await gone.close();
    const endpoint = new Endpoint({ url, model: 'm', maxTokens: 1, key: null, backoffMs: 1 });
    const { message } = await fails(endpoint.ask(messages, new AbortController().signal));
    assert.equal(message, `The judge at ${url} cannot be reached: ECONNREFUSED (after 6 tries)`);
  });

  it('takes an address of http or https alone, without a place for secrets', () => {
    assert.equal(checkedUrl('https://api.example.com/v1/'), 'https://api.example.com/v1');
    assert.equal(checkedUrl('http://[::1]:8000'), 'http://[::1]:8000');
    for (const bad of [
      '',
      'api.example.com/v1',
      'file:///etc/passwd',
      'ftp://x/v1',
      'https://a:b@x/v1',
      'https://x/v1?key=1',
      'https://x/v1#k',
      'javascript:1',
    ])
      assert.throws(() => checkedUrl(bad), /The judge's address/, bad);
    assert.equal(checkedKey(' sk-1 \n'), 'sk-1');
    for (const bad of ['', '  ', 'sk 1', 'sk\n1', 'schlüssel'])
      assert.throws(
        () => checkedKey(bad),
        (e: Error) => !bad.trim() || !e.message.includes(bad),
      );
  });
});
