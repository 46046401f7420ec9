/** What ships beside the code must fit it: TRL's keys and the presets. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkRecipe } from '../../../../core/recipes/check.ts';
import { parseTrlKeys } from '../../../../core/recipes/trl-keys.ts';

const root = resolve(import.meta.dirname, '..', '..', '..', '..');
const presets = join(root, 'server', 'presets');

describe('what ships for recipes', () => {
  const trlKeys = parseTrlKeys(readFileSync(join(root, 'core', 'recipes', 'trl-keys.json'), 'utf8'));

  it("has TRL's keys in the form that is read", () => {
    assert.ok(trlKeys);
    assert.ok('num_train_epochs' in trlKeys.SFTConfig);
    assert.ok('num_generations' in trlKeys.GRPOConfig);
  });

  for (const name of readdirSync(presets)) {
    it(`has nothing to say against ${name}, and finds a slip in it`, () => {
      assert.ok(trlKeys);
      const text = readFileSync(join(presets, name), 'utf8');
      assert.deepEqual(checkRecipe(text, { trlKeys }).diagnostics, []);
      const slip = text.replace('learning_rate', 'learning_rat');
      assert.match(checkRecipe(slip, { trlKeys }).diagnostics[0]?.message ?? '', /did you mean “learning_rate”/);
    });
  }
});
