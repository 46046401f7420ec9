import assert from 'node:assert/strict';
import { about, agreementRows, estimateLines, jobLines, money, progressWords } from '../../../../core/judge/words.ts';
import type { JudgeEstimate, JudgeJob } from '../../../../core/protocol/judge.ts';

const endpoint = { url: 'https://api.example.com/v1', model: 'm', concurrency: 4, price: { input: 0.15, output: 0.6 } };
const selection = { run: 'r', sample: { kind: 'random' as const, n: 50, seed: 7 } };
const estimate: JudgeEstimate = {
  ...{ fitting: 5000, traces: 50, judged: 2, stages: [{ stage: 'grpo', traces: 50 }], stretches: 130, cached: 10 },
  ...{ inputTokens: 240_000, outputTokens: 30_000, outputTokensMost: 491_520, cost: 0.054, costMost: 0.3309 },
  ...{ seconds: 300, secondsFrom: 'assumed' as const, read: 48 },
};
const job: JudgeJob = {
  ...{ run: 'r', state: 'done', endpoint, prompt: '1', selection, started: 0, ended: 1 },
  traces: { chosen: 50, judged: 48, before: 2, incomplete: 1, unreadable: 1 },
  stretches: { answered: 119, cached: 10, failed: 1 },
  steps: { judged: 5000, unparsed: 12 },
  twice: { steps: 200, same: 187 },
  tokens: { input: 239_000, output: 29_000, estimated: false },
  ...{ cost: 0.0533, retries: 3, secondsLeft: 42, message: 'The judge answers 400: too long' },
  faults: [{ line: '{"7": ["plan"]}', why: '“plan” is no label' }],
  cache: { bytes: 2 ** 20, limit: 128 * 2 ** 20 },
};

describe('judge: words', () => {
  it('say what it would take, with what is estimated marked', () =>
    assert.deepEqual(estimateLines(estimate, endpoint, selection), [
      'm at https://api.example.com/v1',
      'traces    50 of 5,000: up to 50 by chance, in proportion to stage and verdict (seed 7); grpo 50',
      'questions 120 questions; 10 more are answered already; 2 traces judged already',
      'tokens    ≈ 240,000 in, ≈ 30,000 out (at most 491,520, where the model thinks first)',
      'cost      ≈ 0.054 (at most 0.331), at 0.15 and 0.6 a million tokens',
      'time      ≈ 5 min with 4 at a time (assumed: it has not answered here yet)',
    ]));

  it('mark a count that was taken from a part, and a price that is not known', () => {
    const { price: _price, ...free } = endpoint;
    const lines = estimateLines({ ...estimate, traces: 5000, cost: null, costMost: null }, free, selection);
    assert.match(lines[2]!, /^questions ≈ 120 questions/);
    assert.equal(lines[4], 'cost      no price is known');
    assert.match(lines.at(-1)!, /from 48 traces that were read; the others are taken to be like them/);
  });

  it('warn of an address without encryption, but for this machine', () => {
    const warned = (url: string) =>
      estimateLines(estimate, { ...endpoint, url }, selection).some((line) => line.startsWith('warning'));
    assert.deepEqual(
      [
        'http://gpu.example.com/v1',
        'http://127.0.0.1.example.com/v1',
        'http://127.0.0.1:8000/v1',
        'http://[::1]/v1',
        'http://localhost/v1',
        'https://x/v1',
      ].map(warned),
      [true, true, false, false, false, false],
    );
  });

  it('say how a job goes and ended, with all that it left out', () => {
    assert.equal(progressWords(job), '48 of 50 traces, 119 answers, 0.0533 spent, asked again 3 times, ≈ 42 s left');
    assert.deepEqual(jobLines(job), [
      'The judging by m (questions version 1) has ended',
      '48 of 50 traces judged, 2 of them before; 119 answers, 10 of them kept from earlier',
      'Left out: 1 trace with a question that was not answered, 1 trace whose text is gone (The judge answers 400: too long)',
      '5,000 steps judged; could not be parsed: 12 of 5,012',
      '  “plan” is no label: {"7": ["plan"]}',
      'Of 200 steps that it was asked about twice it said the same of 94 %',
      '239,000 tokens in, 29,000 out; 0.0533 at the prices given',
      'Answers kept: 1.0 MiB of at most 128 MiB; the oldest make room',
    ]);
    assert.match(jobLines({ ...job, state: 'failed' })[0]!, /failed: The judge answers 400: too long$/);
  });

  it('give figures by step, and none where there is none', () => {
    const steps = { both: 6, gold: 8, found: 9, units: 100 };
    const spans = { both: 0, gold: 0, found: 0, units: null };
    const nothing = { both: 0, gold: 0, found: 3, units: 100 };
    assert.deepEqual(
      agreementRows({
        labels: [
          { label: 'subgoal', steps, spans },
          { label: 'restart', steps: nothing, spans },
        ],
      }),
      [
        { label: 'subgoal', judge: 8, detector: 9, precision: '0.67', recall: '0.75', f1: '0.71', kappa: '0.68' },
        { label: 'restart', judge: 0, detector: 3, precision: '0.00', recall: '–', f1: '0.00', kappa: '0.00' },
      ],
    );
  });

  it('round times and sums so that they say something', () => {
    assert.deepEqual([0.4, 89, 90, 3599, 3661].map(about), ['1 s', '89 s', '2 min', '1 h 0 min', '1 h 1 min']);
    assert.deepEqual([0, 0.000_123_4, 1.5, 12, 99.95, 1234.5].map(money), [
      '0',
      '0.000123',
      '1.5',
      '12',
      '100',
      '1,235',
    ]);
  });
});
