import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { datasetRowSchema } from '../../../core/protocol/dataset-row.ts';
import { reportSchema, type TableRow } from '../../../core/protocol/report.ts';
import type { RunSummary } from '../../../core/protocol/methods.ts';
import { stage } from '../../support/service.ts';
import { suiteService } from '../suite.ts';

const MARKER = '\n\nUsing the solution style from rejection data.';

describe('dataset, mix and select stages', () => {
  const suite = suiteService('data');
  let done: RunSummary;
  before(async () => {
    const rows = [
      { problem: 'One?', answer: '1', generations: ['so so \\boxed{1}', '\\boxed{1}', '\\boxed{2}'], correct: null },
      { problem: ' One? ', generations: ['\\boxed{3}'] },
      { problem: 'Two?', generations: ['the answer is 2.'] },
      { problem: 'Long?', answer: '3', generations: ['x'.repeat(300)] },
      { answer: 'no problem' },
    ];
    const own = join(suite.root, 'own.jsonl');
    writeFileSync(own, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const source = { name: 'own', path: own, filter: 'characters < 200' };
    const stages = [
      { id: 'test', kind: 'dataset', task: { builtin: 'sums-mod-7', train: 8, test: 4 } },
      {
        id: 'data',
        kind: 'dataset',
        sources: [source, { name: 'task', path: '${stages.test.train}', sample: 3 }],
        deduplicate: 'problem',
        choose: 'shortest_correct',
        gold_from_trace: true,
        decontaminate: { against: ['${stages.test.test}'], ngram: 40 },
      },
      {
        id: 'joint',
        kind: 'mix',
        sources: [
          { data: '${stages.data.train}', name: 'rejection', marker: MARKER, weight: 2 },
          { data: '${stages.test.train}', limit: 4, weight: 0.5 },
        ],
        output: 'union',
      },
      {
        id: 'sft',
        kind: 'sft',
        model: { builtin: 'longhand-base' },
        data: '${stages.joint.union}',
        config: { max_steps: 20 },
        env: { STEPS: '20', STEP_MS: '5' },
        evaluate: { every: 'checkpoint', data: '${stages.test.test}', samples: 1, max_tokens: 64 },
      },
      { id: 'pick', kind: 'select', from: 'sft', rule: 'accuracy' },
      {
        id: 'next',
        kind: 'sft',
        model: '${stages.pick.checkpoint}',
        data: '${stages.joint.union}',
        config: {},
        env: { STEPS: '2', STEP_MS: '1' },
      },
    ];
    const text = ['name: data', 'stages:', ...stages.map((one) => `  - ${JSON.stringify(one)}`)].join('\n');
    done = await suite.ended(await suite.start(text));
    assert.equal(done.state, 'completed', JSON.stringify(done, null, 1));
  });

  const table = async (id: string, name: string, where?: Record<string, string>): Promise<TableRow[]> => {
    const params = { run: done.run, stage: id, table: name, ...(where ? { where } : {}) };
    const { rows, next } = await suite.backend.call('stages/rows', params);
    assert.equal(next, undefined);
    return rows;
  };
  const rowsOf = (id: string, name: string) =>
    readFileSync(join(stage(done, id).folder, 'data', `${name}.jsonl`), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => datasetRowSchema.parse(JSON.parse(line)));

  it('leave rows of the contract', () => {
    const rows = rowsOf('data', 'train');
    assert.deepEqual(rows.map(({ problem, answer, answer_origin }) => [problem, answer, answer_origin]).slice(0, 2), [
      ['One?', '1', 'given'],
      ['Two?', '2', 'trace'],
    ]);
    assert.equal(rows.length, 5);
    assert.ok(rows.every((row) => row.source && row.kept && row.from?.file && row.from.traces?.length === 1));
    const union = rowsOf('joint', 'union');
    assert.equal(union.length, 12);
    assert.equal(union.filter((row) => row.prompt.at(-1)!.content.endsWith(`?${MARKER}`)).length, 10);
    assert.ok(rowsOf('test', 'test').length === 4);
  });

  it('report what became of every row, each number with its rows', async () => {
    const { report } = await suite.backend.call('stages/report', { run: done.run, stage: 'data' });
    assert.ok(report);
    const funnel = report.blocks.find((block) => block.type === 'funnel')!;
    assert.equal(funnel.steps[0]!.n, 13);
    const dropped = funnel.steps.flatMap((step) => step.dropped ?? []);
    assert.deepEqual(
      dropped.map(({ reason, n }) => [reason, n]),
      [
        ['unreadable', 1],
        ['filter', 1],
        ['not sampled', 5],
        ['duplicate', 1],
      ],
    );
    for (const { n, rows } of dropped) {
      const found = await table('data', rows!.table, rows!.where as Record<string, string>);
      assert.equal(found.length, n);
      assert.ok(found.every(({ cells }) => cells['detail'] && cells['file'] && cells['line']));
    }
    for (const id of ['test', 'joint', 'pick']) {
      const found = await suite.backend.call('stages/report', { run: done.run, stage: id });
      assert.ok(found.report && reportSchema.safeParse(found.report).success, id);
    }
    assert.equal(
      (await suite.backend.call('stages/report', { run: done.run, stage: 'sft.eval', attempt: 1 })).attempt,
      1,
    );
  });

  it('lead from a row to the generation behind it and to those that were not taken', async () => {
    const [row] = await table('data', 'problems');
    const detail = await suite.backend.call('traces/get', { trace: row!.trace! });
    assert.deepEqual([detail.problemText, detail.gold, detail.verdict, detail.answer], ['One?', '1', 'right', '1']);
    const slice = await suite.backend.call('traces/slice', {
      trace: row!.trace!,
      in: 'completion',
      start: 0,
      end: 100,
    });
    assert.equal(slice.text, '\\boxed{1}');
    assert.deepEqual(
      row!.parts!.map(({ tone, verdict }) => [tone, verdict]),
      [
        ['chosen', 'right'],
        ['dropped', 'wrong'],
        ['dropped', 'wrong'],
        ['dropped', 'right'],
      ],
    );
    const [mixed] = await table('joint', 'rows', { source: 'rejection' });
    assert.match(mixed!.trace!, new RegExp(`^${done.run}/data/1/\\d+$`));
    assert.equal(mixed!.parts!.find(({ label }) => label === 'marker')!.text, MARKER);
  });

  it('hand the chosen checkpoint to the next stage', async () => {
    const spec = JSON.parse(readFileSync(join(stage(done, 'next').folder, 'spec.json'), 'utf8')) as {
      inputs: { model: string };
    };
    assert.equal(spec.inputs.model, join(stage(done, 'sft').folder, 'checkpoints/checkpoint-10'));
    const rows = await table('pick', 'checkpoints');
    assert.deepEqual(
      rows.map(({ cells }) => [cells['step'], cells['why']]),
      [
        [5, 'lower accuracy'],
        [10, 'chosen'],
        [15, 'lower accuracy'],
        [20, 'lower accuracy'],
      ],
    );
  });
});
