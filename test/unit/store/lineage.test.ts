import assert from 'node:assert/strict';
import { isSuperseded, validity } from '../../../server/store/lineage.ts';
import { checkpointAttempt } from '../../../server/store/checkpoint-path.ts';

const from = (attempt: number, step: number, checkpoint: string | null = `checkpoint-${step}`) => ({
  attempt,
  checkpoint,
  step,
});

describe('lineage', () => {
  it('lets the newest attempt count whole, and the one before up to the checkpoint', () => {
    const valid = validity([
      { attempt: 1, resumedFrom: null },
      { attempt: 2, resumedFrom: from(1, 20) },
      { attempt: 3, resumedFrom: from(2, 50) },
    ]);
    assert.deepEqual(
      [...valid],
      [
        [1, 20],
        [2, 50],
        [3, null],
      ],
    );
  });

  it('follows an attempt that goes back behind the last one', () => {
    const valid = validity([
      { attempt: 1, resumedFrom: null },
      { attempt: 2, resumedFrom: from(1, 40) },
      { attempt: 3, resumedFrom: from(1, 10) },
    ]);
    assert.deepEqual(
      [...valid],
      [
        [1, 10],
        [2, -1],
        [3, null],
      ],
    );
  });

  it('never lets an older attempt count past a bound of a newer one', () => {
    const valid = validity([
      { attempt: 1, resumedFrom: null },
      { attempt: 2, resumedFrom: from(1, 40) },
      { attempt: 3, resumedFrom: from(2, 30) },
    ]);
    assert.deepEqual(
      [...valid],
      [
        [1, 30],
        [2, 30],
        [3, null],
      ],
    );
  });

  it('leaves nothing of the older ones after a start without a checkpoint', () => {
    const valid = validity([
      { attempt: 1, resumedFrom: null },
      { attempt: 2, resumedFrom: from(1, 0, null) },
    ]);
    assert.deepEqual(
      [...valid],
      [
        [1, -1],
        [2, null],
      ],
    );
  });

  it('does not turn in circles', () => {
    assert.deepEqual([...validity([{ attempt: 1, resumedFrom: from(1, 5) }])], [[1, null]]);
    assert.deepEqual([...validity([])], []);
  });

  it('draws the line at the checkpoint itself', () => {
    assert.equal(isSuperseded(null, null, 99, 99), false);
    assert.equal(isSuperseded(-1, null, null, 0), true);
    assert.equal(isSuperseded(20, 500, 20, 499), false);
    assert.equal(isSuperseded(20, 500, 20, 501), true);
    assert.equal(isSuperseded(20, 500, 21, 400), true);
    assert.equal(isSuperseded(20, null, 20, 900), false);
    assert.equal(isSuperseded(20, 500, null, 501), true);
  });

  it('reads the attempt of a checkpoint from its path or id', () => {
    assert.equal(checkpointAttempt('/root/runs/r/stages/sft/attempt-3/checkpoints/checkpoint-40', 'sft'), 3);
    assert.equal(checkpointAttempt('r/sft/2/checkpoint-40', 'sft'), 2);
    assert.equal(checkpointAttempt('attempt-4/checkpoints/checkpoint-40', 'sft'), 4);
    assert.equal(checkpointAttempt('/root/runs/r/stages/grpo/attempt-3/checkpoints/checkpoint-40', 'sft'), null);
    assert.equal(checkpointAttempt('/models/longhand-base', 'sft'), null);
    assert.equal(checkpointAttempt('', 'sft'), null);
  });
});
