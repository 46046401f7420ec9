import assert from 'node:assert/strict';
import { atOnce } from '../../../core/metrics/slices.ts';
import type { IndexFile } from '../../../server/store/index-file.ts';
import { RunTables } from '../../../server/store/run-table.ts';

/** An index of one trace that cannot be read while it is broken. */
class Broken {
  broken = true;

  get() {
    return { n: 1, seqs: 5, value: '7', last: 2 ** 32 };
  }

  all(sql: string): unknown[] {
    if (sql.includes('FROM attempts')) return [{ id: 1, stage: 'grpo', attempt: 1 }];
    if (this.broken) throw new Error('disk I/O error');
    return [{ id: 2 ** 32, problem_id: 1, hash: 'a', label: 'A', of: null, step: 3, set_name: null, marker: null }];
  }
}

describe('store: tables of runs', () => {
  it('are made again after one could not be made, for whoever asks next', () => {
    const index = new Broken();
    const tables = new RunTables(index as unknown as IndexFile);
    assert.throws(() => atOnce(tables.of('r')), /disk I\/O error/);
    assert.throws(() => atOnce(tables.of('r')), /disk I\/O error/, 'as long as it is so');
    index.broken = false;
    assert.equal(atOnce(tables.of('r')).table.length, 1);
  });

  it('are made by the second of two who asked together where the first was told that it failed', () => {
    const index = new Broken();
    const read = index.all.bind(index);
    let pages = 0;
    index.get = () => ({ n: 1, seqs: 5, value: '7', last: 2 ** 32 + 9000 });
    index.all = (sql) => {
      if (sql.includes('FROM attempts')) return read(sql);
      pages += 1;
      index.broken = pages === 3;
      return pages === 3 || pages === 4 ? read(sql) : [];
    };
    const tables = new RunTables(index as unknown as IndexFile);
    const [first, second] = [tables.of('r'), tables.of('r')];
    first.next();
    second.next();
    assert.throws(() => atOnce(first), /disk I\/O error/);
    assert.equal(atOnce(second).table.length, 1);
  });
});
