import assert from 'node:assert/strict';
import { onsetEntropy } from '../../../core/metrics/onset-entropy.ts';
import { fromEnds } from '../../../core/metrics/token-position.ts';

describe('entropy where behaviours begin', () => {
  // Ten tokens of two units, entropies 0 … 9; one is not known.
  const positions = fromEnds(Int32Array.from({ length: 10 }, (_, i) => 2 * (i + 1)));
  const entropies = Float32Array.from({ length: 10 }, (_, i) => (i === 9 ? NaN : i));
  const span = (label: 'verification' | 'backtracking' | 'marker', start: number, part = 'completion' as const) => ({
    in: part,
    start,
    label,
  });

  it('is of the first three tokens of each span, the first in its middle too, and of all others', () => {
    const found = onsetEntropy(
      { positions, entropies },
      [span('verification', 4), span('backtracking', 7), span('marker', 0)],
      ['verification', 'backtracking'],
    );
    // Tokens 2–4; 3–5 of which 3 and 4 are taken; the rest 0, 1, 6, 7, 8.
    assert.deepEqual(found, {
      mean: 4,
      tokens: 9,
      elsewhere: 22 / 5,
      onsets: [
        { label: 'verification', mean: 3, max: 4, onsets: 1 },
        { label: 'backtracking', mean: 5, max: 5, onsets: 1 },
      ],
    });
  });

  it('is nothing without entropies, and leaves the prompt out', () => {
    const spans = [{ in: 'prompt' as const, start: 0, label: 'verification' as const }];
    assert.deepEqual(onsetEntropy({ positions, entropies: null }, spans, ['verification']), {
      mean: null,
      tokens: 0,
      elsewhere: null,
      onsets: [],
    });
    assert.equal(onsetEntropy({ positions, entropies }, spans, ['verification']).onsets.length, 0);
  });
});
