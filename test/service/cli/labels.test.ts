import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportedLabels } from '../../../core/protocol/label-schemas.ts';
import { connectRunning } from '../../../server/cli/connect.ts';
import { userName } from '../../../server/user-name.ts';
import { longhandOn } from '../../support/command-line.ts';
import { temporaryFolder } from '../../support/service.ts';

const TEXTS = ['So it is 4. Let me check that: 2 + 2 = 4. Yes, that matches.', 'Zürich 😀. Wait, no. It is 5.'];

describe('longhand labels', () => {
  const root = temporaryFolder('labels');
  const source = join(root, 'texts.jsonl');
  const out = join(root, 'out.jsonl');

  const longhand = longhandOn(root);

  it('writes what was labelled, and takes it in again where it is gone', async function () {
    this.timeout(60_000);
    writeFileSync(
      source,
      TEXTS.map((completion, i) => `${JSON.stringify({ prompt: `p${i}`, completion })}\n`).join(''),
    );
    assert.equal((await longhand('import', source)).code, 0);
    const none = await longhand('labels', 'latest');
    assert.deepEqual([none.code, none.out], [0, '']);
    assert.match(none.err, /Nobody has labelled/);
    const backend = (await connectRunning(root))!;
    const { rows } = await backend.call('traces/page', { filter: {} });
    const ids = rows.map(({ trace }) => trace).toSorted();
    // Nobody says who: the user of the service does.
    const first = await backend.call('labels/edit', { trace: ids[0]!, base: 0, edits: [{ op: 'copy' }] });
    assert.equal(first.by, userName());
    const wait = TEXTS[1]!.indexOf('Wait');
    await backend.call('labels/edit', {
      ...{ trace: ids[1]!, base: 0, by: 'Zoë' },
      edits: [
        { op: 'add', start: wait, end: wait + 9, label: 'backtracking' },
        { op: 'reviewed', stretches: [[0, TEXTS[1]!.length]] },
      ],
    });
    const written = await longhand('labels', 'latest', '--text');
    const exported = written.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ExportedLabels);
    assert.deepEqual(
      exported.map(({ trace, by, text }) => [trace, by, text]),
      [
        [ids[0], userName(), TEXTS[0]],
        [ids[1], 'Zoë', TEXTS[1]],
      ],
    );
    const { start, end } = exported[1]!.labels[0]!;
    assert.equal(exported[1]!.text!.slice(start, end), 'Wait, no.', 'UTF-16 units');
    const own = await longhand('labels', 'latest', '--by', 'Zoë');
    assert.equal(own.out.trim().split('\n').length, 1);
    assert.ok(!own.out.includes('"text"'));

    writeFileSync(out, written.out);
    const again = await longhand('labels', '--import', out);
    assert.match(again.out, /0 traces were taken in; 2 were so before/);
    // The run is gone, and with it its labels; the same file is the same run.
    await backend.call('runs/delete', { run: rows[0]!.run });
    await longhand('import', source);
    assert.equal((await longhand('labels', 'latest')).out, '');
    const bad = { ...exported[1]!, length: 3 };
    writeFileSync(out, `${written.out}not JSON\n${JSON.stringify(bad)}\n`);
    const taken = await longhand('labels', '--import', out);
    assert.equal(taken.code, 1);
    assert.match(taken.out, /Labels of 2 traces were taken in; 0 were so before; 2 lines could not be taken/);
    assert.match(taken.err, /line 3: not JSON/);
    assert.match(taken.err, /line 4: The text has \d+ UTF-16 units here, and had 3/);
    const back = (await longhand('labels', 'latest', '--text')).out.trim().split('\n');
    const undated = (row: ExportedLabels) => ({
      ...row,
      revision: 0,
      labels: row.labels.map((one) => ({ ...one, at: '' })),
    });
    assert.deepEqual(
      back.map((line) => undated(JSON.parse(line) as ExportedLabels)),
      exported.map(undated),
    );
    assert.equal((await longhand('labels')).code, 2);
    assert.equal((await longhand('labels', '--import', join(root, 'none.jsonl'))).code, 1);
    backend.close();
  });
});
