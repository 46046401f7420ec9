import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { problemId } from '../../../server/store/record-writer.ts';
import { attemptFolder } from '../../../server/store/paths.ts';
import { makeAttempt, makeRun } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

const engine = join(import.meta.dirname, '../../../server/engine');
const python = process.env['LONGHAND_PYTHON'] ?? 'python3';

/** What a worker in Python does, through its own writer. */
const script = `
import sys
from longhand_engine.events import Record
from longhand_engine.scores import TokenScores
with Record(sys.argv[1]) as record:
    record.state("running")
    problem = record.problem("Wie groß\\u00a0ist  2 + 2?\\ufeff", "4", source_id="p-1", gold_origin="given")
    prompt = record.prompt(problem, "<|user|>Wie groß ist 2 + 2?<|assistant|>", 9)
    for sample in range(3):
        trace = record.trace_begin(problem, prompt=prompt, sample=sample, step=1, group="1:" + problem)
        record.trace_text(trace, "<think>Hm \\U0001f600 \\ud800")
        record.trace_text(trace, "</think>\\\\boxed{4}")
        facts = {"tokens": 5, "tokens_exact": True, "finish": "stop"}
        if sample < 2:
            record.trace_end(trace, facts, [1, 2, 3, 4, 5])
        else:
            # Of a server that spells its tokens: <think>, Hm, the blank and the emoji, the rest.
            scores = TokenScores([-0.5, -1, -0.25, float("nan"), -0.125], [0, 1, 2, 3, 4], 5, [7, 2, 5, 4, 17])
            record.trace_end(trace, facts, scores=scores)
        record.trace_facts(trace, {"reward": float("nan"), "rewards": {"format": 1.0}, "advantage": 0.5})
    record.metrics(1, 0.5, {"loss": float("inf"), "reward": 1.0})
    record.end(True, step=1, max_steps=1, outputs={})
`;

describe('store: a record written in Python', () => {
  it('is read whole, with the same ids of problems', function () {
    const { status, error } = spawnSync(python, ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']);
    if (error || status !== 0) this.skip();
    return withStore(async (store, root) => {
      const key = { run: 'r', stage: 'grpo', attempt: 1 };
      makeRun(root, 'r');
      makeAttempt(root, key).close();
      const folder = attemptFolder(root, key);
      const ran = spawnSync(python, ['-c', script, folder], {
        env: { ...process.env, PYTHONPATH: engine },
        encoding: 'utf8',
      });
      assert.equal(ran.status, 0, ran.stderr);
      await store.catchUp();
      const attempt = await store.attempt(key);
      assert.deepEqual([attempt.faults, attempt.traces, attempt.liveTraces, attempt.end?.complete], [0, 3, 0, true]);
      const detail = await store.read('traces/get', { trace: 'r/grpo/1/2' });
      assert.equal(detail.problem, problemId('Wie groß ist 2 + 2?'));
      assert.deepEqual([detail.reward, detail.advantage, detail.tokens, detail.verdict], [null, 0.5, 5, 'right']);
      const slice = await store.read('traces/slice', { trace: 'r/grpo/1/2', in: 'completion', start: 0, end: 999 });
      assert.equal(slice.text, '<think>Hm 😀 \ufffd</think>\\boxed{4}');
      const { slice: tokens } = await store.sliced('traces/tokens', { trace: 'r/grpo/1/2', start: 0, end: 999 });
      assert.deepEqual(tokens, {
        tokens: 5,
        first: 0,
        start: 0,
        lengths: [7, 2, 3, 2, 17],
        logprobs: [-0.5, -1, -0.25, null, -0.125],
        entropies: [0, 1, 2, 3, 4],
        boundedBy: 5,
        next: null,
      });
      assert.deepEqual([detail.facts.entropy, detail.facts.logprob], [2, -0.46875]);
      const having = await store.read('traces/page', { filter: { run: 'r' }, query: 'has:logprobs' });
      assert.deepEqual(
        having.rows.map(({ trace }) => trace),
        ['r/grpo/1/2'],
      );
      const { series } = await store.read('metrics/snapshot', { run: 'r' });
      assert.deepEqual(
        series.map(({ name, value }) => [name, value[0]]),
        [
          ['loss', null],
          ['reward', 1],
        ],
      );
      assert.equal((await store.verify()).faultCount, 0);
    });
  });
});
