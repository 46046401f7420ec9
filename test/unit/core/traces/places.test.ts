import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fromEnds, proportional } from '../../../../core/metrics/token-position.ts';
import { findPlace, marksOf, parsePlace, type PlaceKnown } from '../../../../core/traces/places.ts';

const known: PlaceKnown = {
  length: 10_000,
  positions: proportional(5_000, 10_000),
  steps: [0, 100, 250, 9_000],
  landmarks: [
    { kind: 'first_right', start: 4_000, end: 4_004, name: 'first right answer' },
    { kind: 'reasoning_end', start: 9_500, end: 9_508, name: 'end of the reasoning' },
  ],
  budgets: [2_500, 4_000, 8_000],
  at: 3_000,
};

function go(typed: string, over: Partial<PlaceKnown> = {}): number | string {
  const place = parsePlace(typed);
  if ('error' in place) return place.error;
  const found = findPlace(place, { ...known, ...over });
  return 'error' in found ? found.error : found.start;
}

describe('places in a trace', () => {
  it('are tokens, per cents, steps, characters, as they are typed', () => {
    assert.equal(go('1'), 0);
    assert.equal(go('2501'), 5_000);
    assert.equal(go(' :2,501 '), 5_000);
    assert.equal(go('2k'), 3_998);
    assert.equal(go('token 11'), 20);
    assert.equal(go('t11'), 20);
    assert.equal(go('56%'), 5_600);
    assert.equal(go('12.5 %'), 1_250);
    assert.equal(go('step 3'), 250);
    assert.equal(go('3 steps'), 250);
    assert.equal(go('c 900'), 899);
    assert.equal(go('+500'), 4_000);
    assert.equal(go('-500'), 2_000);
    assert.equal(go('start'), 0);
    assert.equal(go('end'), 9_999);
  });

  it('are exact where the tokens are', () => {
    assert.equal(go('3', { positions: fromEnds(Int32Array.from([4, 9, 20])), length: 20 }), 9);
  });

  it('are landmarks and budgets, next and previous', () => {
    assert.equal(go('First correct answer'), 4_000);
    assert.equal(go('</think>'), 9_500);
    assert.equal(go('next'), 4_000);
    assert.equal(go('next', { at: 4_000 }), 5_000);
    assert.equal(go('previous', { at: 5_000 }), 4_000);
    assert.match(String(go('previous')), /no landmark before/);
    assert.deepEqual(
      marksOf(known).map(({ start }) => start),
      [4_000, 5_000, 8_000, 9_500],
    );
  });

  it('say what lies beyond the end, and what is not there', () => {
    const beyond = findPlace({ kind: 'token', n: 99_999 }, known);
    assert.ok(!('error' in beyond) && beyond.start === 9_999 && beyond.words.includes('~5000 tokens'));
    assert.match(String(go('answer')), /No answer was found/);
    assert.match(String(go('12', { positions: null })), /not counted/);
    assert.match(String(go('step 1', { steps: [] })), /not known/);
    assert.match(String(go('12', { length: 0 })), /no text/);
  });

  it('say what is wrong with what was typed', () => {
    assert.match(String(go('')), /Type a place/);
    assert.match(String(go('stpe 3')), /no place/);
    assert.match(String(go('answr')), /“answer”/);
    assert.match(String(go('120 %')), /100 %/);
    assert.match(String(go('0')), /from 1/);
    assert.match(String(go('step +3')), /Only tokens/);
    assert.match(String(go('9'.repeat(400))), /the end|no place|9999/);
  });
});
