import assert from 'node:assert/strict';
import { atOnce } from '../../../core/metrics/slices.ts';
import { align } from '../../../core/traces/align.ts';
import { pack, unpack } from '../../../webview/sides/aligned.ts';
import { longCompletion } from '../../webview/made-trace.ts';

describe('an alignment that is given from a thread to another', () => {
  it('comes as it was', () => {
    const left = `Only here.\n\n${longCompletion(9_000, 30)}`;
    const lines = left.split('\n\n');
    const right = [...lines.slice(5).filter((_, i) => i % 4 !== 1), ...lines.slice(2, 5), 'Something else.'].join(
      '\n\n',
    );
    const found = atOnce(align(left, right));
    const came = unpack(structuredClone(pack(found)));
    assert.ok(new Set(found.rows.map(({ kind }) => kind)).size >= 3);
    const extents = (steps: readonly { start: number; end: number }[]) => steps.map(({ start, end }) => [start, end]);
    assert.deepEqual(extents(came.left), extents(found.left));
    assert.deepEqual(extents(came.right), extents(found.right));
    assert.equal(came.common, found.common);
    assert.deepEqual(
      came.rows,
      found.rows.map((row) => ({ ...row, similarity: Math.fround(row.similarity) })),
    );
  });

  it('may be of nothing', () => {
    const came = unpack(pack(atOnce(align('', 'Something.'))));
    assert.deepEqual([came.left.length, came.right.length, came.rows.length, came.common], [0, 1, 1, 0]);
  });
});
