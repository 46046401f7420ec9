import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchHit, SearchTotals } from '../../../core/protocol/search.ts';
import { longhandOn } from '../../support/command-line.ts';
import { mainFile, temporaryFolder } from '../../support/service.ts';

describe('longhand search', () => {
  const root = temporaryFolder('search');
  const longhand = longhandOn(root);

  it('prints what it finds, says where a query is wrong, and ends when it is told to', async function () {
    this.timeout(90_000);
    const path = join(root, 'rollouts.jsonl');
    const rows = Array.from({ length: 40 }, (_, i) => ({
      problem: `What is ${i % 5} + 1?`,
      completion: `${'So, a sum.\n'.repeat(i)}${'Wait, let me ché\u001bck. '.repeat(i % 3)}It is \\boxed{${i % 4 === 0 ? (i % 5) + 1 : 99}}. ${'a'.repeat(40)}!`,
      answer: String((i % 5) + 1),
      step: i,
    }));
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const imported = await longhand('import', path, '--json');
    const { run } = JSON.parse(imported.out.trim().split('\n').at(-1)!) as { run: string };

    const found = await longhand('search', run, 'verdict:wrong step:10.. "let me ché"', '--json', '--limit', '4');
    assert.equal(found.code, 0, found.err);
    const lines = found.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SearchHit & SearchTotals);
    const fitting = rows.filter(({ step }) => step >= 10 && step % 4 !== 0 && step % 3 !== 0);
    const hits = lines.slice(0, -1);
    assert.deepEqual(
      hits.map(({ row }) => row.step),
      fitting.slice(0, 4).map(({ step }) => step),
    );
    for (const { row, first, count } of hits) {
      const { completion } = rows[row.step!]!;
      assert.equal(first!.start, completion.indexOf('let me ché'));
      assert.equal(count, row.step! % 3);
    }
    const totals = lines.at(-1)!;
    assert.deepEqual([totals.traces, totals.listed], [fitting.length, 4]);

    const people = await longhand('search', run, 'match:word wait', '--limit', '2');
    assert.equal(people.code, 0, people.err);
    assert.ok(!people.out.includes('\u001b'));
    assert.match(people.out, /1× {2}.*Wait, let me ché ck\. It is/);
    assert.match(people.out, /39 hits in 26 of 40 traces .*--limit shows more than these 2\./);

    const labelled = await longhand('search', run, 'wait behaviour:>=0', '--json');
    const told = JSON.parse(labelled.out.trim().split('\n').at(-1)!) as SearchTotals;
    assert.deepEqual([told.traces, told.unread], [26, 0], 'texts are read before they are searched');

    const bad = await longhand('search', run, 'wait /(/');
    assert.equal(bad.code, 2);
    assert.match(bad.err, /^ {2}wait \/\(\/\n {7}\^/m);
    assert.equal((await longhand('search', run, 'verdict:wrong')).code, 2);

    const child = spawn(process.execPath, [mainFile, 'search', run, '/(?=a)(a+)+b/i', '--root', root]);
    let said = '';
    child.stderr.on('data', (data) => (said += String(data)));
    // It takes six seconds to give the expression up; by now it is in it.
    await sleep(3500);
    child.kill('SIGINT');
    const began = Date.now();
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), 130, said);
    assert.ok(Date.now() - began < 2000);
    assert.match(said, /not complete/);
    assert.match((await longhand('search', run, 'sum')).out, /780 hits in 39 of 40 traces/);
  });
});
