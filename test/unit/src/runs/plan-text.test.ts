import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Plan, PlannedStage } from '../../../../core/protocol/recipes.ts';
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
