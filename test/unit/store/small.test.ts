import assert from 'node:assert/strict';
import { problemLabel } from '../../../server/store/apply.ts';
import { Lru } from '../../../server/store/lru.ts';
import { attemptFolder, parseStream, parseTraceId, runFolder } from '../../../server/store/paths.ts';
import { unionSeconds } from '../../../server/store/series.ts';

describe('lru', () => {
  it('forgets what was used longest ago', () => {
    const lru = new Lru<string, number>(2);
    lru.set('a', 1);
    lru.set('b', 2);
    lru.get('a');
    lru.set('c', 3);
    assert.deepEqual([lru.get('a'), lru.get('b'), lru.get('c')], [1, undefined, 3]);
  });

  it('weighs its entries, and keeps one that is too heavy until the next', () => {
    const lru = new Lru<string, number>(10, (weight) => weight);
    lru.set('a', 4);
    lru.set('b', 5);
    lru.set('b', 6);
    assert.equal(lru.size, 2);
    lru.set('c', 100);
    assert.deepEqual([lru.size, lru.get('c')], [1, 100]);
    lru.set('d', 1);
    assert.deepEqual([lru.size, lru.get('c')], [1, undefined]);
  });
});

describe('paths', () => {
  it('refuses names that could leave the root', () => {
    for (const name of ['..', '.', '', 'a/b', 'a\\b', '/etc', 'a\0', '-x', 'x'.repeat(200)]) {
      assert.throws(() => runFolder('/root', name), { code: 'invalid_params' }, JSON.stringify(name));
      assert.throws(() => attemptFolder('/root', { run: 'r', stage: name, attempt: 1 }), { code: 'invalid_params' });
    }
  });

  it('takes ids apart', () => {
    assert.deepEqual(parseTraceId('run-1/sft/2/17'), { key: { run: 'run-1', stage: 'sft', attempt: 2 }, n: 17 });
    assert.deepEqual(parseStream('run-1/sft/2'), { run: 'run-1', stage: 'sft', attempt: 2 });
    for (const id of ['', 'a', 'a/b/1', 'a/b/c/1', 'a/b/1/x', 'a/b/1/-1', 'a/b/1/99999999999']) {
      assert.throws(() => parseTraceId(id), { code: 'invalid_params' }, id);
    }
  });
});

describe('problemLabel', () => {
  it('is the source id, or the first words of the text on one line', () => {
    assert.equal(problemLabel('aime-7', 'What is …'), 'aime-7');
    assert.equal(problemLabel('  ', 'What\n is  2 + 2?'), 'What is 2 + 2?');
    assert.equal(problemLabel(null, 'x'.repeat(80)), 'x'.repeat(60) + '…');
    assert.equal(problemLabel(null, 'x'.repeat(59) + '😀 and more'), 'x'.repeat(59) + '…');
  });
});

describe('unionSeconds', () => {
  it('counts overlapping time once and pauses not at all', () => {
    assert.equal(unionSeconds([]), 0);
    assert.equal(
      unionSeconds([
        [10_000, 12_000],
        [0, 2000],
        [1000, 3000],
        [1000, 1500],
      ]),
      5,
    );
  });
});
