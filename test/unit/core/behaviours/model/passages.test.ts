import assert from 'node:assert/strict';
import { passages } from '../../../../../core/behaviours/model/passages.ts';

/** B: a check begins; v: part of one; V: surely part of one; dot: not. */
const of = (steps: string) =>
  passages(steps.length, {
    begins: (i) => steps[i] === 'B',
    goesOn: (i) => 'vVB'.includes(steps[i]!),
    alone: (i) => steps[i] === 'V',
  }).map(({ from, to }) => `${from}-${to}`);

describe('passages', () => {
  it('go from where a check begins to its last step', () => {
    assert.deepEqual(of('..Bvv..'), ['2-4']);
    assert.deepEqual(of('Bvv'), ['0-2']);
  });

  it('part where the next check begins', () => {
    assert.deepEqual(of('.BvBv'), ['1-2', '3-4']);
    assert.deepEqual(of('BB'), ['0-0', '1-1']);
  });

  it('begin by themselves only where a step is surely part of a check', () => {
    assert.deepEqual(of('.vv.'), []);
    assert.deepEqual(of('.Vv.v'), ['1-2']);
    assert.deepEqual(of(''), []);
  });
});
