import assert from 'node:assert/strict';
import { runImport } from '../../../server/importers/run.ts';
import { packScores, readScores } from '../../../core/traces/token-scores.ts';
import { collect, file } from '../../support/collect-import.ts';
import { withStore } from '../../support/temporary.ts';

/** Tokens of `So 漢😀.`: the emoji in two, so that neither is a character by itself. */
const text = 'So 漢😀.';
const emoji = [...Buffer.from('😀')];
const pieces = [
  { token: 'So', bytes: [83, 111], logprob: -0.5 },
  { token: ' 漢', bytes: [...Buffer.from(' 漢')], logprob: -0.25 },
  { token: '\\xf0\\x9f', bytes: emoji.slice(0, 2), logprob: -2 },
  { token: '\\x98\\x80', bytes: emoji.slice(2), logprob: -0.125 },
  { token: '.', bytes: null, logprob: -1 },
];
const logprobs = pieces.map(({ logprob }) => logprob);
const top = (logprob: number) => [
  { token: 'a', logprob },
  { token: 'b', logprob: Math.log1p(-Math.exp(logprob)) },
];
const content = pieces.map((piece) => ({ ...piece, top_logprobs: top(piece.logprob) }));
const end = { token: '<|im_end|>', bytes: [...Buffer.from('<|im_end|>')], logprob: -0.5, top_logprobs: top(-0.5) };

const question = { question: 'What is it?' };
const plain = ['So', ' this', ' is', ' it', '.'];

/** Files that say the same in the ways in which they do, with the lengths of the tokens that are read. */
const ways: Record<string, { row: object; lengths: number[]; completion?: string; entropies?: true }> = {
  'a chat answer of an OpenAI-compatible server': {
    row: { ...question, choices: [{ message: { role: 'assistant', content: text }, logprobs: { content } }] },
    lengths: [2, 4, 2, 2, 1],
    entropies: true,
  },
  'one whose end token is not in the text': {
    row: {
      ...question,
      choices: [{ message: { role: 'assistant', content: text }, logprobs: { content: [...content, end] } }],
    },
    lengths: [2, 4, 2, 2, 1, 0],
    entropies: true,
  },
  'an older answer, with texts and numbers apart': {
    row: {
      ...question,
      choices: [
        {
          text: plain.join(''),
          logprobs: { tokens: plain, token_logprobs: [null, ...logprobs.slice(1)], top_logprobs: null },
        },
      ],
    },
    lengths: plain.map((one) => one.length),
    completion: plain.join(''),
  },
  'vLLM, by token id': {
    row: {
      ...question,
      outputs: [
        {
          text: plain.join(''),
          token_ids: [11, 12, 13, 14, 15],
          logprobs: plain.map((token, i) => ({
            [String(90 + i)]: { logprob: -0.01, rank: 1, decoded_token: ' no' },
            [String(11 + i)]: { logprob: logprobs[i], rank: 2, decoded_token: token },
          })),
        },
      ],
    },
    lengths: plain.map((one) => one.length),
    completion: plain.join(''),
    entropies: true,
  },
  'SGLang, as triples': {
    row: {
      ...question,
      text: plain.join(''),
      meta_info: { output_token_logprobs: plain.map((token, i) => [logprobs[i], 11 + i, token]) },
    },
    lengths: plain.map((one) => one.length),
    completion: plain.join(''),
  },
  'plain columns': {
    row: { ...question, completion: plain.join(''), tokens: plain, token_logprobs: logprobs },
    lengths: plain.map((one) => one.length),
    completion: plain.join(''),
  },
};

describe('log-probabilities of imported files', () => {
  for (const [name, { row, lengths, completion = text, entropies }] of Object.entries(ways))
    it(`are kept from ${name}`, async () => {
      const { traces, warnings } = await collect(
        file('a.jsonl', [row]),
        name.startsWith('SGLang') ? { mapping: { completion: 'text', prompt: 'question' } } : {},
      );
      assert.equal(traces[0]?.completion, completion);
      const scores = traces[0].scores && readScores(traces[0].scores);
      assert.ok(scores, JSON.stringify(warnings));
      assert.deepEqual([...scores.lengths!], lengths);
      const known = [...scores.logprobs!].slice(0, 5);
      assert.deepEqual(
        known.map((one, i) => (Number.isNaN(one) ? logprobs[i] : one)),
        logprobs,
      );
      assert.equal(scores.entropies !== null, entropies === true);
      assert.deepEqual([traces[0].facts.tokens, traces[0].facts.tokens_exact], [lengths.length, true]);
    });

  it('are kept for each of several completions of a row', async () => {
    const row = {
      ...question,
      completions: ['So it is.', 'No.'],
      tokens: [
        ['So', ' it is', '.'],
        ['No', '.'],
      ],
      logprobs: [
        [-1, -2, -0.5],
        [-0.25, -0.75],
      ],
    };
    const { traces } = await collect(file('a.jsonl', [row]));
    const found = traces.map(({ scores }) => [...readScores(scores!)!.logprobs!]);
    assert.deepEqual(found, row.logprobs);
  });

  it('are left out, and that is said, where their tokens do not spell the completion', async () => {
    const off = [...content.slice(0, 4), { ...content[4]!, token: '!' }];
    const rows = [
      { ...question, choices: [{ message: { role: 'assistant', content: text }, logprobs: { content: off } }] },
      { ...question, choices: [{ message: { role: 'assistant', content: text }, logprobs: null }] },
      {
        ...question,
        choices: [{ message: { role: 'assistant', content: text }, logprobs: { content: [null, 7, 'x', {}] } }],
      },
    ];
    const { traces, result } = await collect(file('a.jsonl', rows));
    assert.deepEqual(traces.map(({ scores }) => scores), [undefined, undefined, undefined]); // prettier-ignore
    assert.match(result.notes.join('\n'), /log-probabilities were not kept/);
  });

  it('lie in the record as a stage’s own, with places in the text', () =>
    withStore(async (store) => {
      const { run } = await runImport(
        [file('a.jsonl', [ways['a chat answer of an OpenAI-compatible server']!.row])],
        {},
        store,
      );
      const { rows } = await store.read('traces/page', { filter: { run }, query: 'has:logprobs' });
      const { slice } = await store.sliced('traces/tokens', { trace: rows[0]!.trace, start: 0, end: 10 });
      // A token that ends inside a character ends where it begins.
      assert.deepEqual(slice!.lengths, [2, 2, 0, 2, 1]);
      assert.deepEqual(slice!.logprobs, logprobs);
      assert.deepEqual((await store.verify()).faults, []);
    }));

  it('are packed to the nearest half, and read as they were written', () => {
    const values = [
      0,
      -0,
      1,
      -1,
      -0.5,
      65504,
      65519,
      65520,
      -1e9,
      2 ** -14,
      2 ** -24,
      2 ** -25,
      1.5 * 2 ** -24,
      0.1,
      -3.1401,
      2049,
      2051,
      1023.75,
      NaN,
    ];
    const back = readScores(
      packScores({
        tokens: values.length,
        logprobs: Float32Array.from(values),
        entropies: null,
        top: 0,
        lengths: null,
      }),
    )!.logprobs!;
    const half = [
      0,
      -0,
      1,
      -1,
      -0.5,
      65504,
      65504,
      Infinity,
      -Infinity,
      2 ** -14,
      2 ** -24,
      0,
      2 ** -23,
      0.0999755859375,
      -3.140625,
      2048,
      2052,
      1024,
      NaN,
    ];
    assert.deepEqual([...back], half);
  });
});
