import assert from 'node:assert/strict';
import { checkRecipe } from '../../../../core/recipes/check.ts';
import { completionsAt, hoverAt } from '../../../../core/recipes/describe.ts';
import { baseFinder } from '../../../../core/recipes/find-base.ts';
import type { TrlKeys } from '../../../../core/recipes/trl-keys.ts';

const base = `name: base
description: what it is
vars: { epochs: 3, seed: 0 }
stages:
  - { id: data, kind: dataset, task: { builtin: sums-mod-7, train: 4, test: 2, seed: "\${vars.seed}" } }
  - id: sft
    kind: sft
    model: org/model
    data: \${stages.data.train}
    config: { num_train_epochs: "\${vars.epochs}", max_length: 512, learning_rate: 1.0e-3 }
    evaluate: { every: end, data: "\${stages.data.test}", samples: 1, max_tokens: 8, budgets: [4, 8] }
  - id: grpo
    kind: grpo
    model: \${stages.sft.checkpoint.last}
    data: \${stages.data.train}
    rewards: [{ name: format }, { name: accuracy }]
    config: { num_generations: 8 }
`;
const trlKeys: TrlKeys = {
  versions: { trl: '1.16.0', transformers: '5.23.0' },
  SFTConfig: {
    num_train_epochs: { type: 'float', default: 3 },
    max_length: { type: 'int | None', default: 1024 },
    learning_rate: { type: 'float', default: 2e-5 },
  },
  GRPOConfig: { num_generations: { type: 'int', default: 8 } },
};
/** Presets `base` and whatever else; files under /recipes. */
const options = (files: Record<string, string> = {}, from: string | null = '/recipes/mine.recipe.yaml') => ({
  trlKeys,
  from,
  presets: () => ['base'],
  findBase: baseFinder({
    presets: () => ['base', 'other'],
    readPreset: (name) => (name === 'base' ? base : 'name: other\nstages: 3\n'),
    absolute: (path, beside) => new URL(path, `file://${beside}`).pathname,
    read(path) {
      if (files[path] === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return files[path];
    },
  }),
});
const check = (text: string, files?: Record<string, string>) => checkRecipe(text, options(files));
const mine = (rest: string) => `extends: base\nname: mine\n${rest}`;
const expectOne = (text: string, message: RegExp, at: string, files?: Record<string, string>) => {
  const found = check(text, files).diagnostics.map((one) => [one.message, text.slice(one.range.start, one.range.end)]);
  assert.equal(found.length, 1, JSON.stringify(found));
  assert.match(found[0]![0]!, message);
  assert.equal(found[0]![1], at);
  assert.equal(check(text, files).recipe, null);
};

describe('extends', () => {
  it('joins variables and changes stages by id: mappings key by key, lists replaced', () => {
    const { recipe, diagnostics, bases } = check(
      mine(`vars: { epochs: 10, more: 1 }
stages:
  - { id: sft, config: { learning_rate: 2.0e-3, max_length: null }, evaluate: { budgets: [2] } }
  - { id: grpo, rewards: [{ name: format }] }
`),
    );
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      bases.map(({ name }) => name),
      ['base'],
    );
    assert.equal(recipe?.name, 'mine');
    assert.equal(recipe.description, undefined);
    assert.deepEqual(recipe.vars, { epochs: 10, seed: 0, more: 1 });
    const [data, sft, grpo] = recipe.stages;
    assert.ok(data?.kind === 'dataset' && data.task?.train === 4);
    assert.ok(sft?.kind === 'sft');
    // Under `config` null is a value of TRL's.
    assert.deepEqual(sft.config, { num_train_epochs: '${vars.epochs}', max_length: null, learning_rate: 2e-3 });
    assert.deepEqual(sft.evaluate?.budgets, [2]);
    assert.equal(sft.evaluate.samples, 1);
    assert.ok(grpo?.kind === 'grpo' && grpo.rewards.length === 1);
  });

  it('removes a stage, takes a key away, adds stages before, after and at the end', () => {
    const stage = (id: string, where: string) =>
      `  - { id: ${id}, kind: dataset, ${where}task: { builtin: sums-mod-7, train: 1, test: 1 } }\n`;
    const { recipe, diagnostics } = check(
      mine(
        `stages:\n  - { id: grpo, remove: true }\n  - { id: sft, evaluate: null }\n${stage('first', 'before: data, ')}${stage('second', 'after: data, ')}${stage('last', '')}`,
      ),
    );
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      recipe?.stages.map(({ id }) => id),
      ['first', 'data', 'second', 'sft', 'last'],
    );
    assert.ok(!('evaluate' in recipe.stages[3]!));
    assert.ok(!('before' in recipe.stages[0]!));
  });

  it('replaces a stage whose kind becomes another', () => {
    const { recipe } = check(
      mine('stages:\n  - { id: data, kind: dataset, files: { train: /a.jsonl, test: /b.jsonl }, task: null }\n'),
    );
    assert.deepEqual(recipe?.stages[0], {
      id: 'data',
      kind: 'dataset',
      files: { train: '/a.jsonl', test: '/b.jsonl' },
    });
    const other = check(
      mine('stages:\n  - { id: grpo, kind: sft, model: a, data: "${stages.data.train}", config: {} }\n'),
    );
    assert.deepEqual(other.recipe?.stages[2], {
      id: 'grpo',
      kind: 'sft',
      model: 'a',
      data: '${stages.data.train}',
      config: {},
    });
  });

  it('reads a chain of files, each beside the one that names it', () => {
    const files = {
      '/recipes/sub/a.recipe.yaml': 'extends: ./b.recipe.yaml\nname: a\nvars: { seed: 2 }\n',
      '/recipes/sub/b.recipe.yaml': 'extends: base\nname: b\nvars: { epochs: 9, seed: 1 }\n',
    };
    const { recipe, diagnostics } = check('extends: sub/a.recipe.yaml\nname: mine\n', files);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(recipe?.vars, { epochs: 9, seed: 2 });
  });

  it('names the nearest preset, a missing file, a cycle, and what is no name', () => {
    expectOne('extends: bas\nname: x\n', /no preset “bas”; did you mean “base”\?/, 'bas');
    expectOne('extends: ./none.yaml\nname: x\n', /no file “\.\/none\.yaml” beside/, './none.yaml');
    expectOne('extends: 3\nname: x\n', /must be the name of a preset or a relative path/, '3');
    const cycle = { '/recipes/mine.recipe.yaml': base, '/recipes/a.yaml': 'extends: mine.recipe.yaml\nname: a\n' };
    expectOne('extends: ./a.yaml\nname: x\n', /extends itself: this recipe → \.\/a\.yaml → mine/, './a.yaml', cycle);
    const unsaved = checkRecipe('extends: ./a.yaml\nname: x\n', options({}, null)).diagnostics;
    assert.match(unsaved[0]!.message, /save it first/);
    assert.match(checkRecipe(mine('')).diagnostics[0]!.message, /cannot be read here/);
  });

  it('says what is wrong in the base with its file and line, at extends', () => {
    expectOne('extends: other\nname: x\n', /^other has an error in line 2: “stages” must be a list/, 'other');
  });

  it('says what a change breaks in the base at the change, with the place in the base', () => {
    expectOne(mine('stages:\n  - { id: sft, remove: true }\n'), /there is no stage “sft”.*\(base, line 14\)/, 'base');
    expectOne(
      mine(
        'stages:\n  - { id: data, kind: dataset, files: { dev: /a }, task: null }\n  - { id: grpo, remove: true }\n  - { id: sft, evaluate: null }\n',
      ),
      /has no “train”.*\(base, line 9\)/,
      'sft',
    );
  });

  it('points to the place in the file for what is wrong in it', () => {
    expectOne(
      mine('stages:\n  - { id: sft, config: { learning_rat: 3 } }\n'),
      /did you mean “learning_rate”/,
      'learning_rat',
    );
    expectOne(mine('stages:\n  - { id: sft, config: { learning_rate: x } }\n'), /must be a number/, 'x');
    expectOne(mine('stages:\n  - { id: grpo, rewards: [{ name: formt }] }\n'), /did you mean “format”/, 'formt');
    expectOne(mine('stages:\n  - { id: sft, data: "${stages.dta.train}" }\n'), /no stage “dta”/, '${stages.dta.train}');
    expectOne(
      mine('stages:\n  - { id: sfx, config: {} }\n'),
      /base has no stage “sfx”; did you mean “sft”\? a new one/,
      'sfx',
    );
    expectOne(mine('stages:\n  - { id: sfx, remove: true }\n'), /base has no stage “sfx”/, 'sfx');
    expectOne(mine('stages:\n  - { id: sft, after: dat }\n'), /no stage “dat”; did you mean “data”/, 'dat');
    expectOne(mine('stages:\n  - { id: sft }\n  - { id: sft }\n'), /“sft” is changed twice/, 'sft');
    expectOne(mine('stages:\n  - { id: sft, remove: yes }\n'), /“remove” must be true/, 'yes');
    expectOne(mine('stagse: []\n'), /unknown key “stagse”; did you mean “stages”/, 'stagse');
    expectOne('extends: base\n', /“name” is missing/, 'extends');
  });
});

describe('completion and hover in a recipe that extends', () => {
  const complete = (text: string) => {
    const offset = text.indexOf('@');
    return completionsAt(text.replace('@', ''), offset, options()).items.map(({ label }) => label);
  };
  it('offers presets, stages of the base, and the keys of the kind that the base gives', () => {
    assert.deepEqual(complete('extends: @\n'), ['base']);
    assert.deepEqual(complete(mine('stages:\n  - { id: @')), ['data', 'sft', 'grpo']);
    const keys = complete(mine('stages:\n  - id: sft\n    @\n'));
    assert.ok(
      ['config', 'evaluate', 'remove', 'before', 'after'].every((key) => keys.includes(key)),
      keys.join(),
    );
    assert.ok(!keys.includes('rewards') && !keys.includes('task'));
    assert.ok(complete(mine('stages:\n  - id: sft\n    config:\n      @\n')).includes('learning_rate'));
    assert.deepEqual(complete(mine('stages:\n  - id: sft\n    before: @\n')), ['data', 'sft', 'grpo']);
    const vars = complete(mine('vars: { more: 1 }\nstages:\n  - id: sft\n    config: { num_train_epochs: @ }\n'));
    assert.deepEqual(vars, ['${vars.epochs}', '${vars.seed}', '${vars.more}']);
  });
  it('says what the base has', () => {
    const text = mine('stages:\n  - { id: sft, config: { learning_rate: 5.0e-3 } }\n');
    assert.match(hoverAt(text, text.indexOf('learning_rate') + 1, options())?.contents ?? '', /In base: `0\.001`/);
    assert.match(hoverAt(text, text.indexOf('extends') + 1, options())?.contents ?? '', /builds on/);
  });
});
