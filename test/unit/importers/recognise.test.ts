import assert from 'node:assert/strict';
import { inspectImport } from '../../../server/importers/inspect.ts';
import type { ImportInspection, ImportMapping } from '../../../core/protocol/imports.ts';
import { collect, file } from '../../support/collect-import.ts';

const thought = (n: number): string =>
  `<think>\nOkay, so I need to find ${n}. Wait, let me check it again.\n</think>\nThe answer is \\boxed{${n}}.`;

/** Three rows of a shape. */
const rows = (row: (n: number) => unknown): unknown[] => [1, 2, 3].map(row);

async function inspect(content: unknown[], mapping?: ImportMapping): Promise<ImportInspection> {
  return inspectImport(file('rows.jsonl', content), '/somewhere/rows.jsonl', { mapping });
}

describe('recognising columns', () => {
  const shapes: [string, (n: number) => unknown, ImportMapping, { problem?: string; completion?: string }?][] = [
    [
      'plain question and response',
      (n) => ({ question_id: `q-${n}`, question: `Q${n}?`, correct_answer: n, response: thought(n) }),
      { prompt: 'question', completion: 'response', gold: 'correct_answer', id: 'question_id' },
    ],
    [
      'a list of generations',
      (n) => ({ question: `Q${n}?`, generated_responses: [thought(n), 'short'], gold_answer: `${n}` }),
      { prompt: 'question', completion: 'generated_responses', gold: 'gold_answer' },
    ],
    [
      'a solution that a model has written',
      (n) => ({ question: `Q${n}?`, solution: thought(n).repeat(8), gold_answer: `${n}` }),
      { prompt: 'question', completion: 'solution', gold: 'gold_answer' },
    ],
    [
      'a column named after the model and what it answers',
      (n) => ({ question: `Q${n}?`, answer: `so\n#### ${n}`, short_question: 'Q?', 'some-model (short_question)': thought(n) }),
      { prompt: 'short_question', completion: 'some-model (short_question)', gold: 'answer' },
      { problem: 'Q?' },
    ],
    [
      'TRL conversations',
      (n) => ({ messages: [{ role: 'user', content: `Q${n}?` }, { role: 'assistant', content: thought(n) }] }),
      { completion: 'messages' },
      { problem: 'Q1?', completion: thought(1) },
    ],
    [
      'TRL prompt and completion as lists of messages',
      (n) => ({ prompt: [{ role: 'user', content: `Q${n}?` }], completion: [{ role: 'assistant', content: thought(n) }] }),
      { prompt: 'prompt', completion: 'completion' },
      { problem: 'Q1?', completion: thought(1) },
    ],
    [
      'TRL prompt and completion as strings',
      (n) => ({ prompt: `Q${n}?`, completion: thought(n), solution: `$${n}$` }),
      { prompt: 'prompt', completion: 'completion', gold: 'solution' },
      { problem: 'Q1?' },
    ],
    [
      'ShareGPT',
      (n) => ({ conversations: [{ from: 'human', value: `Q${n}?` }, { from: 'gpt', value: thought(n) }] }),
      { completion: 'conversations' },
      { problem: 'Q1?', completion: thought(1) },
    ],
    [
      'a rollout of verl',
      (n) => ({ input: `system\nBe good.\nuser\nQ${n}?\nassistant\n`, output: thought(n), gts: `${n}`, score: 1, step: 3 }),
      { prompt: 'input', completion: 'output', gold: 'gts' },
      { problem: 'Q1?' },
    ],
    [
      'OpenAI answers saved raw',
      (n) => ({ id: `chat-${n}`, object: 'chat.completion', raw_input: { question: `Q${n}?` }, choices: [{ index: 0, message: { role: 'assistant', content: thought(n) }, finish_reason: 'length' }], usage: { completion_tokens: 9 } }),
      { prompt: 'raw_input.question', completion: 'choices[].message.content' },
      { problem: 'Q1?' },
    ],
    [
      'samples of lm-eval',
      (n) => ({ doc_id: n, doc: { question: `Q${n}?`, answer: `${n}` }, target: `${n}`, arguments: { gen_args_0: { arg_0: `Q: Q${n}?\nA:` } }, resps: [[thought(n)]], filtered_resps: [`${n}`], filter: 'none', exact_match: 1 }),
      { prompt: 'doc.question', completion: 'resps', gold: 'doc.answer', id: 'doc_id' },
      { problem: 'Q1?' },
    ],
  ]; // prettier-ignore
  for (const [name, row, mapping, expected] of shapes) {
    it(`${name}: without a question`, async () => {
      const found = await inspect(rows(row));
      assert.equal(found.needsMapping, false, found.notes.join(' '));
      assert.deepEqual(found.mapping, mapping);
      const { traces } = await collect(file('rows.jsonl', rows(row)));
      assert.ok(traces.length >= 3);
      if (expected?.problem) assert.equal(traces[0]?.problem.text, expected.problem);
      assert.equal(traces[0]?.completion.includes(expected?.completion ?? 'Wait'), true);
    });
  }

  it('asks when no name says which column it is, and suggests the one that reads like reasoning', async () => {
    const found = await inspect(rows((n) => ({ aufgabe: `Q${n}?`, ausgabe: thought(n).repeat(9), note: 'x' })));
    assert.equal(found.needsMapping, true);
    assert.equal(found.holds, 'unknown');
    assert.equal(found.mapping?.completion, 'ausgabe');
    assert.match(found.notes.join(' '), /ausgabe.*reads? like reasoning/s);
  });

  it('asks when two columns are equally likely', async () => {
    const found = await inspect(
      rows((n) => ({ question: `Q${n}?`, response: thought(n), completion: `other ${thought(n)}` })),
    );
    assert.equal(found.needsMapping, true);
    assert.match(found.notes.join(' '), /"response".*"completion"/s);
  });

  it('does not ask about a column that is there twice', async () => {
    const found = await inspect(rows((n) => ({ question: `Q${n}?`, response: [thought(n)], code: [thought(n)] })));
    assert.equal(found.mapping?.completion, 'response');
    assert.equal(found.needsMapping, false);
  });

  it('says that a benchmark has no completions', async () => {
    const found = await inspect(
      rows((n) => ({ problem: `Q${n}?`, solution: `We see that it is $\\boxed{${n}}$.`, answer: `${n}` })),
    );
    assert.equal(found.holds, 'gold');
    assert.equal(found.mapping, null);
    assert.equal(found.needsMapping, false);
    assert.match(found.notes.join(' '), /has no completions/);
  });

  it('sees which of two wordings was answered by the numbers that only one has', async () => {
    const content = Array.from({ length: 12 }, (_, n) => ({
      question: `A train runs ${100 + n} km in ${20 + n} hours. How fast is it?`,
      insufficient_question: `A train runs ${100 + n} km. How fast is it?`,
      model_answer: `Okay, so the train runs ${100 + n} km, but how long? Wait, the time is not given.`,
    }));
    assert.equal((await inspect(content)).mapping?.prompt, 'insufficient_question');
    const whole = content.map((row, n) => ({
      ...row,
      model_answer: `Okay, so ${100 + n} km in ${20 + n} hours. Wait.`,
    }));
    assert.equal((await inspect(whole)).mapping?.prompt, 'question');
  });

  it('obeys a mapping with dotted names and lists, and says what it will do', async () => {
    const content = rows((n) => ({
      in: { text: `Q${n}?` },
      out: [{ body: { text: 'a' } }, { body: { text: 'b' } }],
      'a.b': `${n}`,
    }));
    const mapping = { prompt: 'in.text', completion: 'out.body.text', gold: 'a.b' };
    const found = await inspect(content, mapping);
    assert.deepEqual(found.mapping, mapping);
    assert.match(
      found.notes.join(' '),
      /Completions from "out.body.text", each element of the list one trace.*Gold answers from "a.b"/,
    );
    const { traces } = await collect(file('rows.jsonl', content), { mapping });
    assert.deepEqual(
      traces.slice(0, 2).map((t) => [t.problem.text, t.problem.gold, t.completion, t.sample]),
      [
        ['Q1?', '1', 'a', 0],
        ['Q1?', '1', 'b', 1],
      ],
    );
  });

  it('refuses a mapping that names a column that is not there, and names those that are', async () => {
    await assert.rejects(
      inspect(
        rows((n) => ({ question: `${n}`, text: 'x' })),
        { completion: 'respone' },
      ),
      {
        code: 'needs_mapping',
        message: /"respone".*completion.*question, text/,
      },
    );
  });
});
