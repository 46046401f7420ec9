import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LonghandError } from '../../../core/protocol/errors.ts';
import { readStageLog } from '../../../server/runs/stage-log.ts';
import type { RunRecord } from '../../../server/store/trace-store.ts';

describe('runs/stage-log', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longhand-log-'));
  after(() => rmSync(folder, { recursive: true }));
  const record = { stages: [{ stage: 'sft', attempts: [{ attempt: 1, folder }] }] } as unknown as RunRecord;
  const read = (more: object) => readStageLog(record, { run: 'r', stage: 'sft', stream: 'stdout', ...more });

  it('gives slices that together are the text, at any cut', async () => {
    const text = 'a€𝒳ü\nend ✓';
    writeFileSync(join(folder, 'stdout.log'), text);
    for (let limit = 4; limit < 12; limit++) {
      let offset = 0;
      let all = '';
      for (let n = 0; n < 20 && offset < Buffer.byteLength(text); n++) {
        const slice = await read({ offset, limit });
        assert.equal(slice.offset, offset);
        all += slice.text;
        offset = slice.end;
      }
      assert.equal(all, text, `limit ${limit}`);
    }
  });

  it('begins at a whole character when counted from the end', async () => {
    writeFileSync(join(folder, 'stdout.log'), 'abc€def');
    assert.deepEqual(await read({ offset: -4 }), { text: 'def', offset: 6, end: 9, size: 9 });
    assert.deepEqual(await read({ offset: -400 }), { text: 'abc€def', offset: 0, end: 9, size: 9 });
    assert.deepEqual(await read({ offset: 400 }), { text: '', offset: 9, end: 9, size: 9 });
  });

  it('tells no log from no attempt', async () => {
    assert.deepEqual(await read({ stream: 'stderr' }), { text: '', offset: 0, end: 0, size: 0 });
    await assert.rejects(
      read({ attempt: 2 }),
      (error) => LonghandError.is(error, 'not_found') && /no attempt 2/.test(error.message),
    );
    await assert.rejects(
      read({ stage: 'grpo' }),
      (error) => LonghandError.is(error, 'not_found') && /has not run/.test(error.message),
    );
  });
});
