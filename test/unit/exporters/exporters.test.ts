import assert from 'node:assert/strict';
import type { Backend } from '../../../core/protocol/client.ts';
import { csv } from '../../../server/exporters/csv.ts';
import { jsonl } from '../../../server/exporters/jsonl.ts';
import { exportRows, type ExportRow } from '../../../server/exporters/rows.ts';
import { inspectImport } from '../../../server/importers/inspect.ts';
import { runImport } from '../../../server/importers/run.ts';
import type { StoreMethod, TraceStore } from '../../../server/store/trace-store.ts';
import { collect, file } from '../../support/collect-import.ts';
import { withStore } from '../../support/temporary.ts';

/** Answers the calls that an export makes from a store in this process. */
function backendOf(store: TraceStore): Pick<Backend, 'call'> {
  const call = (method: string, params: unknown): Promise<unknown> =>
    store.read(method as StoreMethod, params as never);
  return { call: call as Backend['call'] };
}

async function exported(store: TraceStore, run: string): Promise<ExportRow[]> {
  const rows: ExportRow[] = [];
  for await (const row of exportRows(backendOf(store), run)) rows.push(row);
  return rows;
}

const long = `<think>\nWait, "so", 漢 😀 ${'α and β. '.repeat(60_000)}</think>\n\\boxed{2}`;
const content = [
  { question: 'What is 1+1?', generations: [long, 'No.'], answer: '2', answers_correctness: [true, false], completion_tokens: [9, 3], finish_reasons: ['stop', 'length'], model: 'm', temperature: 0.6 },
  { question: 'What is 2+2?', generations: ['=4', ''], answer: '4', answers_correctness: [true, null], completion_tokens: [2, 0], finish_reasons: ['stop', null], model: 'm', temperature: 0.6 },
]; // prettier-ignore

describe('exporting a run', () => {
  it('gives each trace with its whole text and facts, and what is written can be imported again', async () => {
    await withStore(async (store) => {
      const { run } = await runImport([file('a.jsonl', content)], {}, store);
      const rows = await exported(store, run);
      assert.deepEqual(rows.map((row) => row.completion), content.flatMap((row) => row.generations)); // prettier-ignore
      const [first] = rows;
      assert.deepEqual(
        [first?.prompt, first?.gold, first?.correct, first?.checker, first?.n_tokens, first?.n_tokens_exact],
        ['What is 1+1?', '2', true, 'file answers_correctness', 9, true],
      );
      assert.deepEqual([first?.finish_reason, first?.model, first?.sampling], ['stop', 'm', { temperature: 0.6 }]);

      const text = rows.map((row) => jsonl.row(row)).join('');
      const inspection = await inspectImport(file('out.jsonl', text), 'out.jsonl');
      assert.equal(inspection.needsMapping, false, inspection.notes.join(' '));
      const { traces } = await collect(file('out.jsonl', text));
      assert.deepEqual(
        traces.map(({ completion, problem, sample, facts }) => [
          completion,
          problem.text,
          problem.gold,
          sample,
          facts.tokens,
          facts.finish,
        ]),
        rows.map((row) => [
          row.completion,
          row.problem,
          row.gold,
          row.sample_index,
          row.n_tokens,
          row.finish_reason ?? undefined,
        ]),
      );
      assert.equal(traces[1]?.facts.verdict?.value, 'wrong');
      assert.equal(traces[0]?.facts.tokens_exact, true);
    });
  });

  it('writes CSV that a spreadsheet neither breaks nor runs', async () => {
    const row = { trace_id: 'r/s/1/0', gold: '-2.5', answer: '=cmd()', checker: 'a, "b"', completion: 'one\ntwo', rewards: { format: 1 }, sample_index: -1, correct: null } as unknown as ExportRow; // prettier-ignore
    const names = csv.head.trim().split(',');
    const line = csv.row({
      ...(Object.fromEntries(names.map((name) => [name, null])) as unknown as ExportRow),
      ...row,
    });
    assert.ok(line.startsWith('r/s/1/0,'));
    assert.ok(line.endsWith(',"one\ntwo"\r\n'));
    assert.ok(line.includes(',-2.5,\'=cmd(),,"a, ""b""",'));
    assert.ok(line.includes(',-1,'));
    assert.ok(line.includes('"{""format"":1}"'));
  });
});
