/** What the two papers and their code publish stands in the presets to the digit, and what their small variants change is the size. */
import assert from 'node:assert/strict';
import { loadRecipe, requirePlan } from '../../../server/recipes/load.ts';

type Values = Record<string, unknown>;
const stagesOf = (preset: string) => requirePlan(loadRecipe({ preset })).stages;
type Stages = ReturnType<typeof stagesOf>;
const stageOf = (stages: Stages, id: string): Stages[number] => {
  const stage = stages.find((one) => one.id === id);
  assert.ok(stage, `no stage ${id}`);
  return stage;
};
const found = (stages: Stages, id: string) => stageOf(stages, id).config;
const trainer = (preset: string, id: string) => found(stagesOf(preset), id)['config'] as Values;
const holds = (values: Values, published: Values) =>
  assert.deepEqual(Object.fromEntries(Object.keys(published).map((key) => [key, values[key]])), published);

const SFT = {
  num_train_epochs: 10,
  learning_rate: 1e-5,
  lr_scheduler_type: 'cosine',
  per_device_train_batch_size: 1,
  gradient_accumulation_steps: 8,
  max_length: 24_000,
  packing: true,
  optim: 'paged_adamw_8bit',
  weight_decay: 0,
  max_grad_norm: 1,
  bf16: true,
  gradient_checkpointing: true,
  gradient_checkpointing_kwargs: { use_reentrant: false },
  seed: 2025,
};
const GRPO = {
  learning_rate: 4e-6,
  lr_scheduler_type: 'cosine',
  beta: 0.04,
  epsilon: 0.2,
  num_iterations: 1,
  num_generations: 8,
  per_device_train_batch_size: 2,
  gradient_accumulation_steps: 8,
  max_completion_length: 16_384,
  temperature: 1,
  top_p: 0.9,
  min_p: 0.05,
  max_steps: 50,
  save_steps: 5,
  optim: 'paged_adamw_8bit',
  bf16: true,
  scale_rewards: 'group',
  loss_type: 'bnpo',
  mask_truncated_completions: false,
  use_vllm: true,
  vllm_mode: 'colocate',
  vllm_tensor_parallel_size: 4,
  vllm_gpu_memory_utilization: 0.3,
  vllm_enable_sleep_mode: true,
  vllm_importance_sampling_correction: false,
};
const REWARDS = [
  { name: 'format' },
  { name: 'cosine', unit: 'characters', max_length: 30_000 },
  { name: 'length', unit: 'characters' },
];
const MULTI = '\n\nUsing the solution style from multi-turns data.';
const REJECTION = '\n\nUsing the solution style from rejection data.';
/** The learning rate at a share of a run, as transformers' cosine without warm-up has it. */
const cosine = (rate: number, cycles: number, done: number) => (rate * (1 + Math.cos(Math.PI * 2 * cycles * done))) / 2;

describe('what is published of the two-stage recipe', () => {
  const stages = stagesOf('two-stage');

  it('is how SFT and GRPO train', () => {
    holds(found(stages, 'sft')['config'] as Values, SFT);
    holds(found(stages, 'grpo')['config'] as Values, GRPO);
    assert.deepEqual(found(stages, 'grpo')['rewards'], REWARDS);
    for (const [id, distributed] of [
      ['sft', 'zero3'],
      ['grpo', 'zero2'],
    ] as const) {
      const stage = stageOf(stages, id);
      assert.deepEqual([stage.processes, stage.distributed], [8, distributed]);
    }
    assert.deepEqual(found(stages, 'sft')['model'], 'deepseek-ai/DeepSeek-R1-Distill-Qwen-14B');
  });

  it('is the learning rate: 3.4e-6 at step 50 of 203, 5.8e-6 where the released SFT was cut off', () => {
    const { num_cycles: grpo } = trainer('two-stage', 'grpo')['lr_scheduler_kwargs'] as { num_cycles: number };
    assert.equal(cosine(4e-6, grpo, 1).toExponential(1), '3.4e-6');
    assert.ok(Math.abs(grpo - (0.5 * 50) / 203) < 0.0005);
    const cut = trainer('two-stage-cut-cosine', 'sft');
    const { num_cycles: sft } = cut['lr_scheduler_kwargs'] as { num_cycles: number };
    assert.equal(cut['num_train_epochs'], 9);
    assert.equal(cosine(1e-5, sft, 1).toExponential(1), '5.8e-6');
  });

  it('is how it is evaluated: 64 samples, three budgets, the sampling of the authors’ README', () => {
    for (const id of ['base-eval', 'sft-eval', 'grpo-eval']) {
      holds(found(stages, id), {
        samples: 64,
        max_tokens: 16_384,
        budgets: [8192, 12_800, 16_384],
        temperature: 1,
        top_p: 0.9,
        min_p: 0.05,
      });
    }
  });

  it('is how its rows are made from three sources', () => {
    const { sources, choose, gold_from_trace: gold, deduplicate } = found(stagesOf('two-stage-from-sources'), 'data');
    assert.deepEqual([choose, gold, deduplicate], ['shortest_correct', true, 'problem']);
    assert.deepEqual(
      (sources as Values[]).map(({ filter, sample }) => [filter, sample]),
      [
        ['tokens > 12800 and accuracy > 0.5', 3000],
        ['accuracy between 0.5 and 0.75', 3000],
        [undefined, undefined],
        [undefined, undefined],
      ],
    );
  });

  it('is changed by an ablation in what the ablation asks only', () => {
    for (const [preset, left] of [
      ['two-stage-no-format', ['cosine', 'length']],
      ['two-stage-no-cosine', ['format', 'length']],
      ['two-stage-no-length', ['format', 'cosine']],
    ] as const) {
      const grpo = found(stagesOf(preset), 'grpo');
      assert.deepEqual(
        grpo['rewards'],
        REWARDS.filter(({ name }) => (left as readonly string[]).includes(name)),
      );
      holds(grpo['config'] as Values, GRPO);
    }
    holds(trainer('two-stage-one-epoch', 'sft'), { ...SFT, num_train_epochs: 1 });
    holds(trainer('two-stage-rl-only', 'grpo'), GRPO);
    assert.equal(found(stagesOf('two-stage-rl-only'), 'grpo')['model'], 'deepseek-ai/DeepSeek-R1-Distill-Qwen-14B');
  });

  it('trains on as many sequences and completions a step on one GPU', () => {
    holds(trainer('two-stage-small', 'sft'), { ...SFT, gradient_accumulation_steps: 8 * 8 });
    const grpo = trainer('two-stage-small', 'grpo');
    const changed = { per_device_train_batch_size: 4, gradient_accumulation_steps: 32, vllm_tensor_parallel_size: 1 };
    holds(grpo, { ...GRPO, ...changed });
    assert.equal(4 * 32, 2 * 8 * 8);
  });
});

describe('what is published of the dual-phase recipe', () => {
  const stages = stagesOf('dual-phase');

  it('is the problems, the rounds, the threshold and the markers', () => {
    const sample = (id: string) => (found(stages, id)['sources'] as Values[])[0]!['sample'];
    assert.deepEqual([sample('pool'), sample('synthesis-problems')], [15_000, 10_000]);
    holds(found(stages, 'multi'), { model: 'Qwen/Qwen2.5-7B-Instruct', order: 'together' });
    assert.equal((found(stages, 'multi')['filters'] as Values)['min_characters'], 20);
    assert.deepEqual(found(stages, 'rejection')['rounds'], [2, 10, 100]);
    assert.deepEqual(
      (found(stages, 'joint')['sources'] as Values[]).map(({ marker }) => marker),
      [MULTI, REJECTION],
    );
  });

  it('is the loss and the start of both trainings: the first answer masked, the base both times', () => {
    for (const id of ['sampler', 'final']) {
      holds(found(stages, id), { loss: 'segments', model: 'Qwen/Qwen2.5-7B-Instruct' });
      assert.equal((found(stages, id)['config'] as Values)['num_train_epochs'], 1);
    }
  });

  it('is how it is evaluated: temperature 0.6, top_p 1, 8 samples of AIME and AMC and one of the rest', () => {
    const evaluations = stages.filter(({ kind }) => kind === 'evaluate');
    assert.ok(evaluations.length >= 9);
    for (const { id, config } of evaluations) {
      const samples = /aime|amc/.test(id) ? 8 : 1;
      holds(config, { temperature: 0.6, top_p: 1, samples });
      if (id.startsWith('final-')) assert.deepEqual(config['markers'], [null, MULTI, REJECTION]);
    }
  });

  it('is the second prompt of Think Twice, and the sizes of the scaling runs', () => {
    const prompts = found(stagesOf('dual-phase-think-twice'), 'multi')['prompts'] as Values;
    const said = "{problem} The assistant's previous answer is: <answer>{answer_1}</answer>, and please re-answer.";
    assert.equal(prompts['answer_2'], said);
    const limits = (found(stagesOf('dual-phase-by-size'), 'joint')['sources'] as Values[]).map(({ limit }) => limit);
    assert.deepEqual(limits, [500, 500]);
    assert.equal(
      found(stagesOf('dual-phase-distilled'), 'rejection')['model'],
      'deepseek-ai/DeepSeek-R1-Distill-Qwen-32B',
    );
  });

  it('trains on as many documents a step on one GPU', () => {
    for (const id of ['sampler', 'final']) {
      const [full, small] = [trainer('dual-phase', id), trainer('dual-phase-small', id)];
      assert.deepEqual(small, {
        ...full,
        gradient_accumulation_steps: 8 * Number(full['gradient_accumulation_steps']),
      });
    }
    assert.deepEqual(found(stagesOf('dual-phase-small'), 'rejection')['rounds'], [2, 10, 30]);
  });
});
