import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkRecipe } from '../../../core/recipes/check.ts';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { lackingGpus } from '../../../server/recipes/describe-plan.ts';
import { planFileSchema } from '../../../server/recipes/plan-file.ts';
import { planRecipe } from '../../../server/recipes/plan-recipe.ts';
import { presetsFolder } from '../../../server/package-paths.ts';

function plan(text: string, folder: string | null = null) {
  const { recipe, diagnostics } = checkRecipe(text);
  assert.ok(recipe, JSON.stringify(diagnostics));
  return planRecipe(recipe, () => folder);
}
/** The preset, with a number of epochs that does not change with it. */
const tiny = readFileSync(join(presetsFolder, 'two-stage-tiny.recipe.yaml'), 'utf8').replace(
  /epochs: \d+/,
  'epochs: 10',
);

describe('recipes/plan-recipe', () => {
  it('adds the evaluations beside their stages and says who needs what', () => {
    const { stages, vars, seed } = plan(tiny);
    assert.deepEqual(
      stages.map(({ id, kind, of, needs }) => [id, kind, of, needs.toSorted()]),
      [
        ['data', 'dataset', null, []],
        ['sft', 'sft', null, ['data']],
        ['sft.eval', 'evaluate', 'sft', ['data']],
        ['grpo', 'grpo', null, ['data', 'sft']],
        ['grpo.eval', 'evaluate', 'grpo', ['data', 'sft']],
      ],
    );
    assert.deepEqual([vars['epochs'], seed], [10, 0]);
    const [, sft, evaluation, , last] = stages;
    assert.equal((sft!.config['config'] as { num_train_epochs: unknown }).num_train_epochs, 10, 'a number, not a text');
    assert.equal('evaluate' in sft!.config, false);
    assert.deepEqual(
      [evaluation!.config['start'], evaluation!.config['every'], evaluation!.config['of']],
      [true, 'epoch', 'sft'],
    );
    assert.equal(last!.config['start'], false, 'its start is the end of sft, which sft.eval evaluates');
    assert.deepEqual(sft!.inputs, { model: { builtin: 'longhand-base' }, data: '${stages.data.train}' });
  });

  it('is the same after it was written and read', () => {
    const made = plan(tiny);
    assert.deepEqual(planFileSchema.parse(JSON.parse(JSON.stringify(made))), made);
  });

  it('waits for the evaluation where checkpoint.best chooses, and says by what rule', () => {
    const text = tiny.replace('${stages.sft.checkpoint.last}', '${stages.sft.checkpoint.best}');
    const { stages } = plan(text);
    const grpo = stages.find(({ id }) => id === 'grpo')!;
    assert.ok(grpo.needs.includes('sft.eval'));
    assert.match(grpo.notes.join(' '), /highest accuracy in sft\.eval, of equals the earlier/);
    assert.ok(stages.find(({ id }) => id === 'grpo.eval')!.needs.includes('sft.eval'));
  });

  it('finds what a variable of the wrong type breaks', () => {
    const text = tiny.replace(/samples: \d+/, 'samples: "${vars.epochs}"').replace('epochs: 10', 'epochs: ten');
    assert.throws(
      () => plan(text),
      (error) => LonghandError.is(error, 'invalid_recipe') && /Stage sft: evaluate\.samples/.test(error.message),
    );
  });

  it('says which epochs an evaluation will not see', () => {
    const text = tiny.replace('save_strategy: epoch', 'save_strategy: steps\n      save_total_limit: 1');
    const notes = plan(text)
      .stages.find(({ id }) => id === 'sft.eval')!
      .notes.join(' ');
    assert.match(notes, /save_strategy of sft is steps/);
    assert.match(notes, /keeps 1 checkpoints/);
  });

  it('takes paths from the folder of the recipe', () => {
    const folder = mkdtempSync(join(tmpdir(), 'longhand-plan-'));
    mkdirSync(join(folder, 'model'));
    const text = (model: string) => `
name: files
stages:
  - { id: data, kind: dataset, files: { train: rows.jsonl } }
  - { id: sft, kind: sft, model: ${model}, data: "\${stages.data.train}", config: {} }
`;
    try {
      const local = plan(text('model'), folder).stages;
      assert.deepEqual(local[0]!.config['files'], { train: join(folder, 'rows.jsonl') });
      assert.deepEqual(local[0]!.outputs, ['train']);
      assert.equal(local[1]!.inputs['model'], join(folder, 'model'));
      assert.equal(plan(text('Qwen/Qwen2.5-0.5B'), folder).stages[1]!.inputs['model'], 'Qwen/Qwen2.5-0.5B');
      assert.throws(
        () => plan(text('model'), null),
        (error) => LonghandError.is(error, 'invalid_recipe') && /rows\.jsonl/.test(error.message),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says how many processes train, who serves a model, and waits for what the environment refers to', () => {
    const text = (resources: string) => `
name: several
stages:
  - { id: data, kind: dataset, task: { builtin: sums-mod-7, train: 8, test: 4 } }
  - id: sft
    kind: sft
    model: { builtin: longhand-base }
    data: "\${stages.data.train}"
    config: {}
    resources: ${resources}
    evaluate: { every: end, data: "\${stages.data.test}", samples: 1, max_tokens: 8, inference: { engine: vllm } }
  - { id: last, kind: command, program: [ls], env: { WHERE: "\${stages.sft.checkpoint.last}" } }
`;
    const [, sft, evaluation, last] = plan(text('{ gpus: 8, distributed: zero3 }')).stages;
    assert.deepEqual([sft!.gpus, sft!.processes, sft!.distributed], [8, 8, 'zero3']);
    assert.ok(sft!.notes.includes('Trains with 8 processes (ZeRO-3 by DeepSpeed).'));
    assert.deepEqual([evaluation!.processes, evaluation!.config['inference']], [1, { engine: 'vllm' }]);
    assert.match(evaluation!.notes.join(' '), /a server \(vllm\) that the service starts/);
    assert.deepEqual(last!.needs, ['sft']);
    const two = plan(text('{ processes: 2 }')).stages[1]!;
    assert.deepEqual([two.gpus, two.processes, two.distributed], [null, 2, null]);
    assert.match(two.notes.join(' '), /2 processes \(DDP/);
    // On a machine with GPUs each process needs one; on the CPU they share.
    assert.match(lackingGpus(two, 4) ?? '', /trains with 2 processes on 1 GPU.*resources.gpus to 2, or to 0/);
    assert.equal(lackingGpus(two, 0), null);
    assert.equal(lackingGpus(plan(text('{ processes: 2, gpus: 0 }')).stages[1]!, 4), null);
    assert.equal(lackingGpus(sft!, 8), null);
    const one = plan(text('{ gpus: 1, distributed: zero3 }')).stages[1]!;
    assert.deepEqual([one.processes, one.distributed], [1, null]);
    // A plan from before there were several.
    const { processes: _, distributed: __, ...older } = one;
    assert.equal(planFileSchema.shape.stages.element.parse(older).processes, 1);
  });
});
