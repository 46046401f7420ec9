import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'mocha';
import { PROMPT_VERSION } from '../../../core/judge/prompt.ts';
import type { JudgeAgreement, JudgeEstimate, JudgeJob } from '../../../core/protocol/judge.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { JudgeEndpoint, labelling } from '../../support/judge-endpoint.ts';
import {
  enginePython,
  isGone,
  mainFile,
  rehearsalPython,
  repository,
  temporaryFolder,
  until,
} from '../../support/service.ts';

const KEY = 'sk-of-the-command';
const TEXT = 'So it is 4. Let me check that. 2 + 2 = 4. Yes, that is right.';

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

describe('longhand judge', function () {
  this.timeout(60_000);
  const root = temporaryFolder('judge-command');
  const python = rehearsalPython(join(root, 'bin'));
  let server: JudgeEndpoint;

  function longhand(args: string[], env: Record<string, string> = {}, onOut?: (text: string, pid: number) => void) {
    const child = spawn(process.execPath, [mainFile, 'judge', ...args, '--root', root, '--python', python], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => {
      out += String(data);
      onOut?.(out, child.pid!);
    });
    child.stderr.on('data', (data) => (err += String(data)));
    return new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  }
  const json = ({ out }: Ended) =>
    JSON.parse(out.trimEnd().split('\n').at(-1)!) as {
      estimate: JudgeEstimate;
      job: JudgeJob;
      agreement: JudgeAgreement;
    };

  before(async () => {
    for (const stage of ['one', 'two']) {
      makeRun(root, 'r', { kind: 'import' });
      const record = makeAttempt(root, { run: 'r', stage, attempt: 1 }, { kind: 'import' });
      for (let p = 0; p < 4; p += 1)
        writeTrace(record, { problem: `${stage} ${p}`, completion: `${stage} ${p}. ${TEXT}` });
      record.event({ type: 'end', complete: true, step: null, max_steps: null, outputs: {} });
      record.close();
    }
    server = await JudgeEndpoint.start(labelling((text) => (text.includes('check') ? ['verification'] : [])));
  });
  after(async () => {
    await server.close();
    const { pid } = JSON.parse(readFileSync(join(root, 'service.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGTERM');
    await until(() => isGone(pid), 'the service that the command started ends');
  });

  const asked = (...args: string[]) => ['r', '--url', server.url, '--model', 'm', ...args];

  it('tells wrong usage from what could not be done, and asks nothing', async () => {
    for (const args of [
      ['r'],
      ['r', '--url', server.url],
      asked('--limit', '3', '--all'),
      asked('--price', '1'),
      asked('--concurrency', '65'),
      ['r', '--stop', '--status'],
    ])
      assert.equal((await longhand(args)).code, 2, args.join(' '));
    const refused = await longhand(['r', '--url', 'ftp://x', '--model', 'm', '--dry-run']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /begins with neither https:\/\/ nor http:\/\//);
    assert.equal(server.asked.length, 0);
  });

  it('says what it would cost, and sends nothing without a yes', async () => {
    const shown = await longhand(asked('--dry-run', '--price', '0.15,0.6', '--per-stage', '3'));
    assert.equal(shown.code, 0);
    assert.match(
      shown.out,
      /^traces {4}6 of 8: up to 3 of each stage, by chance \(seed 0\); one 3, two 3$|two 3, one 3$/m,
    );
    assert.match(shown.out, /^cost {6}≈ [\d.]+ \(at most [\d.]+\), at 0.15 and 0.6 a million tokens$/m);
    assert.match(shown.out, /Nothing was sent\.$/m);
    const unasked = await longhand(asked());
    assert.deepEqual([unasked.code, server.asked.length], [1, 0]);
    assert.match(unasked.err, /--yes begins without asking/);
    const { estimate } = json(await longhand(asked('--dry-run', '--json', '--stage', 'one', '--all')));
    assert.deepEqual([estimate.traces, estimate.cost, estimate.stages], [4, null, [{ stage: 'one', traces: 4 }]]);
  });

  it('asks with the key of its own environment, and gives the agreement', async () => {
    const ended = await longhand(asked('--yes', '--json', '--limit', '5', '--key-env', 'JUDGE_KEY'), {
      JUDGE_KEY: KEY,
    });
    assert.equal(ended.code, 0, ended.err);
    const { job, agreement } = json(ended);
    assert.deepEqual([job.state, job.traces.judged, agreement.traces], ['done', 5, 5]);
    assert.ok(
      server.asked.length === 5 && server.asked.every(({ headers }) => headers.authorization === `Bearer ${KEY}`),
    );
    const looked = await longhand(['r', '--agreement']);
    assert.match(
      looked.out,
      new RegExp(`against m \\(questions version ${PROMPT_VERSION}\\), over 25 steps of 5 traces`),
    );
    assert.match(looked.out, /^verification +5 +\d+ +0\.\d\d +1\.00 /m);
    assert.match((await longhand(['r', '--status'])).out, /has ended\n5 of 5 traces judged/);
  });

  it('stops when it is interrupted, and says how far it came', async () => {
    server.behave = async (all, response, n) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return labelling(() => [])(all, response, n);
    };
    let interrupted = false;
    const ended = await longhand(asked('--yes', '--all', '--again', '--concurrency', '1'), {}, (out, pid) => {
      if (interrupted || !/ 1 of 8 traces|[1-9] answers/.test(out)) return;
      interrupted = true;
      process.kill(pid, 'SIGINT');
    });
    assert.equal(ended.code, 1, ended.out);
    assert.match(ended.out, /was stopped; asking for the same goes on/);
    assert.match(ended.out, /[1-7] of 8 traces judged/);
  });

  it('ends with “could not be parsed” where a real server answers nonsense', async function () {
    if (!enginePython || !existsSync(enginePython)) {
      console.log('      skipped: LONGHAND_PYTHON names no engine');
      this.skip();
    }
    this.timeout(180_000);
    const folder = temporaryFolder('judge-model');
    const engine = join(repository, 'server', 'engine');
    // The tiny model reads 1,024 tokens and was trained on sums: it is told that it reads more, and says what it will.
    cpSync(join(engine, 'longhand_engine', 'tiny', 'base'), folder, { recursive: true });
    const config = join(folder, 'config.json');
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('"max_position_embeddings": 1024', '"max_position_embeddings": 32768'),
    );
    const address = join(folder, 'address.json');
    const args = ['-u', '-m', 'longhand_engine.serve', '--model', folder, '--address-file', address];
    const child = spawn(enginePython, [...args, '--api-key-env', 'SERVED_KEY', '--name', 'tiny', '--threads', '1'], {
      cwd: engine,
      env: { ...process.env, SERVED_KEY: KEY },
      stdio: 'ignore',
    });
    try {
      await until(() => existsSync(address), 'the embedded server answers', 120_000);
      const { url } = JSON.parse(readFileSync(address, 'utf8')) as { url: string };
      const to = [
        'r',
        '--url',
        `${url}/v1`,
        '--model',
        'tiny',
        '--limit',
        '2',
        '--max-tokens',
        '48',
        '--yes',
        '--json',
      ];
      const refused = json(await longhand(to));
      assert.equal(refused.job.state, 'failed');
      assert.match(refused.job.message!, /^The judge answers 401/);
      const ended = await longhand([...to, '--key-env', 'JUDGE_KEY'], { JUDGE_KEY: KEY });
      assert.equal(ended.code, 0, ended.err);
      const { job } = json(ended);
      assert.deepEqual([job.state, job.traces.judged, job.steps.judged], ['done', 2, 0]);
      assert.equal(job.steps.unparsed, 10);
      assert.ok(job.tokens.input > 2000 && job.tokens.output > 0 && !job.tokens.estimated, JSON.stringify(job.tokens));
      assert.match((await longhand(['r', '--status'])).out, /could not be parsed: 10 of 10/);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
