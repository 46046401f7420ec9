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
      after: { run: 'r', stage: 's', step: 3, of: 'sft', set: 'math' },
    };
    assert.deepEqual(asView(compare), compare);
    const sides = { page: 'sides', title: 't', left: 'r/s/1/0', right: 'q/s/1/2', apart: true, branches: 'steps' };
    const at = { side: 'right', start: 3, end: 9 };
    assert.deepEqual(asView({ ...sides, at, evil: 1 }), { ...sides, at });
    assert.deepEqual(asView({ ...sides, at: { side: 'up', start: 3, end: 9 } }), sides);
    assert.equal(asView({ page: 'sides', title: 't', left: 'r/s/1/0' }), null);
    const view = asView(sides)!;
    assert.deepEqual(runsOf(view), ['r', 'q']);
    assert.ok(samePlace(view, asView({ ...sides, title: 'other' })!));
    assert.ok(!samePlace(view, asView({ ...sides, left: 'r/s/1/1' })!));
  });

  it('takes a report with its rows, and of these only what can be a filter', () => {
    const report = {
      page: 'report',
      run: 'r',
      stage: 's',
      rows: { table: 'rows', where: { class: 'RW', kept: true, n: 3, why: null }, label: 'RW' },
      row: 7,
      problem: 'p',
      step: 12,
    };
    assert.deepEqual(asView(report), report);
    assert.deepEqual(
      asView({
        page: 'report',
        run: 'r',
        stage: 's',
        rows: { table: 't', where: { a: {}, b: 1 } },
        row: -1,
        step: 'x',
      }),
      { page: 'report', run: 'r', stage: 's', rows: { table: 't', where: { b: 1 } } },
    );
    assert.equal(asView({ page: 'report', run: 'r' }), null);
    const why = {
      page: 'report',
      run: 'r',
      stage: 's',
      why: { before: { from: 1, to: 4 }, after: { from: 9, to: 12 } },
    };
    assert.deepEqual(asView(why), why);
    const bad = { before: { from: 1 }, after: 'x' };
    assert.deepEqual(asView({ ...why, why: bad }), { page: 'report', run: 'r', stage: 's', why: {} });
    const at = (stage: string, row?: number) => ({
      page: 'report' as const,
      run: 'r',
      stage,
      ...(row === undefined ? {} : { row }),
    });
    assert.ok(samePlace(at('a', 1), at('a')) && !samePlace(at('a'), at('b')));
    assert.deepEqual(runsOf(at('a')), ['r']);
    assert.equal(
      titleOf(at('a'), (run) => `name of ${run}`),
      'a · name of r',
    );
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
