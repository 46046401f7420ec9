import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { asView, runsOf, samePlace, titleOf } from '../../../../src/inspector/views.ts';

describe('views', () => {
  it('takes what is one, and drops what does not belong', () => {
    assert.deepEqual(asView({ page: 'dashboard', run: 'r', evil: 1 }), { page: 'dashboard', run: 'r' });
    const inspector = {
      page: 'inspector',
      title: 't',
      filter: { run: 'r' },
      trace: 'r/s/1/0',
      at: { in: 'completion', start: 1, end: 2 },
    };
    assert.deepEqual(asView(inspector), inspector);
    const compare = {
      page: 'compare',
      title: 't',
      before: { run: 'r', stage: 's', step: null },
      after: { run: 'r', stage: 's', step: 3 },
    };
    assert.deepEqual(asView(compare), compare);
  });

  it('refuses the rest', () => {
    for (const value of [
      null,
      undefined,
      3,
      'dashboard',
      [],
      {},
      { page: 'dashboard' },
      { page: 'inspector', title: 't' },
      { page: 'x' },
      { page: 'compare', before: {}, after: {} },
    ]) {
      assert.equal(asView(value), null);
    }
  });

  it('tells places apart by what they list, not by where the reader is in it', () => {
    const at = (trace?: string) => ({
      page: 'inspector' as const,
      title: 't',
      filter: { run: 'r', stage: 's' },
      ...(trace ? { trace } : {}),
    });
    assert.ok(samePlace(at('a'), at('b')));
    assert.ok(samePlace(at(), { page: 'inspector', title: 't', filter: { stage: 's', run: 'r' } }));
    assert.ok(!samePlace(at(), { page: 'inspector', title: 't', filter: { run: 'r' } }));
    assert.ok(!samePlace({ page: 'dashboard', run: 'a' }, { page: 'dashboard', run: 'b' }));
  });

  it('knows whose events it lives on, and its name', () => {
    const side = (run: string) => ({ run, stage: 's', step: null });
    assert.deepEqual(runsOf({ page: 'compare', title: '', before: side('a'), after: side('b') }), ['a', 'b']);
    assert.equal(
      titleOf({ page: 'dashboard', run: 'a' }, () => 'name of a'),
      'name of a',
    );
  });
});
