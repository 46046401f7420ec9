import assert from 'node:assert/strict';
import type { Checkpoint } from '../../../core/protocol/overview.ts';
import { checkpointFilter, seriesFilter, type Place } from '../../../webview/overview/open.ts';

const checkpoint = (rest: Partial<Checkpoint>): Checkpoint => ({
  ...{ key: '', stage: 'eval', of: null, set: 'sums', marker: null, stepFrom: null, stepTo: null },
  ...{ epoch: null, label: '', traces: 1, ...rest },
});

const place = (checkpoints: Checkpoint[], rest: Partial<Place> = {}): Place => ({
  ...{ run: 'r', name: 'run', set: 'sums', stage: null, mixed: false, going: false },
  ...{ checkpoints, ...rest },
});

describe('traces behind a mark of the overview', () => {
  it('are those of the checkpoint, and not of others that name more', () => {
    const base = checkpoint({});
    const trained = checkpoint({ of: 'grpo', stepFrom: 10, stepTo: 10 });
    const both = place([base, trained]);
    const filter = { run: 'r', set: 'sums', stage: 'eval' };
    assert.deepEqual(checkpointFilter(both, base), { ...filter, of: null, step: null });
    assert.deepEqual(checkpointFilter(both, trained), { ...filter, of: 'grpo', step: 10 });
    // Where nothing has to be told apart, nothing is asked for.
    assert.deepEqual(checkpointFilter(place([base]), base), filter);
  });

  it('are those with the same marker, and of all steps that stand together', () => {
    const plain = checkpoint({ stepFrom: 1, stepTo: 9 });
    const marked = checkpoint({ stepFrom: 1, stepTo: 9, marker: 'Wait' });
    const both = place([plain, marked]);
    const filter = { run: 'r', set: 'sums', stage: 'eval', stepFrom: 1, stepTo: 9 };
    assert.deepEqual(checkpointFilter(both, plain), { ...filter, marker: null });
    assert.deepEqual(checkpointFilter(both, marked), { ...filter, marker: 'Wait' });
  });

  it('are no evaluations where a stage has them beside its rollouts, and the finished ones while the run goes on', () => {
    const stage = place([], { set: null, stage: 'grpo', mixed: true, going: true });
    assert.deepEqual(seriesFilter(stage), { run: 'r', stage: 'grpo', set: null, live: false });
    assert.deepEqual(seriesFilter({ ...stage, mixed: false, going: false }), { run: 'r', stage: 'grpo' });
  });
});
