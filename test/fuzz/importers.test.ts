/** Damaged files never crash an import, and every row of them is accounted for: read or skipped. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { ImportedTrace } from '../../server/store/trace-store.ts';
import { collect, file } from '../support/collect-import.ts';
import { sharedData } from '../shared-data.ts';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'importers');

interface Damage {
  kind: 'flip' | 'delete' | 'insert' | 'cut' | 'swap';
  /** Between 0 and 1: where in the file. */
  at: number;
  length: number;
  byte: number;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('flip', 'delete', 'insert', 'cut', 'swap'),
  at: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  length: fc.integer({ min: 1, max: 40 }),
  byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('"{}[],:\\\n\r\0'))),
});

function apply(bytes: Buffer, { kind, at, length, byte }: Damage): Buffer {
  const place = Math.floor(at * bytes.length);
  const before = bytes.subarray(0, place);
  const hit = bytes.subarray(place, place + length);
  const after = bytes.subarray(place + length);
  const pieces = {
    flip: [before, Buffer.from([byte]), bytes.subarray(place + 1)],
    delete: [before, after],
    insert: [before, Buffer.alloc(length, byte), bytes.subarray(place)],
    cut: [before],
    swap: [before, Buffer.from(hit).reverse(), after],
  };
  return Buffer.concat(pieces[kind]);
}

/** Imports; a refusal must be one of ours. Null: refused. */
async function tryImport(bytes: Buffer): Promise<{ rows: number; skipped: number; traces: ImportedTrace[] } | null> {
  try {
    const { result, traces } = await collect(file('damaged', bytes));
    return { rows: result.rows, skipped: result.skipped.length + result.skippedMore, traces };
  } catch (error) {
    assert.ok(error instanceof LonghandError, String(error instanceof Error ? error.stack : error));
    assert.ok(['unreadable', 'needs_mapping'].includes(error.code), `${error.code}: ${error.message}`);
    return null;
  }
}

/** The first rows of a file of one completion a row, small enough to try often. */
function head(rows: unknown[], count: number): Record<string, unknown>[] {
  return (rows as Record<string, unknown>[]).slice(0, count);
}

function realRows(): Record<string, unknown>[] {
  const lines = sharedData('traces', 'reasoningflow', 'DeepSeek-R1_aime2024_responses.jsonl');
  if (lines === null) {
    return Array.from({ length: 8 }, (_, i) => ({
      question: `What is ${i}+0, "quoted" \\ and \n broken?`,
      response: `<think>\nOkay, so ${'é漢😀'.repeat(i)} {"question": 1} [${i}]</think>\n\\boxed{${i}}`,
      correct_answer: String(i),
    }));
  }
  const text = readFileSync(lines, 'utf8').trim().split('\n');
  return head(
    text.map((line) => JSON.parse(line) as unknown),
    8,
  ).map((row) => ({
    ...row,
    response: String(row.response).slice(0, 3000),
  }));
}

describe('importers, given damaged files', () => {
  const rows = realRows();
  const texts: [string, Buffer][] = [
    ['JSON lines', Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))],
    ['an array on one line', Buffer.from(JSON.stringify(rows))],
    ['an indented array', Buffer.from(JSON.stringify(rows, null, 4))],
    ['rows in an object', Buffer.from(JSON.stringify({ model: 'm', results: rows }))],
  ];

  for (const [name, bytes] of texts) {
    it(`${name}: never crash, account for every row`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
          const broken = damages.reduce(apply, bytes);
          const found = await tryImport(broken);
          if (!found) return;
          assert.equal(found.traces.length + found.skipped, found.rows);
          if (name === 'JSON lines' && broken[0] !== 0x5b) {
            const lines = broken.toString('utf8').split('\n').filter((line) => line.trim() !== ''); // prettier-ignore
            // A lone line that is no row for JSON lines may be read as one JSON text instead.
            if (lines.length > 1 && !broken.subarray(0, 64).includes(0)) assert.equal(found.rows, lines.length);
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it('one changed byte costs at most the rows that it touches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...texts.slice(0, 3)),
        // The first byte says what the file is: a file without it is refused.
        damage.filter(({ kind, at }) => kind === 'flip' && at > 0.0001),
        async ([name, bytes], one) => {
          const found = await tryImport(apply(bytes, one));
          // The key of a column that is damaged in the first row alone is still found in the others.
          assert.ok(found, `${name}: refused, ${JSON.stringify(one)}`);
          assert.ok(
            found.traces.length >= rows.length - 2,
            `${name}: ${found.traces.length} of ${rows.length} rows left`,
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it('Parquet: never crash, account for every row', async () => {
    const files = readdirSync(fixtures).filter((name) => name.endsWith('.parquet') && name !== 'verl-problems.parquet');
    const contents = files.map((name) => ({ name, bytes: readFileSync(join(fixtures, name)) }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...contents),
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        async ({ name, bytes }, damages) => {
          const found = await tryImport(damages.reduce(apply, bytes));
          if (found && name !== 'openr1.parquet') assert.equal(found.traces.length + found.skipped, found.rows);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('bytes of any kind: never crash', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom('', '{"', '[', '[{"a":', 'PAR1', '\x1f\x8b'),
        async (bytes, start) => {
          await tryImport(Buffer.concat([Buffer.from(start, 'latin1'), bytes]));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('JSON of any shape: never crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json({ maxDepth: 4 }), { maxLength: 6 }), fc.boolean(), async (values, lines) => {
        await tryImport(Buffer.from(lines ? values.join('\n') : `[${values.join(',')}]`));
      }),
      { numRuns: 400 },
    );
  });
});
