import assert from 'node:assert/strict';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { runImport } from '../../../server/importers/run.ts';
import { memorySource, type ByteSource } from '../../../server/importers/source.ts';
import { collect, collectingStore, file } from '../../support/collect-import.ts';

const row = (n: number, response = `Wait, it is \\boxed{${n}}.`) => ({
  question: `What is ${n}?`,
  response,
  answer: `${n}`,
});
const line = (n: number): string => `${JSON.stringify(row(n))}\n`;

async function refusal(work: Promise<unknown>): Promise<LonghandError> {
  const error = await work.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LonghandError, String(error));
  return error;
}

describe('an import', () => {
  it('keeps the completion as it stands in the file', async () => {
    const completion = '  \t<think>\r\n a\u00a0b e\u0301 \u200b\n\n</think>\n 漢 😀 \u0000 end  \n';
    const { traces } = await collect(file('a.jsonl', [row(1, completion)]));
    assert.equal(traces[0]?.completion, completion);
    assert.deepEqual(traces[0]?.source, { file: 'a.jsonl', line: 1 });
  });

  it('makes k traces of a row with k completions, and takes the facts of each', async () => {
    const content = [
      {
        question: 'Q?',
        gold_answer: '5',
        generations: ['a', 'b', 'c'],
        answers_correctness: [true, false, null],
        finish_reasons: ['stop', 'length', 'odd'],
        completion_tokens: [3, 4, 5],
        model: 'm',
        temperature: 0.6,
        is_correct: true,
      },
    ];
    const { traces } = await collect(file('a.jsonl', content));
    assert.deepEqual(
      traces.map(({ completion, sample, facts }) => ({ completion, sample, facts })),
      [
        {
          completion: 'a',
          sample: 0,
          facts: {
            verdict: { value: 'right', checker: 'file', version: 'answers_correctness' },
            finish: 'stop',
            tokens: 3,
            tokens_exact: true,
          },
        },
        {
          completion: 'b',
          sample: 1,
          facts: {
            verdict: { value: 'wrong', checker: 'file', version: 'answers_correctness' },
            finish: 'length',
            tokens: 4,
            tokens_exact: true,
          },
        },
        { completion: 'c', sample: 2, facts: { tokens: 5, tokens_exact: true } },
      ],
    );
    assert.deepEqual([traces[0]?.model, traces[0]?.sampling], ['m', { temperature: 0.6 }]);
  });

  it('numbers the completions of a problem on over rows', async () => {
    const { traces } = await collect(file('a.jsonl', [row(1, 'a'), row(2, 'b'), row(1, 'c')]));
    assert.deepEqual(traces.map((trace) => trace.sample), [0, 0, 1]); // prettier-ignore
  });

  it('puts reasoning that the file keeps apart before the answer, and says so', async () => {
    const content = [{ prompt: 'Q?', output: ['x', 'y'], thinking: ['a', 'b'] }];
    const { traces, result } = await collect(file('a.jsonl', content));
    assert.deepEqual(traces.map((trace) => trace.completion), ['<think>\na\n</think>\n\nx', '<think>\nb\n</think>\n\ny']); // prettier-ignore
    assert.match(result.notes.join(' '), /kept apart in the file/);
  });

  it('takes rewards, advantage, step and group from a log of TRL', async () => {
    const content = [0, 1].map((i) => ({
      step: 4,
      prompt: 'Q?',
      completion: `c${i}`,
      accuracy: i / 2 + 0.1,
      style_reward: null,
      advantage: i - 0.5,
    }));
    const { traces } = await collect(file('a.jsonl', content));
    assert.deepEqual(traces[0]?.facts, { rewards: { accuracy: 0.1, style_reward: null }, advantage_logged: -0.5 });
    assert.equal(traces[0]?.step, 4);
    assert.equal(traces[0]?.group, traces[1]?.group);
    assert.ok(traces[0]?.group);
  });

  it('gives preferences as two completions of one problem', async () => {
    const { traces } = await collect(file('a.jsonl', [{ prompt: 'Q?', chosen: 'good', rejected: 'bad' }]));
    assert.deepEqual(traces.map((trace) => [trace.completion, trace.set]), [['good', 'chosen'], ['bad', 'rejected']]); // prettier-ignore
  });

  it('reads golds as they are written: ####, a box in a solution, numbers, lists', async () => {
    const gold = async (value: Record<string, unknown>): Promise<string | null | undefined> =>
      (await collect(file('a.jsonl', [{ question: 'Q?', response: 'r', ...value }]))).traces[0]?.problem.gold;
    assert.equal(await gold({ answer: '9*60=<<9*60=540>>540\n#### 540' }), '540');
    assert.equal(
      await gold({ ground_truth_solution: `${'We compute. '.repeat(9)} So $\\boxed{\\frac{1}{2}}$.` }),
      '\\frac{1}{2}',
    );
    assert.equal(await gold({ answer: 42 }), '42');
    assert.equal(await gold({ ground_truth: ['2', '3'] }), '2, 3');
    assert.equal(await gold({ answer: '' }), null);
    assert.equal(await gold({ solution: 'A proof without an answer. '.repeat(30) }), null);
  });

  it('keeps the first of two golds of one problem and says so', async () => {
    const content = [row(1), { ...row(1), answer: '7' }];
    const { result } = await collect(file('a.jsonl', content));
    assert.match(result.notes.join(' '), /line 2: another gold answer \("7"\)/);
  });

  it('joins gold from a file of problems, with or without the instruction around them', async () => {
    const completions = [1, 2, 3, 4, 5, 6].map((n) => ({ question: `What is ${n}?`, response: `Wait, ${n}` }));
    const problems = [6, 5, 4, 3, 2].map((n) => ({
      prompt: [{ role: 'user', content: `What is ${n}? Think step by step, put it in a box.` }],
      reward_model: { ground_truth: n * 10 },
    }));
    const { result, traces } = await collect([file('traces.jsonl', completions), file('bench.jsonl', problems)]);
    assert.deepEqual(traces.map((trace) => trace.problem.gold), [null, '20', '30', '40', '50', '60']); // prettier-ignore
    assert.deepEqual(traces.map((trace) => trace.problem.goldOrigin), [undefined, ...Array.from({ length: 5 }, () => 'joined')]); // prettier-ignore
    assert.match(result.notes.join(' '), /joined to 5 traces of 5 problems/);
    assert.equal(result.rows, 11);
  });

  it('refuses a file of problems alone', async () => {
    const error = await refusal(
      collect(
        file('bench.jsonl', [
          { problem: 'Q?', answer: '1' },
          { problem: 'P?', answer: '2' },
        ]),
      ),
    );
    assert.equal(error.code, 'unreadable');
    assert.match(error.message, /no completions/);
  });

  it('gives the same run id to the same content and mapping, and another to others', async () => {
    const id = async (name: string, content: unknown[], mapping?: { completion: string }): Promise<string> =>
      (await collect(file(name, content), { mapping })).result.run;
    const first = await id('My Rows (v2).jsonl', [row(1)]);
    assert.match(first, /^my-rows-v2-[0-9a-f]{8}$/);
    assert.equal(await id('My Rows (v2).jsonl', [row(1)]), first);
    assert.notEqual(await id('My Rows (v2).jsonl', [row(2)]), first);
    assert.notEqual(await id('My Rows (v2).jsonl', [row(1)], { completion: 'question' }), first);
    assert.match(await id('問題.jsonl', [row(1)]), /^import-/);
  });

  it('says that it exists, and reads nothing, when the store has it', async () => {
    const store: Parameters<typeof runImport>[2] = {
      beginImport: () => Promise.resolve({ existed: true }),
      run: (run) =>
        Promise.resolve({
          run,
          name: '',
          kind: 'import',
          source: '',
          created: 0,
          vars: {},
          wanted: null,
          folder: '',
          stages: [],
          traces: 3,
        }),
    };
    const result = await runImport([file('a.jsonl', [row(1)])], {}, store);
    assert.deepEqual([result.existed, result.traces], [true, 3]);
  });

  it('reports bytes up to the total', async () => {
    const source = file(
      'a.jsonl',
      Array.from({ length: 500 }, (_, n) => row(n)),
    );
    const seen: number[] = [];
    await collect(source, { onProgress: ({ bytes, totalBytes }) => seen.push(bytes / totalBytes) });
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    assert.equal(seen.at(-1), 1);
  });

  it('is cancelled, and what was begun is removed', async () => {
    const controller = new AbortController();
    const content = Buffer.from(Array.from({ length: 20_000 }, (_, n) => line(n)).join(''));
    const source: ByteSource = memorySource('a.jsonl', content);
    const { store, begun, aborted, traces } = collectingStore();
    const work = runImport(
      [source],
      { signal: controller.signal, onProgress: ({ rows }) => rows > 1000 && controller.abort() },
      store,
    );
    assert.equal((await refusal(work)).code, 'cancelled');
    assert.deepEqual(aborted, begun);
    assert.equal(begun.length, 1);
    assert.ok(traces.length < 20_000);
  });
});

describe('bad input', () => {
  it('a torn last line: skipped, named, the rest read', async () => {
    const { result, traces } = await collect(file('a.jsonl', line(1) + line(2) + line(3).slice(0, 30)));
    assert.equal(traces.length, 2);
    assert.deepEqual([result.rows, result.skippedMore], [3, 0]);
    assert.deepEqual([result.skipped[0]?.file, result.skipped[0]?.line], ['a.jsonl', 3]);
    assert.match(result.skipped[0]?.why ?? '', /last line is cut/);
  });

  it('a last line without a line feed is read', async () => {
    assert.equal((await collect(file('a.jsonl', line(1) + line(2).trim()))).traces.length, 2);
  });

  it('an empty file, and one of white space', async () => {
    assert.match((await refusal(collect(file('a.jsonl', '')))).message, /a\.jsonl is empty/);
    assert.equal((await refusal(collect(file('a.jsonl', ' \n\n \n')))).code, 'unreadable');
    assert.equal((await refusal(collect(file('a.json', '[]')))).code, 'unreadable');
  });

  it('a line of 10 MB is read, one of more than 64 MiB is skipped', async () => {
    const long = JSON.stringify(row(2, 'x'.repeat(10_000_001)));
    const { traces } = await collect(file('a.jsonl', `${line(1)}${long}\n${line(3)}`));
    assert.deepEqual(traces.map((trace) => trace.completion.length > 1e7), [false, true, false]); // prettier-ignore
    const endless = Buffer.concat([
      Buffer.from(line(1)),
      Buffer.alloc(65 * 2 ** 20, 0x78),
      Buffer.from(`\n${line(3)}`),
    ]);
    const { result, traces: rest } = await collect(file('a.jsonl', endless));
    assert.equal(rest.length, 2);
    assert.match(result.skipped[0]?.why ?? '', /65 MiB; the limit is 64 MiB/);
  });

  it('NUL and binary bytes in a line: that line is skipped', async () => {
    const bytes = Buffer.concat([Buffer.from(line(1)), Buffer.from([0, 1, 2, 0x22, 10]), Buffer.from(line(3))]);
    const { result, traces } = await collect(file('a.jsonl', bytes));
    assert.equal(traces.length, 2);
    assert.equal(result.skipped[0]?.line, 2);
    assert.doesNotMatch(result.skipped[0]?.why ?? '', /\p{Cc}/u);
  });

  it('a binary file: says what it is', async () => {
    const zip = await refusal(
      collect(file('a.jsonl', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(500, 7)]))),
    );
    assert.match(zip.message, /ZIP archive/);
    const noise = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) % 256));
    assert.match((await refusal(collect(file('a.parquet', noise)))).message, /binary data/);
    assert.match((await refusal(collect(file('a.json', 'just some words\n')))).message, /neither JSON lines nor/);
  });

  it('the content counts, not the extension', async () => {
    const { result } = await collect(file('a.parquet', line(1)));
    assert.equal(result.traces, 1);
    assert.equal((await collect(file('a.jsonl', JSON.stringify([row(1), row(2)])))).result.format, 'json');
    assert.equal((await collect(file('a.json', line(1) + line(2)))).result.format, 'jsonl');
  });

  it('a byte order mark, and UTF-16', async () => {
    const text = line(1) + line(2);
    assert.equal((await collect(file('a.jsonl', `\ufeff${text}`))).traces.length, 2);
    const { traces, result } = await collect(file('a.jsonl', Buffer.from(`\ufeff${text}`, 'utf16le')));
    assert.equal(traces.length, 2);
    assert.match(result.notes.join(' '), /UTF-16LE/);
  });

  it('invalid UTF-8 and lone surrogates: replaced, counted, the line named', async () => {
    const bytes = Buffer.from(line(1) + line(2));
    bytes[bytes.indexOf('Wait')] = 0xff;
    const { traces, result } = await collect(file('a.jsonl', bytes));
    assert.deepEqual(traces.map((trace) => trace.replaced), [1, 0]); // prettier-ignore
    assert.equal(traces[0]?.completion.startsWith('\ufffdait'), true);
    assert.match(result.notes.join(' '), /line 1: 1 invalid bytes/);
    const lone = await collect(file('a.jsonl', '{"question": "Q", "response": "a\\ud800b\\udc00"}\n'));
    assert.equal(lone.traces[0]?.completion, 'a\ufffdb\ufffd');
    assert.equal(lone.traces[0]?.replaced, 2);
  });

  it('keys that stand twice, NaN: read, counted, said', async () => {
    const twice = '{"question": "Q", "response": "one", "response": "two", "score": NaN}\n';
    const { traces, result } = await collect(file('a.jsonl', twice + line(2)));
    assert.equal(traces[0]?.completion, 'two');
    assert.match(result.notes.join(' '), /"response" stands there twice/);
    assert.match(result.notes.join(' '), /NaN or infinite/);
  });

  it('rows that are no objects, have no completion or one that is no text', async () => {
    const content = [
      row(1),
      5,
      null,
      { question: 'Q' },
      { ...row(2), response: null },
      { ...row(3), response: 7 },
      { ...row(4), response: [] },
    ];
    const { result, traces } = await collect(file('a.jsonl', content));
    assert.equal(traces.length, 1);
    assert.deepEqual(
      result.skipped.map(({ line, why }) => `${line} ${why}`),
      [
        '2 not an object but a number',
        '3 not an object but null',
        '4 no completion: "response" is not there',
        '5 no completion: "response" is null',
        '6 completion 1 of 1 in "response" is a number, not text',
        '7 no completion: the list is empty',
      ],
    );
    assert.equal(result.rows, 7);
  });

  it('an empty completion is a trace', async () => {
    assert.equal((await collect(file('a.jsonl', [row(1), row(2, '')]))).traces[1]?.completion, '');
  });

  it('lists the first 200 skips and counts the rest; all are in the record', async () => {
    const { result, warnings } = await collect(file('a.jsonl', line(1) + 'broken\n'.repeat(250)));
    assert.deepEqual([result.skipped.length, result.skippedMore, result.rows], [200, 50, 251]);
    assert.ok(warnings.some(({ code, message }) => code === 'skipped' && message.includes('50 more')));
  });

  it('refuses a file of which no row can be read, with the first reason', async () => {
    const error = await refusal(collect(file('a.jsonl', '{"question": 1,}\n{"question": 2,}\n')));
    assert.equal(error.code, 'unreadable');
    assert.match(error.message, /not valid JSON/);
  });

  it('a file that fails in the middle removes what was begun', async () => {
    const content = Buffer.from(Array.from({ length: 20_000 }, (_, n) => line(n)).join(''));
    let reads = 0;
    const source: ByteSource = {
      name: 'a.jsonl',
      size: content.length,
      read(start, end) {
        // The hash reads all of it once; the second pass fails behind its first megabyte.
        if (start >= 2 ** 20 && ++reads > 1) return Promise.reject(new Error('the disk is gone'));
        return Promise.resolve(content.subarray(start, end));
      },
    };
    const { store, begun, aborted } = collectingStore();
    await assert.rejects(runImport([source], {}, store), /the disk is gone/);
    assert.deepEqual(aborted, begun);
  });
});
