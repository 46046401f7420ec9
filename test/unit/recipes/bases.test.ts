import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadRecipe, requirePlan } from '../../../server/recipes/load.ts';
import { listPresets, readPreset } from '../../../server/recipes/presets.ts';

const base = `name: base
vars: { epochs: 3 }
stages:
  - { id: data, kind: dataset, files: { train: rows/train.jsonl, dev: rows/dev.jsonl } }
  - { id: sft, kind: sft, model: org/model, data: "\${stages.data.train}", config: { num_train_epochs: "\${vars.epochs}" } }
`;

describe('recipes that extend', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longhand-test-'));
  mkdirSync(join(folder, 'sub'));
  const path = join(folder, 'mine.recipe.yaml');
  writeFileSync(join(folder, 'sub', 'base.recipe.yaml'), base);

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are planned whole; paths lie beside the file that names them', () => {
    const text =
      'extends: ./sub/base.recipe.yaml\nname: mine\nstages:\n  - { id: data, files: { dev: mine/dev.jsonl } }\n';
    const loaded = loadRecipe({ text, path }, { epochs: 5 });
    const plan = requirePlan(loaded);
    assert.equal(plan.name, 'mine');
    assert.deepEqual(plan.vars, { epochs: 5 });
    assert.deepEqual(plan.stages[0]!.inputs, {
      'files.train': join(folder, 'sub', 'rows', 'train.jsonl'),
      'files.dev': join(folder, 'mine', 'dev.jsonl'),
    });
    assert.deepEqual(plan.stages[1]!.config['config'], { num_train_epochs: 5 });
    assert.match(plan.notes[0]!, /^Extends \.\/sub\/base\.recipe\.yaml\.$/);
    assert.equal(loaded.original, text);
    const whole = parse(loaded.text) as { extends?: string; stages: unknown[]; vars: unknown };
    assert.equal(whole.extends, undefined);
    assert.equal(whole.stages.length, 2);
    assert.deepEqual(whole.vars, { epochs: 5 });
  });

  it('may build on a preset', () => {
    const text = 'extends: two-stage-tiny\nname: mine\nvars: { epochs: 1 }\nstages:\n  - { id: grpo, remove: true }\n';
    const plan = requirePlan(loadRecipe({ text, path: null }));
    assert.deepEqual(
      plan.stages.map(({ id }) => id),
      ['data', 'sft', 'sft.eval'],
    );
    assert.equal(loadRecipe({ preset: 'two-stage-tiny' }).original, null);
    assert.equal(readPreset('two-stage-tiny').needsGpu, false);
    assert.equal(readPreset('two-stage-small').needsGpu, true, 'its base says so');
    const names = listPresets().map(({ name }) => name);
    assert.ok(names.indexOf('two-stage-tiny') < names.indexOf('two-stage'));
    assert.ok(names.indexOf('two-stage') < names.indexOf('two-stage-tiny-epochs'));
  });
});
