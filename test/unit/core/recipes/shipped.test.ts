/** What ships beside the code must fit it: TRL's keys and the presets. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkRecipe } from '../../../../core/recipes/check.ts';
import { presetKey } from '../../../../core/recipes/find-base.ts';
import { parseTrlKeys } from '../../../../core/recipes/trl-keys.ts';
import { findBase, presetNames, presetText } from '../../../../server/recipes/bases.ts';

const root = resolve(import.meta.dirname, '..', '..', '..', '..');

describe('what ships for recipes', () => {
  const trlKeys = parseTrlKeys(readFileSync(join(root, 'core', 'recipes', 'trl-keys.json'), 'utf8'));

  it("has TRL's keys in the form that is read", () => {
    assert.ok(trlKeys);
    assert.ok('num_train_epochs' in trlKeys.SFTConfig);
    assert.ok('num_generations' in trlKeys.GRPOConfig);
  });

  for (const name of presetNames()) {
    it(`has nothing to say against ${name}, and finds a slip in it`, () => {
      assert.ok(trlKeys);
      const text = presetText(name);
      const options = { trlKeys, findBase, from: presetKey(name) };
      assert.deepEqual(checkRecipe(text, options).diagnostics, []);
      const slip = checkRecipe(text.replace(/^stages:/m, 'stagse:'), options).diagnostics;
      assert.ok(slip.some(({ message }) => message.includes('did you mean “stages”')) || !/^stages:/m.test(text));
    });
  }
});
