import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { serverFileSchema } from '../../../core/protocol/files.ts';
import { InferenceServer } from '../../../server/inference/server.ts';
import { LocalLauncher } from '../../../server/launchers/local.ts';
import { openLog } from '../../../server/log.ts';
import { processesWithEnvironment } from '../../../server/process-identity.ts';
import { enginePython, isGone, repository, stage, until } from '../../support/service.ts';
import { suiteService } from '../suite.ts';

const program = join(repository, 'test', 'support', 'completion_server.py');

describe('inference servers', () => {
  const suite = suiteService('servers');
  const { root, service } = suite;

  /** Stages that sample by one server's flags: `[id, requests, needs]`. */
  const start = async (
    stages: [string, string[]][],
    args: object,
    more: object = {},
    requests = 10,
    pause = 20,
    own = {},
  ) => {
    const inference = { engine: 'vllm', program, args, ...more };
    const env = { REQUESTS: String(requests), REQUEST_MS: String(pause), ...own };
    const lines = stages.map(([id, needs]) =>
      JSON.stringify({
        id,
        kind: 'evaluate',
        model: { builtin: 'longhand-base' },
        data: '${stages.data.test}',
        samples: 1,
        max_tokens: 8,
        needs,
        env,
        inference,
      }),
    );
    const data = '{ id: data, kind: dataset, task: { builtin: sums-mod-7, train: 8, test: 4 } }';
    const text = ['name: served', 'stages:', ...[data, ...lines].map((line) => `  - ${line}`)].join('\n');
    return suite.start(text);
  };
  const serverOf = (run: string, n = 1) =>
    serverFileSchema.parse(
      JSON.parse(readFileSync(join(root, 'runs', run, 'servers', String(n), 'server.json'), 'utf8')),
    );
  const attemptOf = (run: string, attempt = 1) => join(root, 'runs', run, 'servers', '1', `attempt-${attempt}`);
  const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
  const answers = (folder: string) => readFileSync(join(folder, 'answers.jsonl'), 'utf8').trim().split('\n');
  const nothingLeft = (run: string, attempt = 1) => {
    const { mark } = json(join(attemptOf(run, attempt), 'spec.json'));
    assert.deepEqual(processesWithEnvironment('LONGHAND_MARK', mark), []);
  };

  it('starts one server for the stages that need the same, keeps its key to itself, and leaves nothing of it', async () => {
    const run = await start(
      [
        ['a', []],
        ['b', []],
        ['c', ['a', 'b']],
      ],
      { slow: 0.5, child: true },
    );
    const done = await suite.ended(run);
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    assert.deepEqual(readdirSync(join(root, 'runs', run, 'servers')), ['1']);
    const who = new Set(['a', 'b', 'c'].flatMap((id) => answers(stage(done, id).folder)));
    assert.equal(who.size, 1, 'one process answered all');
    await until(() => serverOf(run).state === 'stopped', 'the server stops');
    assert.ok(isGone(Number([...who][0])));
    nothingLeft(run);
    const spec = json(join(stage(done, 'a').folder, 'spec.json'));
    const { url, model } = serverOf(run);
    assert.equal(model, 'shown-name', 'the name that the server lists');
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    assert.equal(spec.inference.key_env, 'LONGHAND_INFERENCE_KEY');
    const server = json(join(attemptOf(run), 'spec.json'));
    assert.equal(server.env.VLLM_API_KEY, spec.env.LONGHAND_INFERENCE_KEY);
    assert.ok(!JSON.stringify(server.command).includes(server.env.VLLM_API_KEY), 'not on a command line');
    for (const folder of [attemptOf(run), stage(done, 'a').folder]) {
      assert.equal(statSync(join(folder, 'spec.json')).mode & 0o077, 0);
    }
    assert.match(readFileSync(join(attemptOf(run), 'stdout.log'), 'utf8'), /serving .*base/);
  });

  it('outlives a service that is killed, at its start and while it is asked', async () => {
    const run = await start([['a', []]], { slow: 1.5 }, {}, 60, 50);
    await until(() => existsSync(join(attemptOf(run), 'runner.json')), 'the server is started');
    await service.kill('SIGKILL');
    await service.start();
    await suite.connect();
    const running = await suite.until(run, (s) => (stage(s, 'a').progress?.done ?? 0) >= 5);
    await service.kill('SIGKILL');
    await service.start();
    await suite.connect();
    const done = await suite.ended(run);
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    assert.equal(new Set(answers(stage(running, 'a').folder)).size, 1);
    await until(() => serverOf(run).state === 'stopped', 'the server stops');
    assert.equal(serverOf(run).attempt, 1);
    nothingLeft(run);
  });

  it('starts a server again that died, three times at most, and says why no more', async () => {
    const run = await start([['a', []]], {}, {}, 60, 50);
    const running = await suite.until(run, (s) => (stage(s, 'a').progress?.done ?? 0) >= 3);
    const { folder } = stage(running, 'a');
    const kills: string[] = [];
    const killNext = async () => {
      await until(() => serverOf(run).state === 'ready', 'the server is ready');
      await until(() => !kills.includes(answers(folder).at(-1)!), 'it answers');
      kills.push(answers(folder).at(-1)!);
      process.kill(Number(kills.at(-1)), 'SIGKILL');
    };
    await killNext();
    const { url } = serverOf(run);
    await killNext();
    await killNext();
    await until(() => serverOf(run).state === 'ready' && serverOf(run).restarts === 3, 'its last life');
    assert.equal(serverOf(run).url, url, 'the address stays');
    const done = await suite.ended(run);
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    assert.equal(answers(folder).length, 60);
    assert.equal(new Set(answers(folder)).size, 4);

    const other = await start([['a', []]], { once: join(root, 'once') }, {}, 60, 50);
    const asked = await suite.until(other, (s) => (stage(s, 'a').progress?.done ?? 0) >= 3);
    process.kill(Number(answers(stage(asked, 'a').folder)[0]), 'SIGKILL');
    const failed = await suite.ended(other);
    assert.equal(failed.state, 'failed');
    const { error } = stage(failed, 'a').attempts[0]!;
    assert.equal(error?.class, 'ServerError');
    assert.match(error?.message ?? '', /it had its life.*servers\/1\/attempt-4\/stderr\.log.*started again 3 times/s);
    assert.equal(serverOf(other).state, 'failed');
    nothingLeft(other, 4);
  });

  it('starts no run whose server cannot be started, and says so in its plan', async () => {
    const cases: [object, object, RegExp][] = [
      [{}, { program: '/nowhere/vllm' }, /There is no program \/nowhere\/vllm/],
      [{ port: 1 }, {}, /port cannot be set under inference.args/],
    ];
    for (const [args, more, message] of cases) {
      await assert.rejects(start([['a', []]], args, more), (error) => {
        return (
          LonghandError.is(error, 'not_runnable') && error.message.startsWith('a: ') && message.test(error.message)
        );
      });
    }
    const stages = [
      { id: 'data', kind: 'dataset', task: { builtin: 'sums-mod-7', train: 8, test: 4 } },
      {
        ...{ id: 'a', kind: 'evaluate', model: { builtin: 'longhand-base' }, data: '${stages.data.test}' },
        ...{ samples: 1, max_tokens: 8, inference: { engine: 'vllm', program: '/nowhere/vllm' } },
      },
    ];
    const source = { text: JSON.stringify({ name: 'planned', stages }), path: null };
    const { plan } = await suite.backend.call('recipes/plan', { source });
    assert.match(plan!.stages[1]!.notes.join(), /There is no program \/nowhere\/vllm.*inference\.program/);
  });

  it('says what is wrong with a server that never answers, dies at once or refuses', async () => {
    const cases: [object, object, RegExp][] = [
      [
        { slow: 100 },
        { start_timeout: 1.5 },
        /did not answer within 1.5 s \(its health page answers 503\).*stderr\.log/s,
      ],
      [{ frail: true }, {}, /ended before it answered.*exited with code 7.*stderr\.log/s],
      [{ refuse: true }, {}, /will not serve: .*answered with 400: .*no such model here/s],
      [{ nonsense: 1 }, {}, /exited with code 2.*unrecognized arguments: --nonsense 1/s],
    ];
    for (const [args, more, message] of cases) {
      const run = await start([['a', []]], args, more);
      const done = await suite.ended(run);
      const attempt = stage(done, 'a').attempts.at(-1)!;
      assert.equal(attempt.outcome, 'failed', JSON.stringify(args));
      assert.match(attempt.error?.message ?? '', message);
      if (existsSync(attemptOf(run))) nothingLeft(run);
    }
  });

  it('serves another checkpoint when the stage asks for one', async () => {
    const change = { CHANGE_AT: '4', CHANGE_TO: '/another/checkpoint' };
    const run = await start([['a', []]], {}, {}, 8, 20, change);
    const done = await suite.ended(run);
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    const who = answers(stage(done, 'a').folder);
    assert.deepEqual([new Set(who.slice(0, 4)).size, new Set(who.slice(4)).size, new Set(who).size], [1, 1, 2]);
    assert.ok(isGone(Number(who[0])));
    assert.match(readFileSync(join(attemptOf(run, 2), 'stdout.log'), 'utf8'), /serving \/another\/checkpoint/);
    assert.equal(serverOf(run).restarts, 0);
  });

  it('takes another port where somebody else was quicker', async () => {
    const thief = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(thief, 'listening');
    const { port } = thief.address() as AddressInfo;
    const folder = join(root, 'thief', '1');
    const engine = { python: enginePython ?? 'python3', versions: {}, pythonVersion: '3.11' };
    const server = await InferenceServer.create(
      { launcher: new LocalLauncher(), log: openLog(root) },
      folder,
      {
        v: 1,
        state: 'starting',
        engine: 'vllm',
        checkpoint: 'm',
        url: `http://127.0.0.1:${port}/v1`,
        model: 'm',
        need: '',
        attempt: 0,
        restarts: 0,
        timeout_s: 20,
        devices: [],
        t: 0,
        message: null,
      },
      {
        findEngine: () => Promise.resolve(engine),
        command: (at) => Promise.resolve([program, 'serve', 'm', '--host', '127.0.0.1', '--port', String(at)]),
        env: { VLLM_API_KEY: 'k' },
        key: 'k',
      },
    );
    try {
      await until(() => server.file.state !== 'starting', 'the server answers');
      assert.equal(server.file.state, 'ready', server.file.message ?? '');
      assert.notEqual(new URL(server.file.url).port, String(port));
      assert.equal(server.file.attempt, 2);
    } finally {
      thief.close();
      server.stop();
      await server.ended;
    }
    assert.equal(server.file.state, 'stopped');
  });

  it('stops the server with the stage, and a run that is deleted leaves none', async () => {
    const run = await start([['a', []]], {}, {}, 500, 50);
    await suite.until(run, (s) => (stage(s, 'a').progress?.done ?? 0) >= 2);
    await suite.backend.call('runs/stop', { run });
    await suite.until(run, ({ state }) => state === 'stopped');
    assert.deepEqual(await suite.backend.call('runs/delete', { run }), { deleted: true });
    assert.equal(existsSync(join(root, 'runs', run)), false);
  });

  it('uses an address that is given as it stands', async () => {
    const text = [
      'name: given',
      'stages:',
      '  - { id: data, kind: dataset, task: { builtin: sums-mod-7, train: 8, test: 4 } }',
      '  - id: a',
      '    kind: evaluate',
      '    model: { builtin: longhand-base }',
      '    data: ${stages.data.test}',
      '    samples: 1',
      '    max_tokens: 8',
      '    env: { REQUESTS: "0", REQUEST_MS: "0", SOME_KEY: "k" }',
      '    inference: { url: "http://127.0.0.1:9/v1/", model: m, key_env: SOME_KEY }',
    ].join('\n');
    const run = await suite.start(text);
    const done = await suite.ended(run);
    assert.equal(done.state, 'completed');
    const { inference } = json(join(stage(done, 'a').folder, 'spec.json'));
    assert.deepEqual(inference, { url: 'http://127.0.0.1:9/v1', model: 'm', key_env: 'SOME_KEY', engine: 'given' });
    assert.equal(existsSync(join(root, 'runs', run, 'servers')), false);
  });
});
