import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { LonghandError, type ErrorCode } from '../../../../core/protocol/errors.ts';
import { discover, isAlive } from '../../../../src/backends/discovery.ts';
import { isNewEnough, launchService } from '../../../../src/backends/launch.ts';

const discovery = (pid: number) => ({
  v: 1,
  url: 'ws://127.0.0.1:4711',
  port: 4711,
  token: 'secret',
  pid,
  version: '0.1.0',
  major: 1,
  started: 1,
});

describe('the backend of this machine', () => {
  let folder: string;
  let root: string;
  const started: number[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'longhand-launch-'));
    root = join(folder, 'root');
    mkdirSync(root);
  });
  afterEach(() => {
    for (const pid of started.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts a service whose program is `code`; `args` are its arguments, `write(pid)` its discovery file. */
  function launch(code: string, signal = new AbortController().signal, node = '') {
    const service = join(folder, 'service.mjs');
    const write = `const write = (pid) => writeFileSync(args[args.indexOf('--root') + 1] + '/service.json', JSON.stringify({ ...${JSON.stringify(discovery(0))}, pid }));`;
    writeFileSync(
      service,
      `import { writeFileSync } from 'node:fs'; const args = process.argv.slice(2); ${write} ${code}`,
    );
    return launchService({
      node,
      service,
      root,
      engineDir: join(folder, 'engine'),
      python: '',
      logFile: join(folder, 'logs', 'output.log'),
      signal,
    });
  }

  const failsWith = (code: ErrorCode, words: RegExp) => (error: unknown) =>
    LonghandError.is(error, code) && words.test(error.message);

  it('is found by its discovery file, unless that is torn, of another version, or of a process that is gone', async () => {
    const file = join(root, 'service.json');
    assert.equal(await discover(root), null);
    writeFileSync(file, JSON.stringify(discovery(process.pid)).slice(0, 40));
    assert.equal(await discover(root), null);
    writeFileSync(file, JSON.stringify({ ...discovery(process.pid), v: 2 }));
    assert.equal(await discover(root), null);
    writeFileSync(file, JSON.stringify(discovery(2 ** 22 + 1)));
    assert.equal(await discover(root), null);
    writeFileSync(file, JSON.stringify(discovery(process.pid)));
    assert.equal((await discover(root))?.url, 'ws://127.0.0.1:4711');
  });

  it('is started, and ready when its file is there', async () => {
    const found = await launch(
      "write(process.pid); setTimeout(() => {}, 60_000); if (!args.includes('--engine')) process.exit(1);",
    );
    started.push(found.pid);
    assert.ok(isAlive(found.pid));
    assert.notEqual(found.pid, process.pid);
    // A second start finds the first.
    assert.equal((await launch('process.exit(1)')).pid, found.pid);
  });

  it('is another one when that was faster: the loser of the race ends', async () => {
    const found = await launch(`write(${process.pid}); process.exit(1);`);
    assert.equal(found.pid, process.pid);
  });

  it('says with its own last words why it ended', async () => {
    const words = /exit 3[^]*no room on the disk/;
    await assert.rejects(
      launch("console.error('no room on the disk'); process.exit(3);"),
      failsWith('not_runnable', words),
    );
  });

  it('says when the program is not there', async () => {
    await assert.rejects(
      launch('', undefined, join(folder, 'no-node')),
      failsWith('not_runnable', /could not be started/),
    );
  });

  it('ends a start that is cancelled', async () => {
    const controller = new AbortController();
    const starting = launch('setTimeout(() => {}, 60_000);', controller.signal);
    setTimeout(() => controller.abort(), 200);
    await assert.rejects(starting, failsWith('cancelled', /cancelled/));
  });

  it('needs a Node with a database', () => {
    assert.deepEqual(['20.19.0', '22.12.9', '22.13.0', '24.0.0'].map(isNewEnough), [false, false, true, true]);
  });
});
