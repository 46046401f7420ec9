import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LonghandError } from '../../../core/protocol/errors.ts';
import type { Method } from '../../../core/protocol/methods.ts';
import { validateParams } from '../../../server/rpc/schemas.ts';

const refuses = (method: Method, params: unknown, where: RegExp) =>
  assert.throws(
    () => validateParams(method, params),
    (error) => LonghandError.is(error, 'invalid_params') && where.test(error.message),
  );

describe('rpc/schemas', () => {
  it('takes what the contract has and drops what it does not know', () => {
    assert.deepEqual(validateParams('runs/get', { run: 'a-12345678', newer: 1 }), { run: 'a-12345678' });
    assert.deepEqual(validateParams('stages/stop', { run: 'a', stage: 'sft.eval' }), { run: 'a', stage: 'sft.eval' });
    assert.deepEqual(validateParams('events/subscribe', { cursor: { journal: -1, 'a/b/1': 4 }, from: 'now' }), {
      cursor: { journal: -1, 'a/b/1': 4 },
      from: 'now',
    });
  });

  it('names the place of what does not fit', () => {
    refuses('runs/get', {}, /run:/);
    refuses('traces/page', { filter: { verdict: ['perhaps'] } }, /filter\.verdict\.0/);
    refuses('traces/page', { filter: {}, limit: 1e9 }, /limit/);
    refuses('runs/start', { source: { text: 'x'.repeat(2 ** 20 + 1), path: null } }, /source/);
    refuses('events/subscribe', { cursor: { journal: 'x' } }, /cursor\.journal/);
  });

  it('lets no id become a path', () => {
    for (const run of ['..', '.', 'a/b', '/etc', '../x', 'a\\b', '', 'a\0', '.hidden'])
      refuses('runs/get', { run }, /run/);
    for (const trace of ['a/b/1', '../../1/1', 'a/../1/1/1', 'a/b/x/1']) refuses('traces/get', { trace }, /trace/);
  });

  it('never fails in another way', () => {
    const methods: Method[] = [
      'runs/start',
      'traces/page',
      'import/run',
      'metrics/budgets',
      'events/subscribe',
      'stages/log',
      'stages/report',
      'stages/rows',
      'stages/text',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...methods), fc.anything(), (method, params) => {
        try {
          validateParams(method, params);
        } catch (error) {
          assert.ok(LonghandError.is(error, 'invalid_params'));
        }
      }),
    );
  });
});
