import assert from 'node:assert/strict';
import { nearest, suggestion } from '../../../../core/recipes/nearest.ts';
import { outputsOf, references, stageNeeds } from '../../../../core/recipes/references.ts';
import { resolveVars, UnknownVariableError } from '../../../../core/recipes/resolve-vars.ts';
import type { Recipe } from '../../../../core/recipes/schema.ts';
import { stageOrder } from '../../../../core/recipes/stage-order.ts';

const stage = (id: string, needs: string[] = [], model = 'base') =>
  ({ id, kind: 'sft', model, data: 'x', config: {}, needs }) as unknown as Recipe['stages'][number];

describe('references', () => {
  it('finds every one with its place', () => {
    assert.deepEqual(
      references({ a: '${vars.x}', b: [{ c: 'to ${stages.sft.checkpoint.last}/x and ${y}' }], d: 1, e: null }),
      [
        { text: '${vars.x}', path: ['a'], target: { var: 'x' }, whole: true },
        {
          text: '${stages.sft.checkpoint.last}',
          path: ['b', 0, 'c'],
          target: { stage: 'sft', output: 'checkpoint.last' },
          whole: false,
        },
        { text: '${y}', path: ['b', 0, 'c'], target: { unknown: 'y' }, whole: false },
      ],
    );
  });

  it('knows what stages give', () => {
    assert.deepEqual(outputsOf({ kind: 'dataset', task: { dev: 3 } }), ['train', 'dev', 'test']);
    assert.deepEqual(outputsOf({ kind: 'dataset', files: { mine: 'a.jsonl' } }), ['mine']);
    assert.deepEqual(outputsOf({ kind: 'grpo' }), ['checkpoint.last']);
    assert.deepEqual(outputsOf({ kind: 'evaluate' }), []);
  });

  it('counts a need once', () => {
    assert.deepEqual(stageNeeds(stage('b', ['a', 'c'], '${stages.a.checkpoint.last}')), ['a', 'c']);
  });
});

describe('stageOrder', () => {
  it('keeps the order of the file where needs allow', () => {
    assert.deepEqual(stageOrder({ stages: [stage('a'), stage('b', ['d']), stage('c'), stage('d', ['a'])] }), {
      order: ['a', 'c', 'd', 'b'],
      cycle: null,
    });
  });

  it('names a cycle and orders the rest', () => {
    assert.deepEqual(stageOrder({ stages: [stage('a'), stage('b', ['c']), stage('c', ['d']), stage('d', ['c'])] }), {
      order: ['a'],
      cycle: ['c', 'd', 'c'],
    });
  });

  it('ignores needs that name nothing', () => {
    assert.deepEqual(stageOrder({ stages: [stage('a', ['nobody'])] }), { order: ['a'], cycle: null });
  });
});

describe('resolveVars', () => {
  const recipe = {
    name: 'r',
    vars: { epochs: 3, name: 'x' },
    stages: [
      { ...stage('a'), config: { n: '${vars.epochs}', s: 'run-${vars.name}-${vars.epochs}', d: '${stages.b.train}' } },
    ],
  } as unknown as Recipe;
  const config = (resolved: Recipe) => (resolved.stages[0] as { config: unknown }).config;

  it('gives values with their type, and texts with their words', () => {
    assert.deepEqual(config(resolveVars(recipe)), { n: 3, s: 'run-x-3', d: '${stages.b.train}' });
  });

  it('takes what is set first, and leaves the recipe as it was', () => {
    assert.deepEqual(config(resolveVars(recipe, { epochs: 5 })), { n: 5, s: 'run-x-5', d: '${stages.b.train}' });
    assert.deepEqual(resolveVars(recipe, { epochs: 5 }).vars, { epochs: 5, name: 'x' });
    assert.deepEqual(recipe.vars, { epochs: 3, name: 'x' });
  });

  it('refuses a variable that there is not', () => {
    assert.throws(
      () => resolveVars(recipe, { epoch: 5 }),
      (error: Error) =>
        error instanceof UnknownVariableError && /no variable “epoch”; did you mean “epochs”/.test(error.message),
    );
    assert.throws(() => resolveVars({ ...recipe, vars: {} }), UnknownVariableError);
  });
});

describe('nearest', () => {
  it('finds what was meant, or nothing', () => {
    assert.equal(nearest('learning_rte', ['loss', 'learning_rate']), 'learning_rate');
    assert.equal(nearest('stpe', ['step', 'stop']), 'step');
    assert.equal(nearest('Model', ['model']), 'model');
    assert.equal(nearest('colour', ['learning_rate', 'beta']), null);
    assert.equal(nearest('', ['a']), null);
  });

  it('lists the known names where they are few', () => {
    assert.equal(suggestion('zzz', ['train', 'test']), '; known are train, test');
    assert.equal(suggestion('zzz', []), '');
  });
});
