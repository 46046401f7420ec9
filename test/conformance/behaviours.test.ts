import assert from 'node:assert/strict';
import { detect } from '../../core/behaviours/detect.ts';
import { blocks } from '../../core/traces/blocks.ts';
import { mathRegions } from '../../core/traces/math.ts';
import { steps } from '../../core/traces/steps.ts';
import { needSharedData } from '../shared-data.ts';
import {
  agreement,
  isTuningHalf,
  readLabelled,
  REASONINGFLOW,
  THOUGHT_ANCHORS,
} from '../support/behaviour-agreement.ts';
import { BACKWARD, SELF_LABELLED, selfLabelled } from '../support/self-labelled.ts';

/** F1 by sentence that a change must not fall below: what was measured, less a little. docs/behaviours.md has the figures. */
const LEAST: Record<string, number> = {
  'reasoningflow verification': 0.58,
  'reasoningflow backtracking': 0.4,
  'reasoningflow subgoal': 0.7,
  'reasoningflow uncertainty': 0.58,
  'reasoningflow answer_commitment': 0.72,
  'thought-anchors verification': 0.32,
  'thought-anchors subgoal': 0.39,
  'thought-anchors uncertainty': 0.37,
  'thought-anchors uncertainty or backtracking': 0.44,
  'thought-anchors answer_commitment': 0.35,
  'self-labelled verification, whole': 0.79,
  'self-labelled verification, start': 0.72,
  'self-labelled backtracking': 0.63,
  'self-labelled subgoal': 0.87,
  'self-labelled uncertainty': 0.73,
  'self-labelled answer_commitment': 0.8,
  'self-labelled backward_reasoning': 0.61,
};

describe('labelled traces', function () {
  this.timeout(120_000);

  it('are split in halves by problem', function () {
    const traces = readLabelled(needSharedData(this, 'labels', 'reasoningflow', 'spans_gemini_aime24.jsonl'));
    const problems = (half: typeof traces) => new Set(half.map(({ question }) => question));
    const tuning = problems(traces.filter(isTuningHalf));
    const held = problems(traces.filter((trace) => !isTuningHalf(trace)));
    assert.deepEqual([tuning.size, held.size], [13, 17]);
    assert.equal([...tuning].filter((problem) => held.has(problem)).length, 0);
  });

  it('are agreed with no less than before', function () {
    const flow = readLabelled(needSharedData(this, 'labels', 'reasoningflow', 'spans_gemini_aime24.jsonl')).filter(
      (trace) => !isTuningHalf(trace),
    );
    const anchors = readLabelled(needSharedData(this, 'labels', 'thought-anchors', 'spans.jsonl'));
    const held = (name: 'windows' | 'backward') => selfLabelled(name)!.filter((trace) => !isTuningHalf(trace));
    for (const [source, traces, mappings] of [
      ['reasoningflow', flow, REASONINGFLOW],
      ['thought-anchors', anchors, THOUGHT_ANCHORS],
      ['self-labelled', held('windows'), SELF_LABELLED],
      ['self-labelled', held('backward'), BACKWARD],
    ] as const) {
      for (const mapping of mappings) {
        const { f1 } = agreement(traces, mapping);
        const what = `${source} ${mapping.name ?? mapping.label}`;
        assert.ok(f1 >= LEAST[what]!, `${what}: F1 ${f1.toFixed(3)}`);
      }
    }
  });

  it('are cut and coloured inside their texts', function () {
    const traces = readLabelled(needSharedData(this, 'labels', 'thought-anchors', 'spans.jsonl'));
    for (const { text, question } of traces) {
      assert.equal(
        blocks(text)
          .map(({ start, end }) => text.slice(start, end))
          .join(''),
        text,
      );
      assert.ok(steps(text).length > 10);
      assert.ok(mathRegions(text).every(({ start, end }) => end > start));
      const spans = detect(text, { problem: question });
      assert.ok(spans.length > 5 && spans.every(({ start, end }) => end > start && end <= text.length));
    }
  });
});
