import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TraceRow } from '../../../core/protocol/traces.ts';
import { longhandOn } from '../../support/command-line.ts';
import { temporaryFolder } from '../../support/service.ts';

describe('longhand traces', () => {
  const root = temporaryFolder('traces');
  const longhand = longhandOn(root);

  it('lists the traces that a query asks for, and shows where a query is wrong', async function () {
    this.timeout(60_000);
    const path = join(root, 'rollouts.jsonl');
    const rows = Array.from({ length: 30 }, (_, i) => ({
      problem: `What is ${i % 5} + 1?`,
      completion: `${'Wait, let me check. '.repeat(i % 3)}So it is \\boxed{${i % 4 === 0 ? (i % 5) + 1 : 99}}.`,
      answer: String((i % 5) + 1),
      step: i,
      reward: i % 4 === 0 ? 1 : 0,
    }));
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const imported = await longhand('import', path, '--json');
    const { run } = JSON.parse(imported.out.trim().split('\n').at(-1)!) as { run: string };
    const asked = async (...args: string[]): Promise<{ total: number; rows: TraceRow[] }> => {
      const { code, out, err } = await longhand('traces', run, '--json', ...args);
      assert.equal(code, 0, err);
      return JSON.parse(out.trim().split('\n').at(-1)!) as { total: number; rows: TraceRow[] };
    };

    const wrong = await asked('--query', 'verdict:wrong step:10..', '--limit', '4');
    assert.equal(wrong.total, rows.filter((row) => row.step >= 10 && row.reward === 0).length);
    assert.deepEqual(
      wrong.rows.map(({ step, verdict }) => [step, verdict]),
      [10, 11, 13, 14].map((step) => [step, 'wrong']),
    );
    const checked = await asked('--query', 'behaviour.verification:>=1', '--sort', 'step', '--descending');
    assert.equal(checked.total, 20);
    assert.equal(checked.rows[0]?.step, 29);
    assert.equal((await asked('--limit', '1000000')).rows.length, 30);

    const people = await longhand('traces', run, '--query', 'verdict:right', '--limit', '2');
    assert.match(people.out, /^trace +problem +step +verdict/);
    assert.match(people.out, /8 traces; --limit shows more than these 2\./);
    const bad = await longhand('traces', run, '--query', 'step:3 verdict:wrng');
    assert.equal(bad.code, 2);
    assert.match(bad.err, /^ {2}step:3 verdict:wrng\n {17}\^\^\^\^\n {2}verdict: is one of .*Did you mean wrong\?$/m);
    const words = await longhand('traces', run, '--query', '"let me"');
    assert.equal(words.code, 2);
    assert.match(words.err, /longhand search/);
    const key = await longhand('traces', run, '--sort', 'token');
    assert.equal(key.code, 2);
    assert.match(key.err, /did you mean “tokens”/);
  });
});
