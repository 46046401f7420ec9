import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach } from 'mocha';
import { PROMPT_VERSION } from '../../../core/judge/prompt.ts';
import { covered } from '../../../core/labels/agreement.ts';
import type { Backend } from '../../../core/protocol/client.ts';
import type { JudgeJob, JudgeSelection } from '../../../core/protocol/judge.ts';
import type { Result } from '../../../core/protocol/methods.ts';
import { steps } from '../../../core/traces/steps.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { answer, JudgeEndpoint, labelling, refuse, type Behaviour } from '../../support/judge-endpoint.ts';
import { rehearsalPython, temporaryFolder, TestService, until } from '../../support/service.ts';

const KEY = 'sk-never-written-4711';
const CHECK = 'So it is 4. Let me check that. 2 + 2 = 4. Yes, that is right. First, I need to find the radius.';

/** A rule that agrees with the detector in part. */
const rule = (text: string): string[] => [
  ...(/check/.test(text) ? ['verification', 'verification_start'] : []),
  ...(/^2 \+ 2|^Yes/.test(text) ? ['verification'] : []),
  ...(text.startsWith('So it is') ? ['answer_commitment'] : []),
];
const slowly =
  (ms: number, behave: Behaviour): Behaviour =>
  async (asked, response, n) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return behave(asked, response, n);
  };

/** `traces` short traces of one stretch, and one of three. */
function fill(root: string, run: string, traces: number): void {
  // What is imported has no runner that would have to be stopped.
  makeRun(root, run, { kind: 'import' });
  const record = makeAttempt(root, { run, stage: 'eval', attempt: 1 }, { kind: 'import' });
  for (let p = 0; p < traces; p += 1)
    writeTrace(record, {
      problem: `Problem ${p} of ${run}`,
      completion: `Number ${p} of ${run}. ${CHECK}`,
      step: 0,
      set: 's',
    });
  const long = Array.from({ length: 20 }, (_, i) => `Round ${i} of ${run}. ${CHECK}`).join(' ');
  writeTrace(record, { problem: 'A long one', completion: long, step: 0, set: 's' });
  record.event({ type: 'end', complete: true, step: null, max_steps: null, outputs: {} });
  record.close();
}

const all = (run: string): JudgeSelection => ({ run, sample: { kind: 'all' } });

describe('judge: in the service', function () {
  this.timeout(60_000);
  const root = temporaryFolder('judge');
  const service = new TestService(root, rehearsalPython(join(root, 'bin')));
  let backend: Backend;
  let server: JudgeEndpoint;

  before(async () => {
    for (const run of ['plain', 'killed', 'stopped', 'hostile', 'refused', 'deleted']) fill(root, run, 12);
    server = await JudgeEndpoint.start(labelling(rule));
    await service.start();
    backend = await service.connect();
    await until(async () => (await backend.call('runs/list', {})).runs.length === 6, 'the runs are read');
    await until(
      async () => (await backend.call('traces/page', { filter: { live: false } })).total === 6 * 13,
      'the traces are read',
    );
  });
  after(async () => {
    await service.dispose();
    await server.close();
  });
  beforeEach(() => {
    server.asked.length = 0;
    server.most = 0;
    server.behave = labelling(rule);
  });

  const endpoint = (more = {}) => ({ url: server.url, model: 'judge-1', concurrency: 3, ...more });
  const start = (selection: JudgeSelection, more = {}) =>
    backend.call('judge/start', { endpoint: endpoint(more), selection, key: { value: KEY } });
  const statusOf = async (run: string) => (await backend.call('judge/status', { run })).job!;
  const ended = async (run: string): Promise<JudgeJob> => {
    await until(async () => !['running', 'stopping'].includes((await statusOf(run)).state), `${run} is judged`);
    return statusOf(run);
  };
  /** What the detector says of a label in all traces of a run: spans, and steps that lie under them. */
  const detected = async (run: string, label: string) => {
    const found = { spans: 0, steps: 0 };
    for (const { trace } of (await backend.call('traces/page', { filter: { run } })).rows) {
      const { text } = await backend.call('traces/slice', { trace, in: 'completion', start: 0, end: 100_000 });
      const all = (await backend.call('traces/annotations', { trace })).spans;
      const spans = all.filter((span) => span.label === label && span.in === 'completion');
      found.spans += spans.length;
      found.steps += covered(steps(text), spans).filter(Boolean).length;
    }
    return { found };
  };
  const agreementOf = async (params: {
    run: string;
    stage?: string;
    trace?: string;
  }): Promise<Result<'judge/agreement'>> => {
    for (;;) {
      const found = await backend.call('judge/agreement', params);
      if (!found.agreement?.waiting) return found;
    }
  };

  it('says what it would take and sends nothing, then asks for all of it, and shows it as a layer', async () => {
    const price = { input: 2, output: 8 };
    const before = await backend.call('judge/estimate', { endpoint: endpoint({ price }), selection: all('plain') });
    assert.equal(server.asked.length, 0);
    // Only what a query asks for, also where that is found in the texts; words are refused.
    const estimateOf = (query: string) =>
      backend.call('judge/estimate', { endpoint: endpoint({ price }), selection: { ...all('plain'), query } });
    const of = async (query: string) => (await estimateOf(query)).fitting;
    assert.equal((await of('sample:0')) + (await of('-sample:0')), 13);
    assert.equal((await of('behaviour.backtracking:0')) + (await of('behaviour.backtracking:>=1')), 13);
    await assert.rejects(estimateOf('"so"'), { code: 'invalid_query' });
    const { fitting, traces, judged, stretches, cached, read, secondsFrom, stages } = before;
    assert.deepEqual(
      { fitting, traces, judged, stretches, cached, read, secondsFrom, stages },
      {
        fitting: 13,
        traces: 13,
        judged: 0,
        stretches: 15,
        cached: 0,
        read: 13,
        secondsFrom: 'assumed',
        stages: [{ stage: 'eval', traces: 13 }],
      },
    );
    assert.equal(before.cost, (before.inputTokens * 2 + before.outputTokens * 8) / 1e6);
    assert.equal(before.outputTokensMost, 15 * 4096);

    const told: unknown[] = [];
    const stop = backend.on('events/batch', ({ events }) => {
      for (const event of events) if (event.type === 'run_judged') told.push(event);
    });
    await backend.call('events/subscribe', { cursor: {}, from: 'now' });
    await start(all('plain'), { price });
    const job = await ended('plain');
    await until(() => told.length > 0, 'the journal says so');
    stop();
    const [{ v: _v, seq: _seq, t: _t, ...said }] = told as [Record<string, unknown>];
    assert.deepEqual(said, {
      type: 'run_judged',
      run: 'plain',
      url: server.url,
      model: 'judge-1',
      prompt: PROMPT_VERSION,
      traces: 13,
    });
    assert.deepEqual([job.state, job.message], ['done', null]);
    assert.deepEqual(job.traces, { chosen: 13, judged: 13, before: 0, incomplete: 0, unreadable: 0 });
    assert.deepEqual(
      [job.stretches, server.asked.length, job.steps.unparsed],
      [{ answered: 15, cached: 0, failed: 0 }, 15, 0],
    );
    assert.ok(server.most <= 3, `${server.most} at once`);
    assert.ok(job.tokens.input > 0 && job.cost! > 0 && !job.tokens.estimated);
    assert.ok(job.twice.steps >= 8 && job.twice.same === job.twice.steps, JSON.stringify(job.twice));
    assert.ok(
      server.asked.every(
        ({ headers, url }) => headers.authorization === `Bearer ${KEY}` && url === '/v1/chat/completions',
      ),
    );

    const { rows } = await backend.call('traces/page', { filter: { run: 'plain' } });
    const { trace } = rows[0]!;
    const { layers } = await backend.call('traces/annotations', { trace });
    const { text } = await backend.call('traces/slice', { trace, in: 'completion', start: 0, end: 1000 });
    const [layer] = layers!;
    assert.deepEqual(
      [layers!.length, layer!.kind, layer!.name, layer!.version],
      [1, 'judge', 'judge-1', PROMPT_VERSION],
    );
    assert.deepEqual(
      layer!.spans.map(({ label, start: from, end }) => [label, text.slice(from, end)]),
      [
        ['answer_commitment', 'So it is 4.'],
        ['verification', 'Let me check that. 2 + 2 = 4. Yes, that is right.'],
      ],
    );
    assert.deepEqual(layer!.read, [[0, text.length]]);
  });

  it('counts the agreement with the detector for trace, stage and run, and says where they differ', async () => {
    const { agreement, judges } = await agreementOf({ run: 'plain' });
    assert.deepEqual(judges, [{ kind: 'judge', name: 'judge-1', version: PROMPT_VERSION, traces: 13 }]);
    assert.deepEqual([agreement!.traces, agreement!.steps], [13, 12 * 6 + 20 * 6]);
    const subgoal = agreement!.labels.find(({ label }) => label === 'subgoal')!;
    const { found } = await detected('plain', 'subgoal');
    assert.ok(found.steps >= 32);
    assert.deepEqual([subgoal.steps.gold, subgoal.steps.found, subgoal.steps.units], [0, found.steps, 192]);
    const checks = agreement!.labels.find(({ label }) => label === 'verification')!;
    assert.equal(checks.steps.gold, 3 * 32);
    const wrong = agreement!.disagreements.filter(({ label }) => label === 'subgoal');
    assert.ok(wrong.length === found.spans && wrong.every(({ only }) => only === 'detector'));
    assert.ok(wrong.some(({ text }) => text.startsWith('First, I need')));
    const stage = await agreementOf({ run: 'plain', stage: 'eval' });
    assert.deepEqual(stage.agreement!.labels, agreement!.labels);
    assert.equal((await agreementOf({ run: 'plain', stage: 'other' })).agreement!.traces, 0);
    const one = await agreementOf({ run: 'plain', trace: 'plain/eval/1/0' });
    assert.deepEqual([one.agreement!.traces, one.agreement!.steps], [1, 6]);
    assert.equal((await agreementOf({ run: 'killed' })).agreement, null);
  });

  it('asks nothing twice: the same job again, a lost record, an index made anew', async () => {
    await start(all('plain'));
    const again = await ended('plain');
    assert.deepEqual([again.traces.before, again.stretches.answered, server.asked.length], [13, 0, 0]);
    const records = join(root, 'runs', 'plain', 'judge', 'traces.jsonl');
    rmSync(records);
    const estimate = await backend.call('judge/estimate', { endpoint: endpoint(), selection: all('plain') });
    assert.deepEqual(
      [estimate.stretches, estimate.cached, estimate.inputTokens, estimate.secondsFrom],
      [15, 15, 0, 'answers'],
    );
    await start(all('plain'));
    const cached = await ended('plain');
    assert.deepEqual([cached.stretches, server.asked.length], [{ answered: 15, cached: 15, failed: 0 }, 0]);
    assert.equal(readFileSync(records, 'utf8').trim().split('\n').length, 13);
    await backend.call('store/reindex', {}, { timeout: 60_000 });
    const { layers } = await backend.call('traces/annotations', { trace: 'plain/eval/1/3' });
    assert.equal(layers?.[0]?.spans.length, 2);
    // Another model is another judge, and its word stands beside the first one's.
    await start({ ...all('plain'), sample: { kind: 'random', n: 2, seed: 1 } }, { model: 'judge-2' });
    await ended('plain');
    assert.ok(server.asked.length >= 2 && server.asked.every(({ body }) => body.model === 'judge-2'));
    assert.equal((await agreementOf({ run: 'plain' })).judges.length, 2);
    await start({ ...all('plain'), sample: { kind: 'random', n: 2, seed: 1 }, again: true }, { model: 'judge-2' });
    const anew = await ended('plain');
    assert.deepEqual([anew.traces.before, anew.stretches.cached], [0, 0]);
  });

  it('says which lines of its records cannot be read', async () => {
    const records = join(root, 'runs', 'plain', 'judge', 'traces.jsonl');
    const faultsOf = async () => {
      const { faults } = await backend.call('store/verify', {}, { timeout: 60_000 });
      return faults.filter(({ file }) => file.endsWith('traces.jsonl'));
    };
    assert.deepEqual(await faultsOf(), []);
    const whole = readFileSync(records, 'utf8');
    appendFileSync(records, `${whole.split('\n')[0]!.slice(0, 60)}\n`);
    const message = 'no record of a judge: nothing of it is shown';
    const line = whole.split('\n').length;
    assert.deepEqual(await faultsOf(), [{ file: 'runs/plain/judge/traces.jsonl', line, kind: 'bad_line', message }]);
    writeFileSync(records, whole);
  });

  it('loses nothing that was answered when it is killed, and goes on', async () => {
    server.behave = slowly(30, labelling(rule));
    await start(all('killed'), { concurrency: 2 });
    await until(() => server.asked.length >= 6, 'some are asked');
    await service.kill('SIGKILL');
    const asked = server.asked.length;
    await service.start();
    backend = await service.connect();
    const left = await statusOf('killed');
    assert.equal(left.state, 'interrupted');
    server.behave = labelling(rule);
    await start(left.selection, { concurrency: 2 });
    const job = await ended('killed');
    assert.deepEqual([job.state, job.traces.judged], ['done', 13]);
    // At most what was under way then is asked again.
    const questions = new Set(server.asked.map(({ body }) => JSON.stringify(body.messages)));
    assert.equal(questions.size, 15);
    assert.ok(server.asked.length <= 15 + 2, `${server.asked.length} asked, ${asked} of them before`);
    assert.ok(job.traces.before + job.stretches.cached > 0);
  });

  it('stops when it is told to, and goes on from there', async () => {
    server.behave = slowly(40, labelling(rule));
    await start(all('stopped'), { concurrency: 1 });
    await assert.rejects(start(all('stopped')), { code: 'already_running' });
    await until(() => server.asked.length >= 3, 'some are asked');
    assert.deepEqual(await backend.call('judge/stop', { run: 'stopped' }), { stopping: true });
    const job = await statusOf('stopped');
    assert.equal(job.state, 'stopped');
    assert.ok(job.traces.judged >= 1 && job.traces.judged < 13);
    const { length } = server.asked;
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(server.asked.length, length, 'nothing is asked any more');
    assert.deepEqual(await backend.call('judge/stop', { run: 'stopped' }), { stopping: false });
    server.behave = labelling(rule);
    await start(all('stopped'));
    assert.deepEqual((await ended('stopped')).traces, {
      chosen: 13,
      judged: 13,
      before: job.traces.judged,
      incomplete: 0,
      unreadable: 0,
    });
  });

  it('makes labels of nothing that is not an answer, and says how much that was', async () => {
    const hostile = [
      'I will not.',
      '{"1": ["evil"]}',
      '<script>alert(1)</script>',
      `{"1": ${'['.repeat(5000)}`,
      '{"__proto__": ["subgoal"]}',
      '{"999": []}',
      '\u0000',
    ];
    server.behave = (asked, response, n) => {
      if (n === 2) return (answer(response, '{"1": []}\n{"2', 0, 'length'), null);
      return n % 4 === 0 ? labelling(rule)(asked, response, n) : hostile[n % hostile.length]!;
    };
    await start(all('hostile'), { concurrency: 1 });
    const job = await ended('hostile');
    assert.deepEqual([job.state, job.traces.judged], ['done', 13]);
    assert.ok(job.steps.unparsed > 50 && job.steps.judged > 10, JSON.stringify(job.steps));
    assert.equal(job.steps.unparsed + job.steps.judged, 192);
    assert.ok(job.faults.some(({ why }) => why === '“evil” is no label'));
    assert.ok(job.faults.some(({ why }) => why === 'ends at the limit of 4096 tokens'));
    const { agreement } = await agreementOf({ run: 'hostile' });
    assert.equal(agreement!.steps, job.steps.judged, 'only what was judged is compared');
  });

  it('ends where nothing is answered, and leaves out a trace that is answered in part', async () => {
    server.behave = (_, response) => refuse(response, 401, `no such key: ${KEY}`);
    await start(all('refused'));
    const refused = await ended('refused');
    assert.deepEqual([refused.state, refused.message], ['failed', 'The judge answers 401: no such key: •••']);
    assert.ok(server.asked.length <= 3);
    server.behave = (asked, response, n) =>
      asked.steps[0]!.step === 43 ? refuse(response, 400, 'context length') : labelling(rule)(asked, response, n);
    await start(all('refused'));
    const partly = await ended('refused');
    assert.deepEqual(
      [partly.state, partly.traces.judged, partly.traces.incomplete, partly.stretches.failed],
      ['done', 12, 1, 1],
    );
    server.behave = labelling(rule);
    server.asked.length = 0;
    await start(all('refused'));
    assert.deepEqual([(await ended('refused')).traces.judged, server.asked.length], [13, 1]);
  });

  it('refuses what it cannot ask, before it asks', async () => {
    await assert.rejects(
      backend.call('judge/start', { endpoint: { url: 'file:///etc/passwd', model: 'm' }, selection: all('plain') }),
      { code: 'invalid_params' },
    );
    await assert.rejects(
      backend.call('judge/start', {
        endpoint: endpoint(),
        selection: all('plain'),
        key: { env: 'LONGHAND_NO_SUCH_KEY' },
      }),
      (error: Error) => error.message.includes('LONGHAND_NO_SUCH_KEY'),
    );
    await assert.rejects(start(all('nowhere')), { code: 'not_found' });
    assert.equal(server.asked.length, 0);
  });

  it('ends with the run that is deleted, and leaves nothing of it', async () => {
    server.behave = slowly(50, labelling(rule));
    await start(all('deleted'), { concurrency: 2 });
    await until(() => server.asked.length >= 2, 'some are asked');
    await backend.call('runs/delete', { run: 'deleted' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(!existsSync(join(root, 'runs', 'deleted')));
    await assert.rejects(backend.call('judge/status', { run: 'deleted' }), { code: 'not_found' });
  });

  it('has written the key nowhere', () => {
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => join(root, name));
    const holding = files.filter((path) => statSync(path).isFile() && readFileSync(path, 'latin1').includes(KEY));
    assert.deepEqual(holding, []);
    assert.ok(files.some((path) => path.endsWith('service.log')) && !service.output.includes(KEY));
  });
});
