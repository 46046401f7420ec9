import assert from 'node:assert/strict';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { applySet } from '../../../server/recipes/apply-set.ts';
import { loadRecipe, requirePlan } from '../../../server/recipes/load.ts';

const text = `# a comment that stays
name: example
vars: { epochs: 10, seed: 0 } # and this one
stages:
  - { id: data, kind: dataset, task: { builtin: sums-mod-7, train: 40, test: 20, seed: "\${vars.seed}" } }
`;

describe('recipes/apply-set', () => {
  it('changes variables and values of stages, and nothing else of the text', () => {
    const changed = applySet(text, { 'vars.epochs': 3, seed: 7, 'stages.data.task.train': 8 });
    assert.match(changed, /# a comment that stays/);
    assert.match(changed, /epochs: 3, seed: 7 \} # and this one/);
    assert.match(changed, /train: 8/);
    assert.equal(applySet(text, {}), text);
  });

  it('names what the recipe does not have, with the nearest', () => {
    const refused = (set: Record<string, unknown>, words: RegExp) =>
      assert.throws(
        () => applySet(text, set),
        (error) => LonghandError.is(error, 'invalid_params') && words.test(error.message),
      );
    refused({ 'vars.epoch': 3 }, /no variable “epoch”; did you mean “epochs”/);
    refused({ 'stages.dat.task': 3 }, /no stage “dat”; did you mean “data”/);
    refused({ 'stages.data': 3 }, /no value of it/);
  });

  it('is checked with the recipe: what only it made wrong is told without a place', () => {
    const source = { text, path: null };
    const { plan, diagnostics } = loadRecipe(source, { 'stages.data.task.train': -1 });
    assert.equal(plan, null);
    assert.deepEqual(
      diagnostics.map(({ range, severity }) => [range.start, range.end, severity]),
      [[0, 0, 'error']],
    );
    assert.match(diagnostics[0]!.message, /train/);
    const good = loadRecipe(source, { epochs: 2 });
    assert.equal(requirePlan(good).vars['epochs'], 2);
    assert.match(good.text, /epochs: 2/);
    assert.throws(
      () => requirePlan({ ...good, plan: null, diagnostics }),
      (error) => LonghandError.is(error, 'invalid_recipe'),
    );
  });

  it('knows the presets', () => {
    assert.ok(requirePlan(loadRecipe({ preset: 'two-stage-tiny' })).stages.length > 0);
    assert.throws(
      () => loadRecipe({ preset: 'two-stage-tny' }),
      (error) => LonghandError.is(error, 'not_found') && /“two-stage-tiny”/.test(error.message),
    );
  });
});
