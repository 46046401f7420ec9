import assert from 'node:assert/strict';
import { markerName, shortMarkerNames } from '../../../../core/traces/marker-name.ts';

const MULTI = '\n\nUsing the solution style from multi-turns data.';
const REJECTION = '\n\nUsing the solution style from rejection data.';

describe('names of style markers', () => {
  it('shows a marker on one line, in quotation marks, its middle left out where it is long', () => {
    assert.equal(markerName('\n\nBe  brief.'), '“Be brief.”');
    assert.equal(markerName(null), 'no marker');
    assert.match(markerName(`${MULTI} And be brief.`), /^“Using the solution style…/);
  });

  it('tells several apart by the words in which they differ', () => {
    assert.deepEqual([...shortMarkerNames([MULTI, REJECTION]).values()], ['multi-turns', 'rejection']);
    assert.deepEqual([...shortMarkerNames(['be brief', 'be long and slow']).values()], ['brief', 'long and slow']);
  });

  it('keeps the whole line of one alone, and of one that is the beginning of another', () => {
    assert.deepEqual([...shortMarkerNames(['Be brief.']).values()], ['“Be brief.”']);
    assert.deepEqual([...shortMarkerNames(['be brief', 'be brief now']).values()], ['“be brief”', 'now']);
    assert.equal(shortMarkerNames([]).size, 0);
  });
});
