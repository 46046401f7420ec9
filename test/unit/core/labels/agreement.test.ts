import assert from 'node:assert/strict';
import {
  addCounts,
  agreementByLabel,
  covered,
  matchSpans,
  merged,
  noCounts,
  scores,
} from '../../../../core/labels/agreement.ts';

const at = (start: number, end: number) => ({ start, end });
const span = (start: number, end: number, label: 'subgoal' | 'restart' = 'subgoal') => ({ start, end, label });

/** Ten steps of ten characters, one blank between them. */
const steps = Array.from({ length: 10 }, (_, i) => at(i * 11, i * 11 + 10));
const step = (from: number, to = from, label: 'subgoal' | 'restart' = 'subgoal') =>
  span(steps[from]!.start, steps[to]!.end, label);
const all = [at(0, 110)];

describe('core/labels/agreement', () => {
  it('computes precision, recall, F1 and Cohen’s κ', () => {
    // The table of Cohen's worked example in most textbooks: 20 both, 15 neither, 5 and 10 one alone; κ = 0.4.
    const { precision, recall, f1, kappa } = scores({ both: 20, gold: 25, found: 30, units: 50 });
    assert.equal(precision, 20 / 30);
    assert.equal(recall, 0.8);
    assert.equal(f1, 40 / 55);
    assert.ok(Math.abs(kappa! - 0.4) < 1e-12);
    const chance = scores({ both: 25, gold: 50, found: 50, units: 100 });
    assert.equal(chance.kappa, 0);
    assert.equal(scores({ both: 0, gold: 50, found: 50, units: 100 }).kappa, -1);
  });

  it('says nothing where nothing can be said', () => {
    assert.deepEqual(scores(noCounts()), { precision: null, recall: null, f1: null, kappa: null });
    assert.deepEqual(scores({ both: 0, gold: 3, found: 0, units: null }), {
      ...{ precision: null, recall: 0, f1: 0, kappa: null },
    });
    assert.equal(scores({ both: 4, gold: 4, found: 4, units: 4 }).kappa, null, 'every unit positive for both');
  });

  it('takes a unit for covered from half of it on, parts under several spans once', () => {
    const units = [at(0, 10), at(10, 20), at(20, 30)];
    assert.deepEqual(covered(units, [at(0, 4), at(0, 4), at(15, 20), at(26, 40)]), [false, true, false]);
    assert.deepEqual(covered(units, [at(8, 25), at(2, 3), at(5, 7)]), [true, true, true]);
    assert.deepEqual(merged([at(5, 9), at(0, 2), at(2, 3), at(6, 7), at(4, 4)]), [at(0, 3), at(5, 9)]);
  });

  it('pairs each span once, those first that share most', () => {
    const [a, b] = [at(0, 10), at(4, 10)];
    const found = [at(3, 10), at(0, 8)];
    assert.deepEqual(matchSpans([a, b], found), [
      [b, found[0]],
      [a, found[1]],
    ]);
    assert.deepEqual(matchSpans([at(0, 10)], [at(0, 4)]), [], 'less than half of what they cover');
    assert.equal(matchSpans([at(0, 10)], [at(5, 10)]).length, 1, 'half');
    assert.equal(matchSpans([at(0, 10)], [at(0, 10), at(0, 10)]).length, 1);
  });

  it('counts steps and spans of each label in what was read, and nothing outside of it', () => {
    const gold = [step(0, 1), step(4), step(8)];
    const found = [step(1, 2), step(4), step(7), step(3, 3, 'restart')];
    const result = agreementByLabel({ steps, gold, found, within: all });
    assert.deepEqual(
      [...result],
      [
        [
          'subgoal',
          {
            steps: { both: 2, gold: 4, found: 4, units: 10 },
            spans: { both: 1, gold: 3, found: 3, units: null },
          },
        ],
        [
          'restart',
          { steps: { both: 0, gold: 0, found: 1, units: 10 }, spans: { both: 0, gold: 0, found: 1, units: null } },
        ],
      ],
    );
    // Up to the end of the fifth step, and a little of the sixth.
    const part = agreementByLabel({ steps, gold, found, within: [at(0, 58)] });
    assert.deepEqual(part.get('subgoal'), {
      steps: { both: 2, gold: 3, found: 3, units: 5 },
      spans: { both: 1, gold: 2, found: 2, units: null },
    });
    assert.deepEqual([...agreementByLabel({ steps, gold, found, within: [] })], []);
  });

  it('is the same when texts are added up', () => {
    const sum = noCounts();
    addCounts(sum, { both: 1, gold: 2, found: 3, units: 10 });
    addCounts(sum, { both: 2, gold: 2, found: 2, units: 5 });
    assert.deepEqual(sum, { both: 3, gold: 4, found: 5, units: 15 });
  });
});
