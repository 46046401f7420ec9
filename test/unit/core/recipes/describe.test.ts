import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { completionsAt, hoverAt } from '../../../../core/recipes/describe.ts';
import { recipeJsonSchema, schemasAt } from '../../../../core/recipes/json-schema.ts';
import type { TrlKeys } from '../../../../core/recipes/trl-keys.ts';
import { stageSchema } from '../../../../core/recipes/schema.ts';

const preset = readFileSync(join(import.meta.dirname, '../../../../server/presets/two-stage-tiny.recipe.yaml'), 'utf8');
const trlKeys: TrlKeys = {
  versions: { trl: '1.16.0', transformers: '5.23.0' },
  SFTConfig: {
    learning_rate: { type: 'float', default: 2e-5, doc: 'Initial learning rate.' },
    bf16: { type: 'bool', default: null },
  },
  GRPOConfig: {},
};
const base =
  'name: x\nvars: { epochs: 3 }\nstages:\n  - { id: data, kind: dataset, task: { builtin: sums-mod-7, train: 1, test: 2 } }\n';

/** What is offered at the `@` of a text. */
const offered = (text: string) => {
  const offset = text.indexOf('@');
  return completionsAt(text.replace('@', ''), offset, { trlKeys }).items.map(({ insert }) => insert);
};

describe('completionsAt', () => {
  it('offers the keys that are not there yet', () => {
    assert.deepEqual(offered('@'), ['name: ', 'extends: ', 'description: ', 'vars: ', 'stages: ']);
    assert.deepEqual(offered('name: x\n@'), ['extends: ', 'description: ', 'vars: ', 'stages: ']);
    const keys = offered(`${base}  - id: a\n    kind: sft\n    @`);
    assert.ok(
      keys.includes('model: ') && keys.includes('config: ') && !keys.includes('rewards: ') && !keys.includes('id: '),
      keys.join(),
    );
  });

  it("offers a reward's keys by its name", () => {
    const keys = offered(`${base}  - id: a\n    kind: grpo\n    rewards:\n      - { name: cosine, @ }`);
    assert.ok(keys.includes('max_length: ') && !keys.includes('ngram_size: '), keys.join());
  });

  it('offers kinds, names and values', () => {
    const kinds: string[] = stageSchema.options.map(({ shape }) => shape.kind.value);
    assert.deepEqual(offered(`${base}  - id: a\n    kind: @`), kinds);
    assert.ok(offered(`${base}  - id: a\n    kind: grpo\n    rewards:\n      - { name: @ }`).includes('format'));
    assert.deepEqual(offered(`${base}  - id: a\n    kind: sft\n    evaluate:\n      every: @`), [
      'epoch',
      'checkpoint',
      'end',
    ]);
  });

  it('offers references, in quotation marks where braces would be a mapping', () => {
    assert.deepEqual(offered(`${base}  - id: a\n    kind: sft\n    data: @`), [
      '${stages.data.train}',
      '${stages.data.test}',
    ]);
    assert.deepEqual(offered(`${base}  - id: a\n    kind: sft\n    config: { learning_rate: @ }`), [
      '"${vars.epochs}"',
    ]);
  });

  it("offers TRL's keys under config", () => {
    const text = `${base}  - id: a\n    kind: sft\n    config:\n      lear@`;
    assert.deepEqual(offered(text), ['learning_rate: ', 'bf16: ']);
    const { replace } = completionsAt(text.replace('@', ''), text.indexOf('@'), { trlKeys });
    assert.equal(text.slice(replace.start, replace.end), 'lear');
    assert.deepEqual(offered(`${base}  - id: a\n    kind: sft\n    config:\n      bf16: @`).slice(0, 2), [
      'true',
      'false',
    ]);
  });

  it('offers nothing in a comment, and never throws', () => {
    assert.deepEqual(offered('name: x # @'), []);
    for (let at = 0; at <= preset.length; at += 43)
      assert.ok(Array.isArray(completionsAt(preset.slice(0, at), at).items));
    for (const text of ['{', '[[[', '- - -', ': : :', '"', '\0', '&a *a', '? '])
      completionsAt(text, text.length, { trlKeys });
  });
});

describe('hoverAt', () => {
  const at = (words: string) => hoverAt(preset, preset.indexOf(words) + 1, { trlKeys });

  it('says what a key is', () => {
    assert.match(at('unit: characters')!.contents, /\*\*unit\*\*: `tokens \| characters`[^]*What a length counts/);
    assert.match(at('every: epoch')!.contents, /Which checkpoints/);
  });

  it("says TRL's type, default and words", () => {
    const hover = at('learning_rate:')!;
    assert.match(hover.contents, /`float`, default `0.00002`[^]*Initial learning rate\.[^]*TRL 1\.16\.0/);
    assert.equal(preset.slice(hover.range.start, hover.range.end), 'learning_rate');
  });

  it('says nothing where nothing is known, and never throws', () => {
    assert.equal(hoverAt('', 0), null);
    assert.equal(hoverAt('# comment\nname: x', 3), null);
    for (let offset = 0; offset <= preset.length; offset += 41) hoverAt(preset, offset, { trlKeys });
  });
});

describe('recipeJsonSchema', () => {
  it('is a JSON Schema of the recipe', () => {
    const schema = recipeJsonSchema();
    assert.equal(schema.type, 'object');
    assert.deepEqual(schema.required, ['name', 'stages']);
    assert.doesNotThrow(() => JSON.stringify(schema));
  });

  it('follows a path through alternatives', () => {
    const value = { stages: [{ kind: 'grpo', rewards: [{ name: 'cosine' }] }] };
    assert.deepEqual(schemasAt(['stages', 0, 'rewards', 0, 'unit'], value)[0]?.enum, ['tokens', 'characters']);
    assert.deepEqual(schemasAt(['nowhere', 3], value), []);
  });
});

describe('completion in stages that make data', () => {
  const labels = (stage: string) => offered(`name: x\nstages:\n${stage}`).map((item) => item.replace(/: $/, ''));

  it('offers what the alternative that was begun has', () => {
    const started = labels('  - id: a\n    kind: evaluate\n    inference:\n      engine: vllm\n      @');
    assert.deepEqual(started, ['args', 'program', 'start_timeout', 'concurrency']);
    const given = labels('  - id: a\n    kind: evaluate\n    inference:\n      url: http://x/v1\n      @');
    assert.ok(given.includes('key_env') && !given.includes('args'));
  });

  it('offers data sets where a path or a reference may stand, stages where a stage is named, and fixed keys of a map', () => {
    const data = '  - { id: d, kind: dataset, sources: [{ path: x }] }\n';
    assert.deepEqual(labels(`${data}  - id: a\n    kind: mix\n    sources:\n      - data: @`), ['${stages.d.train}']);
    const sft = '  - { id: s, kind: sft, evaluate: { every: end } }\n';
    assert.deepEqual(labels(`${data}${sft}  - id: a\n    kind: select\n    from: @`), ['s']);
    assert.deepEqual(labels(`${data}${sft}  - id: a\n    kind: select\n    needs: [@]`), ['d', 's']);
    const behaviours = labels('  - id: a\n    kind: synthesize\n    filters:\n      behaviours:\n        @');
    assert.ok(behaviours.includes('verification') && behaviours.includes('backtracking'));
  });
});
