import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../../../core/protocol/client.ts';
import { advance } from '../../../core/protocol/cursor.ts';
import type { Cursor, StreamEvent } from '../../../core/protocol/methods.ts';
import {
  isGone,
  rehearsalPython,
  rehearsalRecipe,
  stage,
  temporaryFolder,
  TestService,
  until,
  untilRun,
} from '../../support/service.ts';

/** What a client has, and whether it ever got an event twice or missed one. */
class Follower {
  readonly cursor: Cursor = {};
  readonly events = new Map<string, StreamEvent[]>();
  twice = 0;

  async follow(backend: Backend): Promise<void> {
    backend.on('events/batch', (batch) => {
      const fresh = advance(this.cursor, batch);
      this.twice += batch.events.length - fresh.length;
      this.events.set(batch.stream, [...(this.events.get(batch.stream) ?? []), ...fresh]);
    });
    await backend.call('events/subscribe', { cursor: this.cursor });
  }

  check(): void {
    assert.equal(this.twice, 0, 'an event came twice');
    for (const [stream, events] of this.events) {
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, i) => i),
        `gap in ${stream}`,
      );
    }
  }
}

describe('a service that is killed', () => {
  it('finds its stages again: training went on, no event is missed or comes twice, the next stage starts', async () => {
    const root = temporaryFolder('adoption');
    const service = new TestService(root, rehearsalPython(join(root, 'bin')));
    await service.start();
    try {
      const finish = join(root, 'finish');
      const follower = new Follower();
      let backend = await service.connect();
      await follower.follow(backend);
      const source = {
        text: rehearsalRecipe({
          first: { STEPS: 2000, STEP_MS: 40, SAVE_EVERY: 500, FINISH_WHEN: finish },
          second: { STEPS: 5 },
        }),
        path: null,
      };
      const { run } = await backend.call('runs/start', { source });
      const stream = `${run}/first/1`;
      for (let kills = 0; kills < 2; kills++) {
        const before = follower.events.get(stream)?.length ?? 0;
        await until(() => (follower.events.get(stream)?.length ?? 0) > before + 10, 'events come');
        await service.kill('SIGKILL');
        await backend.closed;
        const size = () => statSync(join(root, 'runs', run, 'stages/first/attempt-1/events.jsonl')).size;
        const known = size();
        await until(() => size() > known, 'training goes on without the service');
        await service.start();
        backend = await service.connect();
        await follower.follow(backend);
      }
      writeFileSync(finish, '');
      const done = await untilRun(backend, run, ({ state }) => state === 'completed' || state === 'failed');
      assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
      assert.equal(stage(done, 'first').attempts.length, 1);
      for (const name of ['first/1', 'second/1']) {
        await until(() => follower.events.get(`${run}/${name}`)?.at(-1)?.type === 'end', `the end of ${name}`);
      }
      follower.check();
      const onDisk = readFileSync(join(root, 'runs', run, 'stages/first/attempt-1/events.jsonl'), 'utf8')
        .trim()
        .split('\n');
      assert.deepEqual(
        follower.events.get(stream),
        onDisk.map((line) => JSON.parse(line)),
      );

      // A client from the beginning gets the same, also after the index was made again.
      const { events } = await backend.call('store/reindex', {}, { timeout: 0 });
      assert.ok(events >= onDisk.length);
      const late = new Follower();
      const other = await service.connect();
      await late.follow(other);
      await until(() => late.events.get(`${run}/second/1`)?.at(-1)?.type === 'end', 'the replay');
      await until(() => late.events.get('journal')?.length === follower.events.get('journal')?.length, 'the journal');
      late.check();
      assert.deepEqual(late.events.get(stream), follower.events.get(stream));
      // One that has all of it gets nothing.
      const again = new Follower();
      Object.assign(again.cursor, follower.cursor);
      const third = await service.connect();
      await again.follow(third);
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.deepEqual([...again.events.keys()], []);
    } finally {
      await service.dispose();
    }
  });

  it('says what ended while it was away, and starts what comes after', async () => {
    const root = temporaryFolder('adoption');
    const service = await new TestService(root, rehearsalPython(join(root, 'bin'))).start();
    try {
      let backend = await service.connect();
      const source = { text: rehearsalRecipe({ first: { STEPS: 30 }, second: { STEPS: 3 } }), path: null };
      const { run } = await backend.call('runs/start', { source });
      await untilRun(backend, run, (s) => (stage(s, 'first').progress?.done ?? 0) >= 3);
      await service.kill('SIGKILL');
      const attempt = join(root, 'runs', run, 'stages/first/attempt-1');
      const { runner } = JSON.parse(readFileSync(join(attempt, 'runner.json'), 'utf8'));
      await until(() => isGone(runner.pid), 'the stage ends by itself');
      await service.start();
      backend = await service.connect();
      const done = await untilRun(backend, run, ({ state }) => state === 'completed' || state === 'failed');
      assert.equal(done.state, 'completed');
    } finally {
      await service.dispose();
    }
  });

  it('knows a stage as lost whose runner was killed, leaves nothing of it, and can resume it', async () => {
    const root = temporaryFolder('adoption');
    const service = await new TestService(root, rehearsalPython(join(root, 'bin'))).start();
    try {
      const backend = await service.connect();
      const source = { text: rehearsalRecipe({ first: { STEPS: 60, CHILD: '1' } }), path: null };
      const { run } = await backend.call('runs/start', { source });
      const running = await untilRun(backend, run, (s) => (stage(s, 'first').progress?.done ?? 0) >= 6);
      const { folder } = stage(running, 'first');
      const { runner, worker } = JSON.parse(readFileSync(join(folder, 'runner.json'), 'utf8'));
      const child = Number(readFileSync(join(folder, 'child.pid'), 'utf8'));
      process.kill(runner.pid, 'SIGKILL');
      const lost = await untilRun(backend, run, ({ state }) => state === 'failed');
      for (const pid of [worker.pid, child]) assert.ok(isGone(pid), `process ${pid} lives`);
      const { outcome, error, reason } = stage(lost, 'first').attempts[0]!;
      assert.equal(outcome, 'lost');
      assert.equal(reason, 'lost');
      assert.match(error?.hint ?? '', /Resume/);
      await backend.call('stages/resume', { run, stage: 'first' });
      const done = await untilRun(backend, run, ({ state }) => state === 'completed' || state === 'failed');
      assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
      assert.ok((stage(done, 'first').attempts[1]!.resumedFrom?.step ?? 0) >= 5);
    } finally {
      await service.dispose();
    }
  });
});
