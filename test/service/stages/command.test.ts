import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGone, stage } from '../../support/service.ts';
import { suiteService } from '../suite.ts';

describe('command stages', () => {
  const suite = suiteService('command');

  const start = async (stages: object[]) => {
    const lines = stages.map((one) => `  - ${JSON.stringify({ kind: 'command', ...one })}`);
    const text = ['name: commands', 'stages:', ...lines].join('\n');
    return suite.start(text);
  };

  it('hand what they leave to each other and to the stages after them', async () => {
    const run = await start([
      {
        id: 'train',
        program: ['sh', '-c', 'mkdir "$1" && echo weights > "$1/w"', 'sh', '{outputs.checkpoint.last}'],
        outputs: { 'checkpoint.last': 'model' },
      },
      {
        id: 'merge',
        program: ['sh', '-c', 'test "$2" = "--model=$1" && cat "$1/w" "$WHERE/w" > "$3"', 'sh', '{inputs.base}'].concat(
          '--model=${stages.train.checkpoint.last}',
          '{outputs.text}',
        ),
        env: { WHERE: '${stages.train.checkpoint.last}' },
        inputs: { base: '${stages.train.checkpoint.last}' },
        outputs: { text: 'text' },
      },
    ]);
    const done = await suite.ended(run);
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
    assert.deepEqual(stage(done, 'merge').needs, ['train']);
    const text = readFileSync(join(stage(done, 'merge').folder, 'work', 'text'), 'utf8');
    assert.equal(text, 'weights\nweights\n');
  });

  it('are stopped and started again, told where the attempt before worked', async () => {
    const code = 'echo $$ > pid; if [ -e "$LONGHAND_RESUMED_FROM/pid" ]; then exit 0; fi; sleep 60';
    const run = await start([{ id: 'c', program: ['sh', '-c', code], outputs: { pid: 'pid' }, grace: 5 }]);
    let summary = await suite.until(run, (s) => existsSync(join(stage(s, 'c').folder, 'work', 'pid')));
    const pid = Number(readFileSync(join(stage(summary, 'c').folder, 'work', 'pid'), 'utf8'));
    await suite.backend.call('runs/stop', { run });
    summary = await suite.ended(run);
    assert.equal(summary.state, 'stopped');
    assert.ok(isGone(pid));
    await suite.backend.call('runs/resume', { run });
    summary = await suite.ended(run);
    assert.equal(summary.state, 'completed', JSON.stringify(summary, null, 1));
  });

  it('say what is wrong with them', async () => {
    const run = await start([{ id: 'c', program: ['sh', '-c', 'echo the disk is on fire >&2; exit 5'] }]);
    const done = await suite.ended(run);
    const { error } = stage(done, 'c').attempts[0]!;
    assert.equal(error?.class, 'CommandError');
    assert.match(error?.message ?? '', /sh exited with code 5.*the disk is on fire/s);
    const text = 'name: c\nstages:\n  - { id: c, kind: command, program: [true], inputs: { outputs: x } }';
    const { diagnostics } = await suite.backend.call('recipes/check', { source: { text, path: null } });
    assert.ok(diagnostics.length > 0);
    const other =
      'name: c\nstages:\n  - { id: c, kind: command, program: [x] }\n  - { id: d, kind: command, program: ["${stages.c.y}"] }';
    const checked = await suite.backend.call('recipes/check', { source: { text: other, path: null } });
    assert.match(checked.diagnostics[0]?.message ?? '', /gives nothing to refer to/);
  });
});
