import assert from 'node:assert/strict';
import { checkRecipe } from '../../../core/recipes/check.ts';
import { presetKey } from '../../../core/recipes/find-base.ts';
import { stageOrder } from '../../../core/recipes/stage-order.ts';
import { findBase, presetText } from '../../../server/recipes/bases.ts';
import { describePlan } from '../../../server/recipes/describe-plan.ts';
import { planRecipe } from '../../../server/recipes/plan-recipe.ts';

/** Everything that these kinds know, in one recipe. */
const text = `
name: data-stages
vars: { n: 3000, seed: 7 }
stages:
  - id: test
    kind: dataset
    task: { builtin: sums-mod-7, train: 10, test: 10 }
  - id: data
    kind: dataset
    sources:
      - name: long
        path: openr1
        columns: { problem: problem, generations: generations, correct: correctness_math_verify, gold: null }
        filter: tokens > 12800 and accuracy > 0.5
        sample: "\${vars.n}"
        seed: "\${vars.seed}"
      - { hub: qihoo360/Light-R1-SFTData, split: train, filter: ["tokens > 5", "not answer is null"] }
      - { path: "\${stages.test.train}" }
    deduplicate: problem
    choose: shortest_correct
    gold_from_trace: true
    decontaminate: { against: ["\${stages.test.test}", aime.jsonl], ngram: 8 }
    tokenizer: { builtin: longhand-base }
    max_tokens: 24000
    system: Reason step by step.
  - id: joint
    kind: mix
    sources:
      - { data: "\${stages.data.train}", name: multi, marker: "\\n\\nUsing the solution style from multi-turns data." }
      - { data: own.jsonl, marker: null, weight: 0.5, limit: 100 }
    seed: "\${vars.seed}"
    shuffle: true
    output: union
  - id: sft
    kind: sft
    model: { builtin: longhand-base }
    data: \${stages.joint.union}
    config: { num_train_epochs: 2 }
    evaluate: { every: epoch, data: "\${stages.test.test}", samples: 2, max_tokens: 64, budgets: [32, 64] }
  - { id: pick, kind: select, from: sft, rule: accuracy_at_budget, budget: 32, set: test, marker: null }
  - id: grpo
    kind: grpo
    model: \${stages.pick.checkpoint}
    data: \${stages.data.train}
    rewards: [{ name: format }]
    config: {}
    evaluate: { every: end, data: "\${stages.test.test}", samples: 2, max_tokens: 64 }
  - { id: eval, kind: evaluate, model: "\${stages.pick.checkpoint}", data: "\${stages.test.test}", samples: 1, max_tokens: 64 }
`;

function plan(recipe = text) {
  const checked = checkRecipe(recipe);
  assert.ok(checked.recipe, JSON.stringify(checked.diagnostics));
  return planRecipe(checked.recipe, () => '/recipes');
}
const stage = (id: string, recipe = text) => plan(recipe).stages.find((one) => one.id === id)!;
const problems = (recipe: string) => checkRecipe(recipe).diagnostics.map(({ message }) => message);

describe('recipes/data stages', () => {
  it('takes paths from the folder and models by name, however deep they lie', () => {
    const { inputs, config, needs, outputs } = stage('data');
    assert.deepEqual(inputs, {
      'sources.0.path': '/recipes/openr1',
      'sources.2.path': '${stages.test.train}',
      'decontaminate.against.0': '${stages.test.test}',
      'decontaminate.against.1': '/recipes/aime.jsonl',
      tokenizer: { builtin: 'longhand-base' },
    });
    const [first, second] = config['sources'] as Record<string, unknown>[];
    assert.equal(first!['path'], '/recipes/openr1');
    assert.deepEqual([first!['sample'], first!['seed']], [3000, 7], 'numbers, not texts');
    assert.equal('path' in second!, false);
    assert.deepEqual((config['decontaminate'] as { against: string[] }).against[1], '/recipes/aime.jsonl');
    assert.deepEqual([needs, outputs], [['test'], ['train']]);
  });

  it('resolves the files of a data set as before', () => {
    const { inputs, config } = stage(
      'data',
      'name: x\nstages: [{ id: data, kind: dataset, files: { "a.b": own.jsonl, c: /x/y.jsonl } }]',
    );
    assert.deepEqual(inputs, { 'files.a.b': '/recipes/own.jsonl', 'files.c': '/x/y.jsonl' });
    assert.deepEqual(config['files'], { 'a.b': '/recipes/own.jsonl', c: '/x/y.jsonl' });
  });

  it('takes a tokenizer that is no folder as a name of the hub', () => {
    const recipe = text.replace('tokenizer: { builtin: longhand-base }', 'tokenizer: Qwen/Qwen3-0.6B');
    assert.equal(stage('data', recipe).inputs['tokenizer'], 'Qwen/Qwen3-0.6B');
  });

  it('keeps markers as they stand', () => {
    const { inputs, config, outputs, needs } = stage('joint');
    const sources = config['sources'] as Record<string, unknown>[];
    assert.equal(sources[0]!['marker'], '\n\nUsing the solution style from multi-turns data.');
    assert.deepEqual(inputs, { 'sources.0.data': '${stages.data.train}', 'sources.1.data': '/recipes/own.jsonl' });
    assert.deepEqual([outputs, needs], [['union'], ['data']]);
  });

  it('lets a selection wait for the stage and its evaluations, and gives its checkpoint to others', () => {
    const pick = stage('pick');
    assert.deepEqual(pick.needs.toSorted(), ['sft', 'sft.eval']);
    assert.deepEqual(pick.inputs, { from: '${stages.sft.folder}', evaluations: '${stages.sft.eval.folder}' });
    assert.deepEqual(pick.config, { from: 'sft', rule: 'accuracy_at_budget', budget: 32, set: 'test', marker: null });
    assert.deepEqual(stage('grpo').needs.toSorted(), ['data', 'pick']);
    assert.deepEqual(stage('eval').needs.toSorted(), ['pick', 'test']);
    const evaluation = stage('grpo.eval');
    assert.equal(evaluation.config['start'], false, 'the chosen checkpoint was evaluated by sft.eval');
    assert.match(evaluation.notes.join(' '), /evaluated by sft\.eval/);
  });

  it('orders the stages by what they choose from', () => {
    const { recipe } = checkRecipe(text.replace(/( {2}- \{ id: pick.*\n)([^]*)$/, '$2$1'));
    assert.ok(recipe);
    const { order } = stageOrder(recipe);
    assert.ok(order.indexOf('pick') > order.indexOf('sft') && order.indexOf('pick') < order.indexOf('grpo'));
    const cycle = text.replace('data: ${stages.joint.union}', 'needs: [pick]\n    data: ${stages.joint.union}');
    assert.match(problems(cycle).join(' '), /wait for each other/);
  });

  it('says in the plan what is read and written', () => {
    const described = describePlan(plan(), new Map(), { found: [], problem: null }).stages;
    const by = Object.fromEntries(described.map((one) => [one.id, one]));
    assert.deepEqual(by['pick']!.reads, ['from: checkpoints of sft', 'evaluations: evaluations of sft']);
    assert.match(by['joint']!.writes[0]!, /data\/union\.jsonl/);
    assert.ok(by['data']!.reads.includes('sources.2.path: train of test'));
    assert.match(by['data']!.notes.join(' '), /Light-R1-SFTData from the hub/);
    assert.ok(by['eval']!.reads.includes('model: checkpoint of pick'));
  });

  it('says how many samples a rejection stage may draw, as far as that is known', () => {
    const reject = (data: string, more = '') => `
name: x
stages:
  - { id: task, kind: dataset, task: { builtin: sums-mod-7, train: 300, test: 40 } }
  - { id: pool, kind: dataset, sources: [{ path: a.jsonl, sample: 1000 }, { path: "\${stages.task.train}" }] }
  - { id: open, kind: dataset, sources: [{ path: a.jsonl }] }
  - { id: reject, kind: reject, model: { builtin: longhand-base }, data: "${data}", rounds: [2, 4, 16], max_tokens: 64${more} }
`;
    const note = (data: string) =>
      describePlan(plan(reject(data)), new Map(), { found: [], problem: null })
        .stages.find(({ id }) => id === 'reject')!
        .notes.join(' ');
    assert.match(note('${stages.task.train}'), /(^| )300 problems: from 600 samples .* to 6,600 \(none solved\)\./);
    assert.match(note('${stages.pool.train}'), /At most 1,300 problems: from 2,600 samples .* to 28,600 /);
    assert.doesNotMatch(note('${stages.open.train}'), /problems:/);
  });

  it('takes a benchmark as the source of a data set, and as data with a prompt of its own', () => {
    const recipe = `
name: x
stages:
  - { id: gsm8k, kind: dataset, sources: [{ benchmark: gsm8k, path: gsm8k.jsonl }], system: Think. }
  - id: eval
    kind: evaluate
    model: Qwen/Qwen3-0.6B
    data: { benchmark: tabmwp, path: tabmwp.json, system: Think., template: "{problem}\\n\\nAnswer:" }
    samples: 1
    max_tokens: 64
`;
    assert.deepEqual(problems(recipe), []);
    assert.deepEqual(stage('gsm8k', recipe).inputs, { 'sources.0.path': '/recipes/gsm8k.jsonl' });
    assert.equal(stage('eval', recipe).inputs['data.path'], '/recipes/tabmwp.json');
    assert.deepEqual(stage('eval', recipe).config['data'], {
      ...{ benchmark: 'tabmwp', path: '/recipes/tabmwp.json', system: 'Think.', template: '{problem}\n\nAnswer:' },
    });
    const wrong = (from: string, to: string) => problems(recipe.replace(from, to)).join('\n');
    assert.match(wrong('benchmark: gsm8k', 'benchmark: gsm8'), /gsm8k/);
    assert.match(wrong('{problem}', '{question}'), /must have \{problem\}/);
    assert.match(wrong('system: Think., template', 'instruction: x, template'), /either “instruction” or “template”/);
  });

  for (const preset of ['dual-phase', 'dual-phase-small']) {
    it(`evaluates every model of ${preset} on the paper's seven benchmarks, and keeps them out of training`, () => {
      const whole = checkRecipe(presetText(preset), { findBase, from: presetKey(preset) });
      assert.ok(whole.recipe, JSON.stringify(whole.diagnostics));
      const { stages } = planRecipe(whole.recipe, () => '/recipes');
      const names = ['aime24', 'amc23', 'math500', 'gsm8k', 'svamp', 'tabmwp', 'gaokao2023en'];
      const pool = stages.find(({ id }) => id === 'pool')!.config;
      for (const name of names) {
        const source = stages.find(({ id }) => id === name)!.config;
        assert.deepEqual((source['sources'] as { benchmark: string }[])[0]!.benchmark, name);
        assert.equal(source['system'], 'Please reason step by step, and put your final answer within \\boxed{}.');
        assert.ok((pool['decontaminate'] as { against: string[] }).against.includes(`\${stages.${name}.train}`));
        for (const model of ['base', 'sampler', 'final']) {
          const { kind, config, inputs } = stages.find(({ id }) => id === `${model}-${name}`)!;
          const samples = name === 'aime24' || name === 'amc23' ? 8 : 1;
          assert.deepEqual([kind, config['set'], config['samples']], ['evaluate', name, samples]);
          assert.equal(inputs['data'], `\${stages.${name}.train}`);
          assert.equal((config['markers'] as unknown[] | undefined)?.length, model === 'final' ? 3 : undefined);
        }
      }
    });
  }

  it('says what is wrong, and where', () => {
    const wrong = (from: string, to: string) => {
      assert.ok(text.includes(from), from);
      return problems(text.replace(from, to)).join('\n');
    };
    assert.match(wrong('from: sft', 'from: sfd'), /no stage “sfd”.*“sft”/);
    assert.match(wrong('from: sft', 'from: data'), /“data” has no “evaluate” block/);
    assert.match(wrong('budget: 32, ', ''), /“accuracy_at_budget” needs a “budget”/);
    assert.equal(wrong('        path: openr1\n', ''), 'a source has either “path” or “hub”');
    assert.equal(wrong('hub: qihoo360/Light-R1-SFTData', 'path: x, hub: y'), 'a source has either “path” or “hub”');
    assert.match(wrong('generations: generations', 'generation: generations'), /“generation”.*“generations”/);
    assert.match(wrong('choose: shortest_correct', 'choose: shortest'), /shortest_correct/);
    assert.match(wrong('stages.joint.union', 'stages.joint.train'), /“joint” has no “train”/);
    assert.match(wrong('stages.pick.checkpoint', 'stages.pick.checkpoint.last'), /“pick” has no “checkpoint.last”/);
    assert.match(wrong('output: union', 'output: ../x'), /a name is of letters/);
    assert.match(problems('name: x\nstages: [{ id: d, kind: dataset }]').join(' '), /“task”, “files” or “sources”/);
    assert.match(wrong('stages.test.test}", aime', 'stages.sft.folder}", aime'), /“sft” has no “folder”/);
  });
});
