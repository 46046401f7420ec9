import assert from 'node:assert/strict';
import { align } from '../../../core/traces/align.ts';
import { atOnce } from '../../../core/metrics/slices.ts';
import { PlaceMap } from '../../../webview/sides/place-map.ts';
import { sidesActionOf, sidesKeyLines } from '../../../webview/sides/keys.ts';
import { longCompletion } from '../../webview/made-trace.ts';

const mapOf = (left: string, right: string) =>
  new PlaceMap(atOnce(align(left, right)), { left: left.length, right: right.length });

const opening = 'Let n be the number of pairs of primes. ';
const ending = 'Hence the sum of the digits is seventeen.';
const only = 'Suppose for a moment that it diverges. ';

describe('places of two aligned texts', () => {
  it('leads from tied steps to their places, and from what one side has alone to where it would stand', () => {
    const [left, right] = [opening + only + ending, opening + ending];
    const map = mapOf(left, right);
    assert.equal(map.across('left', 0), 0);
    assert.equal(map.across('left', 10), 10);
    assert.equal(map.across('left', left.indexOf(ending)), right.indexOf(ending));
    assert.equal(map.across('left', left.length), right.length);
    const inside = map.across('left', left.indexOf(only) + 12);
    assert.ok(inside >= opening.length - 1 && inside <= right.indexOf(ending), `${inside}`);
    assert.equal(map.across('right', right.indexOf(ending)), left.indexOf(ending));
  });

  it('never goes back where the other side goes on', () => {
    const left = longCompletion(30_000, 90);
    const right = left
      .split('\n\n')
      .filter((_, i) => i % 5 !== 2)
      .join('\n\n');
    const map = mapOf(left, right);
    for (const side of ['left', 'right'] as const) {
      let last = -1;
      for (let at = 0; at < left.length; at += 37) {
        const there = map.across(side, at);
        assert.ok(there >= last - 1e-6, `${at}: ${there} after ${last}`);
        last = there;
      }
    }
  });

  it('gives each difference with its places on both sides, and counts', () => {
    const [left, right] = [opening + only + ending, opening + ending];
    const map = mapOf(left, right);
    const { hunks, counts } = map;
    assert.equal(hunks.length, 1);
    const [hunk] = hunks;
    assert.deepEqual([hunk!.leftSteps, hunk!.rightSteps, hunk!.moved], [1, 0, 0]);
    assert.equal(left.slice(...hunk!.left), only.trim());
    assert.deepEqual(hunk!.right, [right.indexOf(ending), right.indexOf(ending)]);
    assert.deepEqual([counts.same, counts.onlyLeft, counts.onlyRight], [2, 1, 0]);
    assert.equal(counts.matched.right, 1);
    assert.ok(counts.matched.left > 0.5 && counts.matched.left < 1);
    assert.equal(
      map.aloneIn('left', (unit) => unit),
      only.trim().length,
    );
    assert.equal(
      map.aloneIn('right', (unit) => unit),
      0,
    );
  });

  it('finds steps and differences by place', () => {
    const [left, right] = [opening + only + ending, opening + ending];
    const map = mapOf(left, right);
    assert.deepEqual(map.stepsWithin('left', 0, left.length), [0, 3]);
    assert.deepEqual(map.stepsWithin('left', opening.length + 2, opening.length + 3), [1, 2]);
    assert.equal(map.hunkFrom('left', -1, 1), 0);
    assert.equal(map.hunkFrom('left', left.length, 1), -1);
    assert.equal(map.hunkFrom('left', left.length, -1), 0);
    assert.equal(map.row('left', 1).kind, 'onlyLeft');
  });
});

describe('keys of two attempts side by side', () => {
  const press = (key: string, more = {}) =>
    sidesActionOf({ key, ctrlKey: false, metaKey: false, altKey: false, typing: false, ...more });

  it('have one meaning each, and none while one types', () => {
    const keys = sidesKeyLines.flatMap((line) => line.keys);
    assert.deepEqual(
      keys.filter((key, i) => keys.indexOf(key) !== i),
      [],
    );
    assert.deepEqual(press('n'), { do: 'difference', by: 1 });
    assert.deepEqual(press('ArrowUp', { altKey: true }), { do: 'difference', by: -1 });
    assert.deepEqual(press('v'), { do: 'span', label: 'verification', by: 1 });
    assert.deepEqual(press('f', { ctrlKey: true }), { do: 'find' });
    assert.equal(press('n', { typing: true }), null);
    assert.equal(press('=', {}), null, 'no verdict is given here');
  });
});
