import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  enginePython,
  isGone,
  mainFile,
  rehearsalPython,
  rehearsalRecipe,
  temporaryFolder,
  until,
} from '../../support/service.ts';

interface Ended {
  code: number | null;
  out: string;
  err: string;
  /** The object on the last line of standard output. */
  json: () => Record<string, unknown>;
}

describe('longhand, the command', () => {
  const root = temporaryFolder('cli');
  const python = rehearsalPython(join(root, 'bin'));
  const recipe = join(root, 'rehearsal.recipe.yaml');

  function longhand(args: string[], input = '', env: Record<string, string> = {}): Promise<Ended> {
    const child = spawn(process.execPath, [mainFile, ...args], { env: { ...process.env, ...env } });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => (out += String(data)));
    child.stderr.on('data', (data) => (err += String(data)));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const json = () => JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err, json })));
  }
  const here = (...args: string[]) => longhand([...args, '--root', root, '--python', python]);

  before(() => writeFileSync(recipe, rehearsalRecipe({ first: { STEPS: 10 }, second: { STEPS: 3 } })));
  after(async () => {
    const { pid } = JSON.parse(readFileSync(join(root, 'service.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGTERM');
    await until(() => isGone(pid), 'the service that the command started ends');
  });

  it('tells wrong usage (2) from what could not be done (1)', async () => {
    assert.equal((await longhand([])).code, 2);
    assert.equal((await longhand(['--help'])).code, 0);
    const misspelt = await longhand(['rum']);
    assert.equal(misspelt.code, 2);
    assert.match(misspelt.err, /no command rum; did you mean “run”/);
    assert.equal((await longhand(['run'])).code, 2);
    assert.equal((await longhand(['run', 'x', '--nonsense'])).code, 2);
    assert.equal((await longhand(['serve', '--port', 'many'])).code, 2);
    const none = await here('run', join(root, 'none.recipe.yaml'), '--json');
    assert.equal(none.code, 1);
    assert.equal((none.json()['error'] as { code: string }).code, 'unreadable');
  });

  it('starts a service when there is none, runs to the end, and prints the stage table', async () => {
    const ended = await here('run', recipe, '--json');
    assert.equal(ended.code, 0, ended.err);
    assert.deepEqual(Object.keys(ended.json()).toSorted(), ['run', 'seconds_total', 'stages']);
    // The rehearsal's stages take a fraction of a second: one may end between two looks, not all.
    assert.match(ended.err, /^(data|first|second) +running/m);
    assert.match(ended.err, /first +completed +step 10 of 10/);
    assert.match(ended.err, /second +completed +step 3 of 3/);
    assert.equal(ended.out.trim().split('\n').length, 1, 'standard output holds the object alone');

    const { run } = ended.json() as unknown as { run: string };
    const listed = await here('runs', '--json');
    assert.deepEqual(
      (listed.json()['runs'] as { run: string }[]).map((one) => one.run),
      [run],
    );
    const shown = await here('show', 'rehearsal', '--json');
    assert.equal(shown.json()['state'], 'completed');
    assert.match((await here('show', 'latest')).out, /second +completed/);
    assert.equal((await here('logs', run, 'first', '--stdout')).code, 0);
    assert.equal((await here('logs', run, 'none')).code, 1);
    assert.equal((await here('verify', '--json')).json()['faultCount'], 0);
    assert.equal((await here('reindex', '--json')).json()['attempts'], 3);
    const metrics = (await here('metrics', run, '--json')).json();
    assert.deepEqual(
      (metrics['last'] as { stage: string; step: number }[]).map(({ stage, step }) => [stage, step]),
      [
        ['first', 10],
        ['second', 3],
      ],
    );
  });

  it('runs a recorded run again as it was, and says before what differs', async () => {
    const rows = join(root, 'rows.jsonl');
    writeFileSync(rows, '{"problem": "1 + 1", "answer": "2", "completion": "2"}\n');
    const text = rehearsalRecipe({ only: { STEPS: 2 } }).replace(
      'task: { builtin: sums-mod-7, train: 8, test: 4 }',
      `files: { train: ${rows} }`,
    );
    const small = join(root, 'small.recipe.yaml');
    writeFileSync(small, text);
    const { run } = (await here('run', small, '--json')).json() as { run: string };
    const plan = readFileSync(join(root, 'runs', run, 'plan.json'), 'utf8');

    writeFileSync(small, 'what the file says now does not matter');
    const again = await here('run', '--from', run, '--exact', '--json');
    assert.equal(again.code, 0, again.err);
    assert.match(again.err, /Nothing that was recorded of small|Nothing that was recorded of rehearsal/);
    const second = (again.json() as { run: string }).run;
    assert.notEqual(second, run);
    assert.equal(readFileSync(join(root, 'runs', second, 'plan.json'), 'utf8'), plan);
    assert.match(readFileSync(join(root, 'runs', second, 'run.json'), 'utf8'), new RegExp(`"source": "run:${run}"`));

    writeFileSync(rows, '{"problem": "1 + 2", "answer": "3", "completion": "3"}\n');
    const refused = await here('run', '--from', run, '--exact');
    assert.equal(refused.code, 1);
    assert.match(refused.out, /rows\.jsonl +sha256 \w{12}… +→ +sha256/);
    assert.equal((await here('run', '--from', run, '--detach')).code, 0);
    assert.equal((await here('run', '--from', run, '--set', 'a=1')).code, 2);
    assert.equal((await here('run', small, '--from', run)).code, 2);
    assert.equal((await here('run', '--from', 'none')).code, 1);
  });

  it('says what helps where a stage failed, and resumes it with another config', async () => {
    const flag = join(root, 'failing');
    writeFileSync(flag, '');
    const file = join(root, 'failing.recipe.yaml');
    writeFileSync(file, rehearsalRecipe({ first: { STEPS: 12, FAIL_AT: 8, FAIL_WHILE: flag } }));
    const failed = await here('run', file, '--name', 'failing');
    assert.equal(failed.code, 1);
    assert.match(failed.out, /first +failed .*the reward is not a number\n +look at the rewards\n/);
    const run = /Go on with: longhand resume (\S+)/.exec(failed.err)![1]!;
    assert.match((await here('show', run)).out, /look at the rewards/);
    assert.equal((await here('resume', run, '--set', 'per_device_train_batch_size=4')).code, 2);
    rmSync(flag);
    const resumed = await here('resume', run, 'first', '--set', 'per_device_train_batch_size=4', '--wait');
    assert.equal(resumed.code, 0, resumed.err);
    const spec = readFileSync(join(root, 'runs', run, 'stages', 'first', 'attempt-2', 'spec.json'), 'utf8');
    assert.equal(JSON.parse(spec).stage_config.config.per_device_train_batch_size, 4);
  });

  it('leaves a run, stops it, resumes it, and deletes it only when told twice', async () => {
    const text = rehearsalRecipe({ first: { STEPS: 80 } });
    writeFileSync(join(root, 'long.recipe.yaml'), text);
    const left = await here('run', join(root, 'long.recipe.yaml'), '--name', 'long one', '--detach', '--json');
    assert.equal(left.code, 0, left.err);
    const { run } = left.json() as unknown as { run: string };
    assert.match(run, /^long-one-/);
    const stopped = await here('stop', run, '--json');
    assert.equal(stopped.code, 0, stopped.err);
    const resumed = await here('resume', run, '--wait', '--json');
    assert.equal(resumed.code, 0, resumed.err);
    assert.equal(resumed.json()['state'], 'completed');
    assert.equal((await here('resume', run)).code, 1);
    assert.equal((await here('delete', run)).code, 2);
    assert.equal((await here('delete', run, '--yes')).code, 0);
    assert.equal((await here('show', run)).code, 1);
  });

  it('plans with the places of errors', async () => {
    const planned = await here('plan', recipe, '--json');
    assert.equal(planned.code, 0, planned.err);
    assert.deepEqual(
      (planned.json()['plan'] as { stages: { id: string }[] }).stages.map(({ id }) => id),
      ['data', 'first', 'second'],
    );
    const bad = join(root, 'bad.recipe.yaml');
    writeFileSync(bad, readFileSync(recipe, 'utf8').replace('data: ${stages.data.train}', 'data: ${stages.dat.train}'));
    const refused = await here('plan', bad);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /bad\.recipe\.yaml:7:11: error: there is no stage “dat”; did you mean “data”\?/);
    assert.equal((await here('run', bad)).code, 1);
  });

  it('imports files and joins what it is told', async () => {
    const file = join(root, 'traces.jsonl');
    writeFileSync(
      file,
      `${JSON.stringify({ q: 'What is 1 + 1?', said: 'So 1 + 1 = 2. The answer is \\boxed{2}.', a: '2' })}\n{broken\n`,
    );
    const ended = await here(
      'import',
      file,
      '--map',
      'said=completion',
      '--map',
      'q=prompt',
      '--map',
      'a=gold',
      '--json',
    );
    assert.equal(ended.code, 0, ended.err);
    const found = ended.json() as unknown as { run: string; traces: number; skipped: { line: number }[] };
    assert.equal(found.traces, 1);
    assert.deepEqual(
      found.skipped.map(({ line }) => line),
      [2],
    );
    assert.equal((await here('import', file, '--map', 'said=sense')).code, 2);
    assert.equal((await here('import', join(root, 'none.jsonl'))).code, 1);
  });

  it('annotates in the unit that is asked for', async () => {
    const text = '𝒳 is even. Wait, that is wrong. Let me check again: 2 + 2 = 4.';
    const input = `${JSON.stringify({ id: 7, text })}\n\nnonsense\n`;
    const spans = async (unit: string) => {
      const ended = await longhand(['annotate', '--unit', unit], input);
      assert.equal(ended.code, 1, 'a line could not be read');
      const [first, second] = ended.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.equal(first?.['id'], 7);
      assert.equal(second?.['line'], 3);
      return first?.['spans'] as { start: number; end: number; label: string }[];
    };
    const utf16 = await spans('utf16');
    assert.ok(
      utf16.some(({ label }) => label === 'backtracking'),
      JSON.stringify(utf16),
    );
    const codepoint = await spans('codepoint');
    const byte = await spans('byte');
    const points = Array.from(text);
    const bytes = Buffer.from(text);
    for (const [i, { start, end }] of utf16.entries()) {
      const expected = text.slice(start, end);
      assert.equal(points.slice(codepoint[i]!.start, codepoint[i]!.end).join(''), expected);
      assert.equal(bytes.subarray(byte[i]!.start, byte[i]!.end).toString(), expected);
    }
    assert.equal((await longhand(['annotate', '--unit', 'inch'], '')).code, 2);
  });

  it('grades, with the quick opinion beside', async function () {
    if (!enginePython) this.skip();
    const rows = [
      { id: 'a', pred: 'so it is \\boxed{\\frac{1}{2}}', gold: '0.5' },
      { id: 'b', pred: '3', gold: '4' },
      { id: 'c', pred: '3' },
    ];
    const input = rows.map((row) => JSON.stringify(row)).join('\n');
    const ended = await longhand(['grade', '--python', enginePython ?? ''], input);
    assert.equal(ended.code, 0, ended.err);
    const verdicts = ended.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      verdicts.map(({ id, verdict, quick }) => [id, verdict, quick]),
      [
        ['a', true, true],
        ['b', false, false],
        ['c', null, null],
      ],
    );
    assert.match(String(verdicts[0]?.['checker']), /math-verify/);
    assert.equal(verdicts[2]?.['reason'], 'no gold');
    const missing = await longhand(['grade', '--python', '/nowhere/python'], input);
    assert.equal(missing.code, 1);
    assert.match(missing.err, /does not exist/);
  });

  it('examines without starting anything', async () => {
    const folder = temporaryFolder('cli');
    const ended = await longhand(['doctor', '--root', folder, '--python', join(folder, 'none'), '--json']);
    assert.equal(ended.code, 1);
    const checks = ended.json()['checks'] as { id: string; status: string }[];
    assert.equal(checks.find(({ id }) => id === 'engine')?.status, 'missing');
    assert.equal(checks.find(({ id }) => id === 'root')?.status, 'ok');
    assert.match(ended.err, /missing: Python engine/);
  });
});
