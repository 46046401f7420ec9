import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRecipe } from '../../../../core/recipes/check.ts';

const preset = readFileSync(
  join(import.meta.dirname, '../../../../server/presets/dual-phase-tiny.recipe.yaml'),
  'utf8',
);

/** The messages of the errors, each with the text that it stands at. */
function errors(text: string): [string, string][] {
  return checkRecipe(text).diagnostics.map(({ message, range }) => [message, text.slice(range.start, range.end)]);
}

describe('stages of the dual-phase recipe', () => {
  it('passes as it ships', () => {
    assert.deepEqual(errors(preset), []);
  });

  it('knows which turns are drawn before which', () => {
    const early = preset.replace('answer_1: { user: "{problem}"', 'answer_1: { user: "{problem} {answer_2}"');
    const [[message, at] = ['', '']] = errors(early);
    assert.match(message, /\{answer_2\} is not known when answer_1 is drawn \(order: together\)/);
    assert.match(at, /\{answer_2\}/);
    const sequence = preset.replace('order: together', 'order: in_sequence');
    const transition = sequence.replace('begin: "While"', 'begin: "{answer_2}"');
    assert.match(errors(transition)[0]?.[0] ?? '', /not known when transition is drawn \(order: in_sequence\)/);
    assert.deepEqual(errors(sequence), []);
  });

  it('takes doubled braces as they stand, and names of nothing for a slip', () => {
    assert.deepEqual(errors(preset.replace('user: "{problem}"', 'user: "{{problm}} {problem}"')), []);
    assert.match(errors(preset.replace('user: "{problem}"', 'user: "{problm}"'))[0]?.[0] ?? '', /\{problm\}/);
  });

  it('refuses rounds, lengths and losses that there are not', () => {
    for (const [from, to] of [
      ['rounds: [2, 4, 16]', 'rounds: []'],
      ['rounds: [2, 4, 16]', 'rounds: [0]'],
      ['length: median_of_correct', 'length: medium'],
      ['length: median_of_correct', 'length: { band: [0.2, 1.5] }'],
      ['loss: segments', 'loss: some'],
      ['when_rw_exceeds: drop_rw', 'when_rw_exceeds: drop'],
      ['min_characters: 20', 'behaviours: { verifying: 1 }'],
    ] as const) {
      assert.ok(preset.includes(from), from);
      assert.ok(errors(preset.replace(from, to)).length > 0, to);
    }
  });
});
