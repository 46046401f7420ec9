import assert from 'node:assert/strict';
import { appendFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { SLICE_LIMIT } from '../../../core/protocol/methods.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

async function whole(store: TraceStore, trace: string, side: 'prompt' | 'completion' = 'completion'): Promise<string> {
  let text = '';
  for (;;) {
    const slice = await store.read('traces/slice', { trace, in: side, start: text.length, end: Infinity });
    assert.equal(slice.start, text.length);
    assert.ok(slice.text.length <= SLICE_LIMIT + 1);
    text += slice.text;
    assert.equal(slice.end, text.length);
    if (slice.end >= slice.length) return text;
  }
}

describe('store: texts', () => {
  it('gives any slice of texts of every script, written in any pieces, and never splits a pair', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 }, {}, { partBytes: 50_000 });
      const problem = record.problem('p');
      const seeds = fc.sample(fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 60 }), {
        numRuns: 12,
        seed: 7,
      });
      const texts = [
        ...seeds.map((pieces) => pieces.map((piece) => piece.toWellFormed())),
        ['😀'.repeat(30_000)],
        ['abc '.repeat(100_000)],
        [],
      ];
      const traces = texts.map((_, sample) => record.traceBegin(problem, null, { sample }));
      // By turns, so that the extents of the texts lie between each other, in several parts.
      const longest = Math.max(...texts.map((pieces) => pieces.length));
      for (let i = 0; i < longest; i++) texts.forEach((pieces, t) => record.traceText(traces[t]!, pieces[i] ?? ''));
      await store.catchUp();
      for (const [t, pieces] of texts.entries()) {
        const text = pieces.join('');
        const trace = `r/eval/1/${t}`;
        assert.equal(await whole(store, trace), text);
        const { length, replaced } = await store.read('traces/get', { trace });
        assert.deepEqual([length, replaced], [text.length, 0]);
        for (const [a, b] of fc.sample(fc.tuple(fc.nat(text.length + 3), fc.nat(300)), { numRuns: 60, seed: t })) {
          const slice = await store.read('traces/slice', { trace, in: 'completion', start: a, end: a + b });
          assert.equal(slice.text, text.slice(slice.start, slice.end));
          assert.equal(slice.length, text.length);
          assert.ok(Math.abs(slice.start - Math.min(a, text.length)) <= 1);
          assert.ok(Math.abs(slice.end - Math.min(Math.max(a + b, slice.start), text.length)) <= 1);
          assert.ok(slice.text.isWellFormed(), `${a} to ${a + b}`);
          // Whoever asks for the next piece gets on.
          if (b > 0 && a < text.length) assert.ok(slice.end > slice.start && slice.end > a);
        }
      }
    }));

  it('reads the two texts of a trace apart, and stores a prompt once', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 });
      for (let i = 0; i < 3; i++)
        writeTrace(record, { prompt: '<|user|>Größe?<|assistant|><think>', completion: `Answer ${i}`, group: 'g' });
      await store.catchUp();
      for (let i = 0; i < 3; i++) {
        assert.equal(await whole(store, `r/grpo/1/${i}`, 'prompt'), '<|user|>Größe?<|assistant|><think>');
        assert.equal(await whole(store, `r/grpo/1/${i}`), `Answer ${i}`);
      }
      const { bytes } = await store.verify();
      assert.ok(bytes > 0);
      const { promptLength } = await store.read('traces/get', { trace: 'r/grpo/1/2' });
      assert.equal(promptLength, 34);
      const { sections } = await store.read('traces/annotations', { trace: 'r/grpo/1/2' });
      assert.deepEqual(sections, [{ kind: 'reasoning', start: 0, end: 8 }], 'the prompt opened the thought');
    }));

  it('reads bytes that are no UTF-8 as U+FFFD, counts them, and stays right in what follows', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'sft', attempt: 1 });
      const problem = record.problem('p');
      const trace = record.traceBegin(problem, null, { sample: 0 });
      const damaged = Buffer.concat([
        Buffer.from('good é '),
        Buffer.from([0xff, 0x00, 0xe2, 0x82]),
        Buffer.from(' 😀 end'),
      ]);
      record.event({ type: 'trace_text', trace, ...record.append(damaged) });
      // A character cut between two events: both halves are damage, whatever lies where.
      record.event({ type: 'trace_text', trace, ...record.append(Buffer.from([0xe2, 0x82])) });
      record.event({ type: 'trace_text', trace, ...record.append(Buffer.from([0xac])) });
      await store.catchUp();
      const expected = damaged.toString() + '\ufffd\ufffd';
      assert.equal(await whole(store, 'r/sft/1/0'), expected);
      const at = expected.indexOf('😀');
      const slice = await store.read('traces/slice', { trace: 'r/sft/1/0', in: 'completion', start: at, end: at + 2 });
      assert.equal(slice.text, '😀');
      assert.equal((await store.read('traces/get', { trace: 'r/sft/1/0' })).replaced, 4);
    }));

  it('follows a text that grows, and its annotations with it', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(
        root,
        { run: 'r', stage: 'grpo', attempt: 1 },
        { stage_config: { markers: ['<fast>'] } },
      );
      const problem = record.problem('What is 2 + 2?', { gold: '4' });
      const trace = record.traceBegin(problem, null, { sample: 0, step: 1 });
      record.traceText(trace, '<think>2 + 2 is 5. ');
      await store.catchUp();
      const first = await store.read('traces/annotations', { trace: 'r/grpo/1/0' });
      assert.equal(
        (await store.read('traces/slice', { trace: 'r/grpo/1/0', in: 'completion', start: 0, end: 100 })).live,
        true,
      );
      record.traceText(trace, 'Wait, let me check that: 2 + 2 = 4.</think><fast>The answer is \\boxed{4}.');
      record.traceEnd(trace, { tokens: 20, finish: 'stop' });
      await store.catchUp();
      const second = await store.read('traces/annotations', { trace: 'r/grpo/1/0' });
      assert.ok(second.length > first.length && second.spans.length > first.spans.length);
      const text = await whole(store, 'r/grpo/1/0');
      const seen = second.spans.map((span) => text.slice(span.start, span.end));
      assert.ok(seen.includes('<fast>'), 'the recipe’s own marker');
      assert.deepEqual(
        second.sections.map(({ kind }) => kind),
        ['reasoning', 'answer'],
      );
      assert.ok(second.steps.length >= 2);
      const detail = await store.read('traces/get', { trace: 'r/grpo/1/0' });
      assert.equal(detail.live, false);
      assert.deepEqual(
        [detail.quick?.value, detail.verdict, detail.answer, detail.verdictBy],
        ['right', 'right', '4', null],
      );
    }));

  it('keeps the quick verdict beside the checker’s', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'grpo', attempt: 1 });
      const verdict = { value: 'wrong', checker: 'math-verify', version: '0.9.0' } as const;
      const trace = writeTrace(record, { facts: { finish: 'stop', verdict } });
      record.event({ type: 'trace_facts', trace, facts: { advantage: 1.5, reward: null } });
      writeTrace(record, { gold: null, problem: 'Without a gold answer' });
      await store.catchUp();
      const detail = await store.read('traces/get', { trace: 'r/grpo/1/0' });
      assert.deepEqual(
        [detail.verdict, detail.verdictBy?.checker, detail.quick?.value],
        ['wrong', 'math-verify', 'right'],
      );
      assert.deepEqual([detail.advantage, detail.facts.reward, detail.facts.finish], [1.5, null, 'stop']);
      assert.equal((await store.read('traces/get', { trace: 'r/grpo/1/1' })).verdict, 'none');
    }));

  it('says which file is gone, and gives what is left of one that was cut', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'sft', attempt: 1 });
      writeTrace(record, { prompt: null, completion: 'x'.repeat(1000) });
      await store.catchUp();
      const part = join(record.folder, 'text', 'part-00001.txt');
      truncateSync(part, 600);
      const cut = await store.read('traces/slice', { trace: 'r/sft/1/0', in: 'completion', start: 0, end: 1000 });
      assert.equal(cut.text, 'x'.repeat(600));
      appendFileSync(part, '');
      rmSync(part);
      await assert.rejects(store.read('traces/slice', { trace: 'r/sft/1/0', in: 'completion', start: 0, end: 10 }), {
        code: 'corrupt',
        message: /part-00001\.txt/,
      });
      await assert.rejects(store.read('traces/annotations', { trace: 'r/sft/1/0' }), { code: 'corrupt' });
    }));
});
