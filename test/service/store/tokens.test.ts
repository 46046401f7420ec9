import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../../../core/protocol/methods.ts';
import { attemptFolder, tokensPart } from '../../../server/store/paths.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

const model = join(import.meta.dirname, '../../../server/engine/longhand_engine/tiny/base');
const key = { run: 'r', stage: 'eval', attempt: 1 };

/** A stretch of log-probabilities −1, −1/2, … and entropies 1, 2, … as the engine writes it. */
function stretch(tokens: number, top = 0): Buffer {
  const bytes = Buffer.alloc(12 + 4 * tokens);
  bytes.write('LHTS');
  bytes.set([1, 3, top, 0], 4);
  bytes.writeUInt32LE(tokens, 8);
  for (let i = 0; i < tokens; i += 1) {
    bytes.writeUInt16LE(i % 2 ? 0xb800 : 0xbc00, 12 + 2 * i);
    bytes.writeUInt16LE(i % 2 ? 0x4000 : 0x3c00, 12 + 2 * (tokens + i));
  }
  return bytes;
}

/** The ids of a text of the miniature, a sign a token. */
function idsOf(text: string): number[] {
  const { model: bpe } = JSON.parse(readFileSync(join(model, 'tokenizer.json'), 'utf8')) as {
    model: { vocab: Record<string, number> };
  };
  return text.split('').map((sign) => bpe.vocab[sign === ' ' ? 'Ġ' : sign]!);
}

interface Wish {
  text: string;
  ids?: number[];
  scores?: Buffer;
  model?: string;
}

/** Writes traces with what lies in `tokens/` of them. */
function write(root: string, wishes: Wish[]): void {
  makeRun(root, 'r');
  const record = makeAttempt(root, key, { kind: 'evaluate' });
  const parts: Buffer[] = [];
  let offset = 0;
  const put = (bytes: Buffer) => {
    parts.push(bytes);
    offset += bytes.length;
    return { part: 1, offset: offset - bytes.length, length: bytes.length };
  };
  for (const { text, ids, scores, model: by = model } of wishes) {
    const number = record.traceBegin(record.problem('What is 2 + 2?', { gold: '4' }), null, { sample: 0, model: by });
    record.traceText(number, text);
    record.event({
      type: 'trace_end',
      trace: number,
      facts: { tokens: 7, finish: 'stop' },
      ...(ids && { token_ids: put(Buffer.from(Uint32Array.from(ids).buffer)) }),
      ...(scores && { scores: put(scores) }),
    });
  }
  mkdirSync(join(attemptFolder(root, key), 'tokens'), { recursive: true });
  writeFileSync(tokensPart(attemptFolder(root, key), 1), Buffer.concat(parts));
}

const asked = (store: TraceStore, n: number, start = 0, end = 1e6): Promise<Result<'traces/tokens'>> =>
  store.sliced('traces/tokens', { trace: `r/eval/1/${n}`, start, end });

describe('store: tokens of a trace', () => {
  const text = 'The answer is 4.';

  it('are where the ids and the vocabulary say, with what was recorded of them', () =>
    withStore(async (store, root) => {
      write(root, [
        { text, ids: idsOf(text), scores: stretch(text.length) },
        { text, ids: idsOf(text) },
      ]);
      await store.catchUp();
      const { slice } = await asked(store, 0, 4, 7);
      assert.deepEqual(slice, {
        tokens: 16,
        first: 4,
        start: 4,
        lengths: [1, 1, 1],
        logprobs: [-1, -0.5, -1],
        entropies: [1, 2, 1],
        next: null,
      });
      assert.equal((await asked(store, 1)).slice!.logprobs, undefined);
      assert.equal((await asked(store, 0, 16, 16)).slice!.lengths.length, 0);
      await assert.rejects(asked(store, 9), { code: 'not_found' });
    }));

  it('are where a server has spelt them', () =>
    withStore(async (store, root) => {
      const lengths = Buffer.alloc(12 + 3 * 4);
      stretch(2, 5).copy(lengths);
      lengths[5] = 7;
      lengths.writeUInt16LE(5, 20);
      lengths.writeUInt16LE(2, 22);
      write(root, [
        { text: 'Hé👍', scores: lengths },
        { text: 'Hé👍.', scores: stretch(2) },
      ]);
      await store.catchUp();
      assert.deepEqual((await asked(store, 0)).slice, {
        tokens: 2,
        first: 0,
        start: 0,
        // The first token ends inside a character of two units.
        lengths: [2, 2],
        logprobs: [-1, -0.5],
        entropies: [1, 2],
        boundedBy: 5,
        next: null,
      });
      assert.deepEqual(await asked(store, 1), { slice: null, why: 'no_ids' });
    }));

  it('are not placed where that would be a guess, and it is said why', () =>
    withStore(async (store, root) => {
      write(root, [
        { text },
        { text: `${text} More.`, ids: idsOf(text) },
        { text, ids: idsOf(text), model: '/nowhere' },
        // Numbers of another completion are no one's.
        { text, ids: idsOf(text), scores: stretch(3) },
      ]);
      await store.catchUp();
      const why = [];
      for (const n of [0, 1, 2]) why.push((await asked(store, n)).why);
      assert.deepEqual(why, ['no_ids', 'no_match', 'no_tokenizer']);
      const { slice } = await asked(store, 3);
      assert.deepEqual([slice!.tokens, slice!.logprobs], [16, undefined]);
    }));

  it('are those of the run that is there, also where one of that name was deleted', () =>
    withStore(async (store, root) => {
      const files = { type: 'attempt_created', ...key, resumed_from: null } as const;
      const began = async (ids: number[]): Promise<void> => {
        write(root, [{ text, ids }]);
        await store.appendJournal({ type: 'run_created', run: 'r', kind: 'recipe' });
        await store.appendJournal(files);
        await store.catchUp();
      };
      await began(idsOf(text));
      assert.equal((await asked(store, 0)).slice!.tokens, 16);
      await store.deleteRun('r');
      await began(idsOf(text).slice(0, 3));
      assert.deepEqual(await asked(store, 0), { slice: null, why: 'no_match' });
    }));

  it('are checked in their files', () =>
    withStore(async (store, root) => {
      const bad = stretch(4);
      bad[4] = 9;
      write(root, [
        { text, scores: stretch(4) },
        { text, scores: bad },
        { text, scores: stretch(4).subarray(0, 20) },
      ]);
      await store.catchUp();
      const { faults } = await store.verify();
      assert.deepEqual(faults.map(({ kind }) => kind), ['bad_scores', 'bad_scores']); // prettier-ignore
      assert.match(faults[0]!.message, /tokens\/part-00001\.bin holds no log-probabilities at byte 28/);
    }));
});
