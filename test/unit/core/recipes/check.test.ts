import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRecipe } from '../../../../core/recipes/check.ts';
import { RECIPE_LIMIT } from '../../../../core/recipes/document.ts';
import { recipeSymbol, stageSymbols } from '../../../../core/recipes/symbols.ts';
import type { TrlKeys } from '../../../../core/recipes/trl-keys.ts';

const preset = readFileSync(join(import.meta.dirname, '../../../../server/presets/two-stage-tiny.recipe.yaml'), 'utf8');
const trlKeys: TrlKeys = {
  versions: { trl: '1.16.0', transformers: '5.23.0' },
  SFTConfig: { learning_rate: { type: 'float', default: 2e-5 } },
  GRPOConfig: { num_generations: { type: 'int', default: 8 } },
};

const stages = (yaml: string) => `name: x\nvars: { epochs: 3 }\nstages:\n${yaml}`;
const data = '  - { id: data, kind: dataset, task: { builtin: sums-mod-7, train: 1, test: 2 } }\n';
const sft = (more: string) =>
  stages(
    `${data}  - id: sft\n    kind: sft\n    model: base\n    data: \${stages.data.train}\n    config: {}\n${more}`,
  );

/** Message and the text that it points to. */
const said = (text: string, options = {}) =>
  checkRecipe(text, options).diagnostics.map(({ message, range }) => [message, text.slice(range.start, range.end)]);
const expectOne = (text: string, message: RegExp, at: string, options = {}) => {
  const found = said(text, options);
  assert.equal(found.length, 1, JSON.stringify(found));
  assert.match(found[0]![0]!, message);
  assert.equal(found[0]![1], at);
  assert.equal(checkRecipe(text, options).recipe, null);
};

describe('checkRecipe', () => {
  it('takes the preset', () => {
    const { recipe, diagnostics } = checkRecipe(preset);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      recipe?.stages.map(({ id }) => id),
      ['data', 'sft', 'grpo'],
    );
  });

  it('names the nearest key for an unknown one, at the key', () => {
    expectOne(sft('    evaluat: {}\n'), /^unknown key “evaluat”; did you mean “evaluate”\?$/, 'evaluat');
  });

  it('says a wrong type in plain words, at the value', () => {
    expectOne(sft('    grace: "12"\n'), /^“grace” must be a number, not the text “12”$/, '"12"');
    expectOne(sft('    needs: data\n'), /^“needs” must be a list, not the text “data”$/, 'data');
    const train = preset.replace('train: 400', 'train: ten');
    expectOne(
      train,
      /^“train” must be a whole number or a reference such as \$\{vars\.name\}, not the text “ten”$/,
      'ten',
    );
  });

  it('says what is missing, at its owner', () => {
    expectOne(
      stages(`${data}  - id: sft\n    kind: sft\n    model: base\n    config: {}\n`),
      /^“data” is missing$/,
      'id',
    );
    expectOne(preset.replace('unit: characters, ', ''), /^“unit” is missing$/, 'name');
  });

  it('names the nearest kind, reward and value', () => {
    expectOne(preset.replace('kind: grpo', 'kind: grop'), /“grop” is not known; did you mean “grpo”\?/, 'grop');
    expectOne(
      preset.replace('name: format', 'name: fromat'),
      /“fromat” is not known; did you mean “format”\?/,
      'fromat',
    );
    expectOne(preset.replace('every: end', 'every: always'), /must be one of epoch, checkpoint, end/, 'always');
  });

  it('refuses the same id twice', () => {
    expectOne(preset.replace('id: grpo', 'id: sft'), /the id “sft” is taken by stage 2/, 'sft');
  });

  it('refuses references to nothing, at the reference', () => {
    expectOne(
      preset.replace('model: ${stages.sft.checkpoint.last}', 'model: ${stages.stf.checkpoint.last}'),
      /no stage “stf”; did you mean “sft”/,
      '${stages.stf.checkpoint.last}',
    );
    expectOne(
      preset.replace('model: ${stages.sft.checkpoint.last}', 'model: ${stages.sft.checkpoint.lst}'),
      /has no “checkpoint.lst”; did you mean “checkpoint.last”/,
      '${stages.sft.checkpoint.lst}',
    );
    expectOne(
      preset.replace('"${vars.epochs}"', '"${vars.epoch}"'),
      /no variable “epoch”; did you mean “epochs”/,
      '${vars.epoch}',
    );
    expectOne(preset.replace('"${vars.epochs}"', '"${epochs}"'), /is no reference; write/, '${epochs}');
    expectOne(sft('    needs: [dta]\n'), /no stage “dta”; did you mean “data”/, 'dta');
  });

  it('refuses cycles and names them', () => {
    const one = (id: string, other: string) =>
      `  - { id: ${id}, kind: sft, model: base, data: "\${stages.data.train}", needs: [${other}], config: {} }\n`;
    expectOne(stages(data + one('a', 'b') + one('b', 'a')), /^the stages wait for each other: a → b → a$/, 'a');
    const self = stages(
      `${data}  - { id: a, kind: sft, model: "\${stages.a.checkpoint.last}", data: "\${stages.data.train}", config: {} }\n`,
    );
    assert.match(said(self)[0]![0]!, /refers to itself|wait for each other/);
  });

  it("checks config against TRL's keys where they are known", () => {
    const text = sft('').replace('config: {}', 'config: { learning_rat: 1 }');
    expectOne(
      text,
      /^SFTConfig of TRL 1\.16\.0 has no key “learning_rat”; did you mean “learning_rate”\?$/,
      'learning_rat',
      { trlKeys },
    );
    assert.deepEqual(said(text), [], 'without the keys nothing is said');
    const typed = sft('').replace('config: {}', 'config: { learning_rate: fast }');
    expectOne(typed, /^“learning_rate” must be a number, not the text “fast”$/, 'fast', { trlKeys });
    assert.deepEqual(said(typed.replace('fast', '1'), { trlKeys }), []);
    assert.deepEqual(said(typed.replace('fast', '"${vars.epochs}"'), { trlKeys }), []);
  });

  it('reports more than one thing at once, by place', () => {
    const found = said(
      preset.replace('kind: dataset', 'knd: dataset').replace('"${vars.epochs}"', '"${vars.epoch}"'),
      {},
    );
    assert.ok(found.length >= 2);
    const starts = checkRecipe(preset.replace('kind: dataset', 'knd: dataset')).diagnostics.map(
      ({ range }) => range.start,
    );
    assert.deepEqual(
      starts,
      [...starts].sort((a, b) => a - b),
    );
  });

  it('reports errors of YAML', () => {
    assert.match(said('name: x\n\tstages: []')[0]![0]!, /^YAML: a tab cannot indent/);
    assert.match(
      said('name: x\nname: y\nstages: []')
        .map(([message]) => message)
        .join(),
      /YAML: the key stands here twice/,
    );
    assert.match(
      said('name: [x\n')
        .map(([message]) => message)
        .join(),
      /YAML:/,
    );
    assert.match(
      said('a: 1\n---\nb: 2')
        .map(([message]) => message)
        .join(),
      /one document/,
    );
  });

  it('says of an empty file what it needs', () => {
    expectOne('', /is empty; it needs “name” and “stages”/, '');
    expectOne('# only a comment\n', /is empty/, '# only a comment');
    expectOne('- 1', /the recipe must be a mapping, not a list/, '- 1');
  });

  it('is bounded on hostile files', function () {
    this.timeout(60_000);
    const bomb = `a: &a [${'x,'.repeat(9)}]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]`;
    expectOne(bomb, /anchors are used more than 100 times/, bomb.slice(0, bomb.indexOf('\n')));
    assert.match(said('x'.repeat(RECIPE_LIMIT + 1))[0]![0]!, /characters; a recipe may have at most/);
    for (const text of [
      '['.repeat(100_000),
      '- '.repeat(60_000),
      '{a: '.repeat(20_000),
      Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    ]) {
      assert.match(said(text)[0]![0]!, /nested more than 40 levels/);
    }
    assert.ok(said('x: 1\n'.repeat(30_000)).length <= 101);
    assert.ok(said('\0\ud800: \udfff').length > 0);
  });

  it('gives every stage its place', () => {
    const { document } = checkRecipe(preset);
    const symbols = stageSymbols(document);
    assert.deepEqual(
      symbols.map(({ id, kind }) => [id, kind]),
      [
        ['data', 'dataset'],
        ['sft', 'sft'],
        ['grpo', 'grpo'],
      ],
    );
    for (const { range, selection, id } of symbols) {
      assert.match(preset.slice(range.start, range.end), /^id: /);
      assert.doesNotMatch(preset.slice(range.start, range.end), /\s$/);
      assert.equal(preset.slice(selection.start, selection.end), id);
    }
    assert.equal(preset.slice(recipeSymbol(document).start, recipeSymbol(document).end), 'name');
    assert.deepEqual(stageSymbols(checkRecipe('').document), []);
  });
});
