import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { connectBackend } from '../../../core/protocol/client.ts';
import { openPeer } from '../../../core/protocol/connection.ts';
import { LonghandError, type ErrorCode } from '../../../core/protocol/errors.ts';
import { PROTOCOL_MAJOR, type Methods, type Notifications } from '../../../core/protocol/methods.ts';
import { socketPort } from '../../../core/protocol/socket-port.ts';
import { isGone, rehearsalPython, temporaryFolder, TestService, until } from '../../support/service.ts';

const code = (expected: ErrorCode) => (error: unknown) =>
  LonghandError.is(error, expected) || assert.fail(`expected ${expected}, got ${String(error)}`);
const open = (url: string, options: object) => new WebSocket(url, options);

describe('the door of the service', () => {
  const root = temporaryFolder('door');
  const service = new TestService(root, rehearsalPython(join(root, 'bin')));
  before(() => service.start());
  after(() => service.dispose());

  /** A socket that has the token and has not said hello. */
  async function rawPeer() {
    const { url, token } = service.discovery!;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    await new Promise((resolve) => socket.once('open', resolve));
    return { socket, peer: openPeer<Methods, Notifications>(socketPort(socket)) };
  }

  it('says who it is', async () => {
    const backend = await service.connect();
    assert.equal(backend.hello.major, PROTOCOL_MAJOR);
    assert.equal(backend.hello.root, root);
    assert.equal(backend.hello.pid, service.pid);
    backend.close();
  });

  it('keeps its secrets from other users', () => {
    for (const name of ['service.json', 'token', 'service.log', 'service.lock']) {
      assert.equal(statSync(join(root, name)).mode & 0o077, 0, name);
    }
  });

  it('refuses a wrong token, no token, and a token in the address', async () => {
    const { url, token } = service.discovery!;
    const connect = (to: string, given: string) => connectBackend({ url: to, token: given, client: 'test', open });
    await assert.rejects(connect(url, 'wrong'), code('unauthorized'));
    await assert.rejects(connect(url, ''), code('unauthorized'));
    await assert.rejects(connect(`${url}/?token=${token}`, 'wrong'), code('unauthorized'));
  });

  it('refuses browsers and foreign host names even with the token', async () => {
    const { url, token } = service.discovery!;
    for (const headers of [{ origin: 'http://127.0.0.1' }, { origin: 'null' }, { host: 'evil.example' }]) {
      const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}`, ...headers } });
      socket.on('error', () => undefined);
      const status = await new Promise((resolve) => {
        socket.once('unexpected-response', (_, response) => resolve(response.statusCode));
        socket.once('open', () => resolve('open'));
      });
      assert.equal(status, 403, JSON.stringify(headers));
      socket.terminate();
    }
  });

  it('tells a client of another major version what it speaks, and answers nothing before hello', async () => {
    const { peer } = await rawPeer();
    await assert.rejects(peer.call('runs/list', {}), code('incompatible'));
    await assert.rejects(
      peer.call('service/hello', { major: PROTOCOL_MAJOR + 1, client: 'test' }),
      (error) => code('incompatible')(error) && (error as LonghandError).message.includes(`version ${PROTOCOL_MAJOR}`),
    );
    await assert.rejects(peer.call('runs/list', {}), code('incompatible'));
    peer.close();
  });

  it('names what is wrong with a request, and goes on', async () => {
    const backend = await service.connect();
    const call = (method: string, params: unknown) => backend.call(method as 'runs/get', params as { run: string });
    await assert.rejects(call('runs/get', { run: '../../etc' }), code('invalid_params'));
    await assert.rejects(call('runs/get', {}), (error) => code('invalid_params')(error) && /run:/.test(String(error)));
    await assert.rejects(
      call('traces/slice', { trace: 'a/b/1/2', in: 'prompt', start: -1, end: 2 }),
      code('invalid_params'),
    );
    await assert.rejects(call('runs/everything', {}), code('unknown_method'));
    await assert.rejects(call('runs/get', { run: 'none-12345678' }), code('not_found'));
    assert.deepEqual((await backend.call('runs/list', {})).runs, []);
    backend.close();
  });

  it('closes on what is no message, and lives on', async () => {
    for (const send of [
      (s: WebSocket) => s.send('{'),
      (s: WebSocket) => s.send(Buffer.alloc(10)),
      (s: WebSocket) => s.send('x'.repeat(17 * 2 ** 20)),
    ]) {
      const { socket, peer } = await rawPeer();
      send(socket);
      assert.equal(LonghandError.is(await peer.closed, 'disconnected'), true);
    }
    const backend = await service.connect();
    backend.close();
  });

  it('refuses a second service of the root, a port that is taken, and an address that others can reach', async () => {
    const second = new TestService(root, 'python3');
    await assert.rejects(
      second.start(),
      (error) => /belongs to process \d+/.test(String(error)) && /code 1/.test(String(error)),
    );
    assert.equal(service.discovery?.pid, service.pid, "the first one's discovery file stays");

    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const other = temporaryFolder('door');
    await assert.rejects(
      new TestService(other, 'python3', ['--port', String(port)]).start(),
      /Port \d+ on 127.0.0.1 is taken/,
    );
    taken.close();
    await assert.rejects(new TestService(other, 'python3', ['--host', '0.0.0.0']).start(), /ssh -L/);
    // Neither left the root locked.
    const third = await new TestService(other, 'python3').start();
    await third.dispose();
  });

  it('takes over the root of a service that was killed', async () => {
    const folder = temporaryFolder('door');
    const first = await new TestService(folder, 'python3').start();
    await first.kill('SIGKILL');
    const second = await new TestService(folder, 'python3').start();
    await second.dispose();
    assert.equal(second.discovery, null, 'a clean end leaves no discovery file');
  });

  it('ends by itself when nobody needs it', async () => {
    const folder = temporaryFolder('door');
    const idle = await new TestService(folder, 'python3', ['--idle-minutes', '0.02']).start();
    const pid = idle.pid;
    await until(() => idle.discovery === null, 'the service ends', 20_000);
    await until(() => isGone(pid), 'the process ends');
  });
});
