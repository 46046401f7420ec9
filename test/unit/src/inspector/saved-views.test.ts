import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LonghandError } from '../../../../core/protocol/errors.ts';
import type { SavedView, SavedViewChange } from '../../../../core/protocol/webview.ts';
import { asListColumns, asSavedView, changedViews } from '../../../../src/inspector/saved-views.ts';

const view = (name: string, query = 'verdict:wrong'): SavedView => ({ name, query });

describe('saved views', () => {
  it('saves, takes the place of one of that name, renames, removes', () => {
    let views = changedViews([], { save: view(' Long and wrong ') });
    assert.deepEqual(views, [view('Long and wrong')]);
    views = changedViews(views, { save: view('Loops', 'has:loop') });
    views = changedViews(views, { save: view('Long and wrong', 'tokens:>8000') });
    assert.deepEqual(views, [view('Loops', 'has:loop'), view('Long and wrong', 'tokens:>8000')]);
    views = changedViews(views, { rename: { from: 'Loops', to: 'In circles' } });
    assert.deepEqual(views[0], view('In circles', 'has:loop'));
    assert.deepEqual(changedViews(views, { remove: { name: 'In circles' } }), [views[1]]);
  });

  it('keeps what a name is of: sort and columns', () => {
    const whole: SavedView = {
      ...view('All of it'),
      sort: { key: 'tokens', descending: true },
      columns: ['problem', 'tokens'],
    };
    assert.deepEqual(asSavedView(JSON.parse(JSON.stringify(whole))), whole);
  });

  it('refuses what is no view, a name that is taken or gone, and more views than are kept', () => {
    const many = Array.from({ length: 100 }, (_, i) => view(`view ${i}`));
    const refused = (views: SavedView[], change: unknown, code: string, words: RegExp) =>
      assert.throws(
        () => changedViews(views, change as SavedViewChange),
        (error) => LonghandError.is(error) && error.code === code && words.test(error.message),
      );
    refused([], { save: { name: '  ', query: '' } }, 'invalid_params', /1 to 100/);
    refused([], { save: { name: 'x' } }, 'invalid_params', /1 to 100/);
    refused([], { save: 7 }, 'invalid_params', /1 to 100/);
    refused(many, { save: view('one more') }, 'not_runnable', /100 views/);
    refused(many, { rename: { from: 'view 1', to: 'view 2' } }, 'not_runnable', /“view 2” already/);
    refused(many, { rename: { from: 'nobody', to: 'x' } }, 'not_found', /any more/);
    refused(many, { rename: { from: 'view 1', to: 'x'.repeat(101) } }, 'invalid_params', /1 to 100/);
    assert.equal(changedViews(many, { save: view('view 7', 'is:live') }).length, 100);
    for (const bad of [null, 7, [], {}, { name: 7, query: '' }]) assert.equal(asSavedView(bad), null);
  });

  it('takes of the columns only what are columns', () => {
    assert.deepEqual(
      asListColumns({ shown: ['problem', 7, 'x'.repeat(99)], widths: { problem: 120, bar: 'x', a: 1e9 } }),
      {
        shown: ['problem'],
        widths: { problem: 120 },
      },
    );
    for (const bad of [undefined, null, 7, [], { shown: [] }]) assert.deepEqual(asListColumns(bad), {});
  });
});
