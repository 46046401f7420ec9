import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FIGURES_VERSION } from '../../../core/metrics/trace-figures.ts';
import { LonghandError } from '../../../core/protocol/errors.ts';
import type { FigureSet } from '../../../core/protocol/figures.ts';
import type { Params, Result } from '../../../core/protocol/methods.ts';
import type { VerdictValue } from '../../../core/protocol/events.ts';
import { attemptFolder, indexPath, tokensPart } from '../../../server/store/paths.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import { makeAttempt, makeRun, writeTrace, type TestTrace } from '../../support/attempt-writer.ts';
import { withStore } from '../../support/temporary.ts';

async function figured(store: TraceStore, params: Params<'metrics/figures'>): Promise<Result<'metrics/figures'>> {
  for (;;) {
    const found = await store.setFigures(params);
    if (found.waiting === 0) return found;
  }
}

/** A completion of 100 units, its answer at the end; `answers` stand before it, every 20 units. */
function completion(answers: readonly string[], last: string): string {
  const said = answers.map((answer) => `The answer is ${answer}.`.padEnd(20)).join('');
  return `${said}${'x '.repeat(50)}`.slice(0, 88) + ` \\boxed{${last}}.`.padEnd(12);
}

const by = (value: VerdictValue) => ({ value, checker: 'math-verify', version: '1' });

function trace(problem: string, text: string, verdict: VerdictValue, rest: TestTrace = {}): TestTrace {
  const facts = { tokens: 100, tokens_exact: true, finish: 'stop' as const, verdict: by(verdict), answer: null };
  return { problem, completion: text, gold: '4', ...rest, facts: { ...facts, ...rest.facts } };
}

async function one(store: TraceStore, run: string, more: Partial<Params<'metrics/figures'>> = {}): Promise<FigureSet> {
  const { sets } = await figured(store, { of: { run }, ...more });
  assert.equal(sets.length, 1);
  return sets[0]!;
}

describe('store: figures', () => {
  it('has every figure of an evaluation, and they are what the traces say', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 }, { kind: 'evaluate' });
      const where = { step: 0, set: 'aime' };
      // Right at once; right, then wrong, then right; right on the way and wrong in the end; wrong and cut.
      writeTrace(record, trace('p', completion([], '4'), 'right', where));
      writeTrace(record, trace('p', completion(['4', '5'], '4'), 'right', { ...where, sample: 1 }));
      writeTrace(record, trace('q', completion(['4'], '7'), 'wrong', where));
      writeTrace(
        record,
        trace('q', completion([], '9'), 'wrong', { ...where, sample: 1, facts: { finish: 'length' } }),
      );
      await store.catchUp();
      const { figures: found, controlled } = await one(store, 'r', { budgets: [40, 100], ks: [1, 2, 3] });
      const mean = (figure: { mean: number } | null) => figure && Math.round(figure.mean * 1e4) / 1e4;
      assert.deepEqual([found?.completions, found?.problems, found?.graded, found?.marks], [4, 2, 4, []]);
      assert.equal(mean(found!.accuracy), 0.5);
      assert.deepEqual(found!.pass.map(({ k, value, refused }) => [k, mean(value), refused]), [
        [1, 0.5, null],
        [2, 0.5, null],
        [3, null, 'pass@3 needs 3 samples of each problem; every problem has fewer, the least 2'],
      ]); // prettier-ignore
      const [at40, at100] = found!.budgets;
      assert.deepEqual([mean(at40!.accuracy), mean(at100!.accuracy)], [0, 0.5]);
      // By 40 tokens: nothing of the first, the wrong 5 of the second, the right 4 of the third, nothing of the last.
      assert.deepEqual([mean(at40!.forced), mean(at100!.forced)], [0.25, 0.5]);
      assert.deepEqual([mean(at40!.box), mean(at100!.box)], [0, 1]);
      assert.deepEqual([mean(at100!.answers), mean(at100!.finished)], [1.5, 0.75]);
      const { reached, tokens, after, wasted } = found!.firstCorrect;
      const ends = [completion([], '4').indexOf('4') + 1, 'The answer is 4'.length, 'The answer is 4'.length];
      assert.equal(mean(reached), 0.75);
      assert.equal(mean(tokens), Math.round(((ends[0]! + ends[1]!) / 2 + ends[2]!) * 5e3) / 1e4);
      assert.equal(mean(after), Math.round((100 - ((ends[0]! + ends[1]!) / 2 + ends[2]!) / 2) * 1e4) / 1e4);
      assert.equal(mean(wasted), Math.round((1e4 * (300 - ends[0]! - ends[1]! - ends[2]!)) / 300) / 1e4);
      assert.deepEqual([mean(found!.flips.wrongToRight), mean(found!.flips.rightToWrong)], [0.25, 0.5]);
      assert.equal(mean(found!.efficiency.underthinking), Math.round((1e4 * (1 - ends[2]! / 100)) / 2) / 1e4);
      assert.deepEqual([found!.tokens.all?.mean, mean(found!.tokens.finishedShare)], [100, 0.75]);
      assert.equal(controlled, null, 'behaviours were not counted');
      await store.behaviours({ of: { run: 'r' } });
      assert.ok((await one(store, 'r')).controlled, 'now they are');
    }));

  it('has no accuracy without a gold, and says so', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'import', attempt: 1 }, { kind: 'import' });
      const facts = { tokens: 25, tokens_exact: false };
      writeTrace(record, { problem: 'p', gold: null, completion: completion([], '4'), facts });
      await store.catchUp();
      const { figures } = await one(store, 'r');
      assert.deepEqual([figures?.accuracy, figures?.pass, figures?.budgets[0]?.accuracy, figures?.firstCorrect.reached], [null, [], null, null]); // prettier-ignore
      assert.deepEqual(figures?.marks, [
        'no gold answer: there is no accuracy',
        'all token counts are estimates',
        'all ends were not recorded and count as finished',
      ]);
      assert.equal(figures?.budgets[0]?.box?.mean, 1);
    }));

  it('reads an empty text, and says which texts are gone', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 }, { kind: 'evaluate' });
      writeTrace(record, trace('p', '', 'wrong', { facts: { tokens: 0 }, prompt: null }));
      await store.catchUp();
      const { figures, unreadable } = await one(store, 'r');
      assert.deepEqual([figures?.completions, unreadable, figures?.accuracy?.mean], [1, 0, 0]);
      assert.deepEqual(
        [figures?.firstCorrect.wasted, figures?.efficiency.outcome, figures?.loops.lost],
        [null, null, null],
      );
      writeTrace(record, trace('q', completion([], '4'), 'right'));
      await store.catchUp();
      rmSync(join(attemptFolder(root, { run: 'r', stage: 'eval', attempt: 1 }), 'text'), { recursive: true });
      const gone = await one(store, 'r');
      assert.deepEqual([gone.unreadable, gone.figures?.completions, gone.figures?.accuracy?.mean], [1, 2, 0.5]);
      await assert.rejects(store.traceFigures({ trace: 'r/eval/1/1' }), { code: 'corrupt' });
    }));

  it('gives the path of one trace with tokens, and reads it again when its verdict has changed', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 }, { kind: 'evaluate' });
      const text = completion(['4'], '4');
      const answer = { text: '4', start: text.lastIndexOf('4'), end: text.lastIndexOf('4') + 1, rule: 'boxed' };
      const number = writeTrace(record, trace('p', text, 'right', { facts: { answer } }));
      await store.catchUp();
      const found = await store.traceFigures({ trace: 'r/eval/1/0' });
      assert.deepEqual(
        [found.version, found.first, found.tokensExact, found.placesExact],
        [FIGURES_VERSION, 0, true, false],
      );
      assert.deepEqual(found.answers.map(({ value, tokens }) => [value, tokens]), [['right', 15], ['right', answer.end]]); // prettier-ignore
      record.event({ type: 'trace_facts', trace: number, facts: { verdict: by('wrong') } });
      await store.catchUp();
      const again = await store.traceFigures({ trace: 'r/eval/1/0' });
      assert.deepEqual([again.first, again.answers.map(({ value }) => value)], [null, ['wrong', 'wrong']]);
      await assert.rejects(store.traceFigures({ trace: 'r/eval/1/9' }), { code: 'not_found' });
    }));

  it('has exact places where token ids and the vocabulary are there', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const key = { run: 'r', stage: 'eval', attempt: 1 };
      const record = makeAttempt(root, key, { kind: 'evaluate' });
      const model = join(import.meta.dirname, '../../../server/engine/longhand_engine/tiny/base');
      const { model: bpe, added_tokens: added } = JSON.parse(readFileSync(join(model, 'tokenizer.json'), 'utf8')) as {
        model: { vocab: Record<string, number> };
        added_tokens: { id: number; content: string }[];
      };
      const end = added.find(({ content }) => content === '<|im_end|>')!;
      const said = 'The answer is 4. So \\boxed{4}.';
      // A sign a token, and the end's token.
      const ids = said.split('').map((sign) => bpe.vocab[sign === ' ' ? 'Ġ' : sign]!);
      mkdirSync(join(attemptFolder(root, key), 'tokens'), { recursive: true });
      writeFileSync(tokensPart(attemptFolder(root, key), 1), Buffer.from(Uint32Array.from([...ids, end.id]).buffer));
      const begin = (text: string, length: number): void => {
        const number = record.traceBegin(record.problem('What is 2 + 2?', { gold: '4' }), null, { sample: 0, model });
        record.traceText(number, text + end.content);
        const facts = { tokens: 31, tokens_exact: true, finish: 'stop' as const, verdict: by('right') };
        record.event({ type: 'trace_end', trace: number, facts, token_ids: { part: 1, offset: 0, length }, tail: 10 });
      };
      begin(said, 4 * (ids.length + 1));
      begin(`${said} And more.`, 4 * (ids.length + 1));
      await store.catchUp();
      const found = await store.traceFigures({ trace: 'r/eval/1/0' });
      assert.deepEqual([found.placesExact, found.units], [true, said.length]);
      assert.deepEqual(found.answers.map(({ tokens }) => tokens), [said.indexOf('4') + 1, said.lastIndexOf('4') + 1]); // prettier-ignore
      // Ids that do not spell the text say nothing.
      assert.equal((await store.traceFigures({ trace: 'r/eval/1/1' })).placesExact, false);
      assert.equal((await one(store, 'r')).figures?.placesExact?.mean, 0.5);
    }));

  it('answers other questions while it reads', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 }, { kind: 'evaluate' });
      const long = `${'Let me compute 12 + 30 = 42, and check it once more in another way. '.repeat(400)}\\boxed{4}`;
      for (let i = 0; i < 200; i += 1) writeTrace(record, trace(`p ${i}`, `${i} ${long}`, 'right'));
      await store.catchUp();
      const work = figured(store, { of: { run: 'r' } });
      let worst = 0;
      let asked = 0;
      const state = { over: false };
      void work.then(() => (state.over = true));
      while (!state.over) {
        const began = performance.now();
        await store.read('traces/get', { trace: 'r/eval/1/0' });
        worst = Math.max(worst, performance.now() - began);
        asked += 1;
      }
      const { sets } = await work;
      assert.equal(sets[0]?.figures?.loops.completions?.mean, 1);
      // A slice is 15 ms; how long a question waits beside it depends on what else the machine does.
      assert.ok(asked > 10 && worst < 3000, `${asked} questions, the slowest took ${worst.toFixed(0)} ms`);
    }));

  it('keeps nothing of a run that was deleted while its texts were read: the next run may get its row ids', () =>
    withStore(async (store, root) => {
      makeRun(root, 'r');
      const record = makeAttempt(root, { run: 'r', stage: 'eval', attempt: 1 }, { kind: 'evaluate' });
      const long = Array.from({ length: 20_000 }, (_, i) => `It is ${i} and so on. `).join('');
      for (const sample of [0, 1, 2]) writeTrace(record, trace('p', long, 'wrong', { step: 0, set: 'aime', sample }));
      record.close();
      await store.catchUp();
      // Each has begun when the run goes.
      const asked = [
        store.setFigures({ of: { run: 'r' } }),
        store.traceFigures({ trace: 'r/eval/1/1' }),
        store.behaviours({ of: { run: 'r' } }),
        store.audit('audit/queue', { filter: { run: 'r' } }),
      ];
      const deleted = store.deleteRun('r');
      for (const settled of await Promise.allSettled(asked))
        if (settled.status === 'rejected')
          assert.ok(LonghandError.is(settled.reason, 'not_found'), String(settled.reason));
      await deleted;
      const index = new DatabaseSync(indexPath(root), { readOnly: true });
      for (const table of ['figures', 'behaviours', 'audits'])
        assert.equal(index.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'], 0, table);
      index.close();
    }));
});
