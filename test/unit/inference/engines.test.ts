import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { serverArguments } from '../../../server/inference/engines.ts';
import { lackingServers, serverCommand } from '../../../server/inference/wanted.ts';
import type { PlanStage } from '../../../server/recipes/plan-file.ts';
import { withFolder } from '../../support/temporary.ts';

describe('inference/engines', () => {
  const start = { checkpoint: '/models/a b', port: 4000 };

  it('gives each server its model, its place, and the flags of the recipe as they stand', () => {
    const args = {
      'max-model-len': 1024,
      'enforce-eager': true,
      'no-log': false,
      q: 1,
      '--override': { a: [1] },
      names: ['x', 'y z'],
      dtype: 'float32',
    };
    assert.deepEqual(serverArguments({ ...start, engine: 'vllm', args }), [
      ...[
        'serve',
        '/models/a b',
        '--host',
        '127.0.0.1',
        '--port',
        '4000',
        '--max-model-len',
        '1024',
        '--enforce-eager',
      ],
      ...['-q', '1', '--override', '{"a":[1]}', '--names', 'x', 'y z', '--dtype', 'float32'],
    ]);
    const bare = (engine: Parameters<typeof serverArguments>[0]['engine']) =>
      serverArguments({ ...start, engine, args: {} }).join(' ');
    assert.equal(bare('sglang'), '-m sglang.launch_server --model-path /models/a b --host 127.0.0.1 --port 4000');
    assert.equal(bare('llama.cpp'), '--model /models/a b --host 127.0.0.1 --port 4000');
    assert.equal(bare('transformers'), 'serve /models/a b --host 127.0.0.1 --port 4000');
    assert.match(
      bare('embedded'),
      /^-u -m longhand_engine.serve --model .* --port 4000 --api-key-env LONGHAND_SERVE_KEY$/,
    );
  });

  it('refuses flags that are the service’s own, and what is no flag', () => {
    for (const name of ['port', '--host', 'api-key', 'api_key', 'model', 'a b', '', '; rm']) {
      assert.throws(
        () => serverArguments({ ...start, engine: 'vllm', args: { [name]: 1 } }),
        (error) => LonghandError.is(error, 'invalid_recipe') && error.message.includes(name.replace(/^-+/, '')),
        name,
      );
    }
  });

  it('finds the program beside the engine’s Python, by its path, or says where it looked; a GGUF file in its folder', async () => {
    await withFolder(async (folder) => {
      const bin = join(folder, 'bin');
      mkdirSync(bin);
      for (const name of ['llama-server', 'own']) {
        writeFileSync(join(bin, name), '');
        chmodSync(join(bin, name), 0o755);
      }
      const python = join(bin, 'python');
      const command = await serverCommand({ engine: 'llama.cpp' }, python);
      const model = join(folder, 'model');
      mkdirSync(model);
      await assert.rejects(command(1, model), /has no GGUF file/);
      writeFileSync(join(model, 'q4.gguf'), '');
      assert.deepEqual((await command(1, model)).slice(0, 3), [
        join(bin, 'llama-server'),
        '--model',
        join(model, 'q4.gguf'),
      ]);
      const own = await serverCommand({ engine: 'vllm', program: join(bin, 'own') }, python);
      assert.equal((await own(1, 'm'))[0], join(bin, 'own'));
      assert.equal((await (await serverCommand({ engine: 'embedded' }, python))(1, 'm'))[0], python);
      await assert.rejects(
        serverCommand({ engine: 'vllm', program: 'no-such-server' }, python),
        /no-such-server is neither beside .* nor on the PATH.*inference\.program/,
      );
    });
  });

  it('says before the start which modules a server would die without, and how to get them', async () => {
    await withFolder(async (folder) => {
      // A Python that lacks what it is told to lack.
      const python = join(folder, 'a b', 'bin', 'python');
      mkdirSync(dirname(python), { recursive: true });
      const lacks = (names: string) => writeFileSync(python, `#!/bin/sh\necho ${names}\n`);
      lacks('fastapi openai');
      const program = join(folder, 'transformers');
      writeFileSync(program, `#!/bin/sh\n'''exec' '${python}' "$0" "$@"\n' '''\nimport sys\n`);
      for (const path of [python, program]) chmodSync(path, 0o755);
      const refused =
        /transformers server needs fastapi, openai, which .*a b\/bin\/python does not have.*transformers\[serving\].*inference\.program/;
      await assert.rejects(serverCommand({ engine: 'transformers', program }, '/no/python'), refused);
      await assert.rejects(serverCommand({ engine: 'sglang', program: python }, '/no/python'), /sglang server needs/);
      const stage = (id: string, inference: object) => ({ id, config: { inference } }) as unknown as PlanStage;
      const lacking = await lackingServers(
        [
          stage('a', { engine: 'transformers', program }),
          stage('b', { engine: 'embedded' }),
          stage('c', { url: 'http://x/v1', model: 'm' }),
          stage('d', { engine: 'vllm', program: 'no-such-server' }),
        ],
        '/no/python',
      );
      assert.deepEqual([...lacking.keys()], ['a', 'd']);
      assert.match(lacking.get('a')!, refused);
      lacks('');
      assert.equal(
        (await (await serverCommand({ engine: 'transformers', program }, '/no/python'))(1, 'm'))[0],
        program,
      );
      // What is no script of Python's can only be started.
      writeFileSync(program, 'anything');
      await serverCommand({ engine: 'transformers', program }, '/no/python');
    });
  });
});
