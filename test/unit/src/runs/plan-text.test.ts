import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EngineConfigs, Plan, PlannedStage } from '../../../../core/protocol/recipes.ts';
import { expectedTime, planMarkdown, planSummary } from '../../../../src/runs/plan-text.ts';

const stage = (id: string, more: Partial<PlannedStage> = {}): PlannedStage => ({
  id,
  kind: 'sft',
  of: null,
  needs: [],
  engine: 'TRL 1.16.0',
  device: 'CPU',
  reads: [],
  writes: [],
  expectedSeconds: null,
  notes: [],
  config: {},
  ...more,
});
const plan = (stages: PlannedStage[], more: Partial<Plan> = {}): Plan => ({
  name: 'tiny',
  vars: {},
  stages,
  notes: [],
  ...more,
});

describe('a plan in words', () => {
  it('adds up what was measured, and says when some was not', () => {
    assert.equal(
      expectedTime([stage('a', { expectedSeconds: 70 }), stage('b', { expectedSeconds: 50 })]),
      'about 2 min',
    );
    assert.equal(expectedTime([stage('a', { expectedSeconds: 70 }), stage('b')]), 'at least 1 min');
    assert.equal(expectedTime([stage('a')]), null);
    assert.match(planSummary(plan([stage('a')])), /^1 stage · CPU · time not known yet/);
  });

  it('shows each trainer’s configuration as TRL constructed it, or says why there is none', () => {
    const stages = [stage('sft'), stage('eval', { kind: 'evaluate' })];
    const engine: EngineConfigs = {
      versions: { trl: '1.16.0', torch: null },
      stages: [
        {
          ...{ stage: 'sft', class: 'SFTConfig', processes: 8, problem: null, problemKeys: [] },
          arguments: { bf16: true, learning_rate: 0.00001, seed: 42, optim: 'a|b' },
          ...{ set: ['learning_rate', 'optim'], changed: ['bf16'] },
          facts: ['64 sequences a step: 1 × 8 × 8 (per device × accumulation × processes)'],
          notChecked: ['bf16: whether the GPU computes in bf16: this machine has no GPU'],
        },
      ],
    };
    const text = planMarkdown(plan(stages), engine);
    assert.match(text, /### `SFTConfig`, constructed by trl 1.16.0, torch missing\n/);
    assert.match(text, /- 64 sequences a step: 1 × 8 × 8/);
    assert.match(text, /- Not checked here: bf16: whether/);
    assert.match(
      text,
      /\| `bf16` \| `true` \|\n\| `learning_rate` \| `0.00001` \|\n\| `optim` \| `"a\\\|b"` \|\n\nAnd 1 argument at/,
    );
    assert.equal(text.split('### ').length, 2, 'an evaluation has none');
    const without = planMarkdown(plan(stages), 'The engine is not set up.');
    assert.match(without, /- The configurations were not constructed: The engine is not set up\./);
    assert.doesNotMatch(planMarkdown(plan(stages)), /constructed/);
  });

  it('keeps a recipe’s words text, whatever they are', () => {
    const text = planMarkdown(
      plan([stage('a', { notes: ['<img src=x> [click](command:evil)'], reads: ['`` a|b'], config: { x: '```' } })], {
        name: '`x`',
        vars: { y: '`|' },
      }),
    );
    assert.doesNotMatch(text, /(?<!\\)<img/);
    assert.doesNotMatch(text, /(?<!\\)\](?:\\)?\(command:/);
    assert.ok(text.includes('````json'), 'the fence is longer than any in the text');
  });
});
