/** Every preset is planned, and the configuration of each of its trainers constructed by TRL's own classes, without a GPU. */
import assert from 'node:assert/strict';
import type { EngineConfigs } from '../../../core/protocol/recipes.ts';
import { EngineFinder } from '../../../server/engine.ts';
import { engineConfigs } from '../../../server/recipes/engine-configs.ts';
import { engineDiagnostics, loadRecipe, requirePlan } from '../../../server/recipes/load.ts';
import { listPresets } from '../../../server/recipes/presets.ts';
import { enginePython } from '../../support/service.ts';

const names = listPresets().map(({ name }) => name);

describe('the presets, with the engine', () => {
  let found: EngineConfigs | null = null;

  before(async function () {
    this.timeout(200_000);
    if (!enginePython) return;
    // One start of Python for all of them: importing TRL is what takes the time.
    const stages = names.flatMap((name) =>
      requirePlan(loadRecipe({ preset: name })).stages.map((stage) => ({ ...stage, id: `${name}/${stage.id}` })),
    );
    found = await engineConfigs(stages, await new EngineFinder({ python: enginePython, folder: null }).find());
  });

  for (const name of names) {
    it(`constructs the configurations of ${name}`, function () {
      if (!found) {
        console.log('      skipped: LONGHAND_PYTHON names no engine');
        this.skip();
      }
      const mine = found.stages.filter(({ stage }) => stage.startsWith(`${name}/`));
      const { stages } = requirePlan(loadRecipe({ preset: name }));
      assert.equal(mine.length, stages.filter(({ kind }) => kind === 'sft' || kind === 'grpo').length);
      assert.deepEqual(
        mine.filter(({ problem }) => problem !== null).map(({ stage, problem }) => [stage, problem]),
        [],
      );
      for (const { arguments: values, facts } of mine) assert.ok(values && facts.length > 0);
    });
  }

  it('says what TRL refuses at the key, with the stage', async function () {
    this.timeout(200_000);
    if (!enginePython) this.skip();
    const text =
      'extends: two-stage-tiny\nname: wrong\nstages:\n  - { id: grpo, config: { num_generations: 7 } }\n  - { id: sft, config: { lr_scheduler_type: cosin } }\n';
    const source = { text, path: null };
    const { stages } = requirePlan(loadRecipe(source));
    const configs = await engineConfigs(stages, await new EngineFinder({ python: enginePython, folder: null }).find());
    const said = engineDiagnostics(source, configs);
    assert.deepEqual(said.map(({ range }) => text.slice(range.start, range.end)).toSorted(), ['7', 'cosin']);
    assert.ok(said.some(({ message }) => /^stage grpo: .*divisible by num_generations/.test(message)));
  });
});
