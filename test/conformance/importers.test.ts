/** Real files, as their authors published them, open without a question. Counts were taken from the files by other means. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { inspectImport } from '../../server/importers/inspect.ts';
import { runImport } from '../../server/importers/run.ts';
import { openFile } from '../../server/importers/source.ts';
import type { ImportedTrace } from '../../server/store/trace-store.ts';
import { collect, type Collected } from '../support/collect-import.ts';
import { withStore } from '../support/temporary.ts';
import { needSharedData } from '../shared-data.ts';

interface Expected {
  rows: number;
  traces: number;
  /** Traces with a gold answer. */
  gold: number;
  verdicts?: { right: number; wrong: number };
  prompt?: string;
  completion: string;
  /** The completion of the first trace, by the file's own words. */
  first: (row: Record<string, unknown>) => unknown;
  check?: (traces: ImportedTrace[]) => void;
}

/** The rows of a file by plain means: whole lines, or one JSON text. */
function plainRows(path: string): Record<string, unknown>[] {
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('.jsonl')) return text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
  return JSON.parse(text) as Record<string, unknown>[];
}

const reasoningflow: Expected = {
  rows: 30,
  traces: 30,
  gold: 30,
  prompt: 'question',
  completion: 'response',
  first: (row) => row.response,
  check: (traces) => assert.equal(traces[3]?.problem.sourceId, 'aime2024-3'),
};

const files: [string, string, Expected][] = [
  ['reasoningflow', 'DeepSeek-R1_aime2024_responses.jsonl', reasoningflow],
  ['reasoningflow', 'QwQ-32B_aime2024_responses.jsonl', reasoningflow],
  ['reasoningflow', 'gpt-oss-120b_aime2024_responses.jsonl', reasoningflow],
  [
    'longcot-example',
    'data__jl__results__Math500__exp1_rft.jsonl',
    {
      rows: 500,
      traces: 500,
      // One row has an empty gold.
      gold: 499,
      completion: 'generated_responses',
      first: (row) => (row.generated_responses as string[])[0],
    },
  ],
  [
    'longcot-example',
    'data__limo__training_data__deepseek-r1-distill-qwen-32b.jsonl',
    { rows: 291, traces: 291, gold: 291, completion: 'solution', first: (row) => row.solution },
  ],
  [
    'mip-overthinking',
    'response__gsm8k__normal__deepseekR1__response.json',
    {
      rows: 582,
      traces: 582,
      gold: 582,
      prompt: 'question',
      completion: 'deepseek-reasoner (question)',
      first: (row) => row['deepseek-reasoner (question)'],
      check(traces) {
        assert.equal(traces[0]?.problem.gold, '540');
        assert.equal(traces[0]?.model, 'deepseek-reasoner');
      },
    },
  ],
  [
    'mip-overthinking',
    'response__math__MiP__deepseekR1__response.json',
    {
      rows: 52,
      traces: 52,
      gold: 52,
      prompt: 'insufficient_question',
      completion: 'deepseek-reasoner (insufficient_question)',
      first: (row) => row['deepseek-reasoner (insufficient_question)'],
    },
  ],
  [
    'mip-overthinking',
    'response__math__MiP__QwQ__response.json',
    {
      rows: 52,
      traces: 52,
      gold: 52,
      prompt: 'insufficient_question',
      completion: 'model_answer',
      first: (row) => row.model_answer,
    },
  ],
  [
    'qwen-math-eval',
    'eval_rm_maj_example__math_cot_100.jsonl',
    {
      rows: 100,
      traces: 800,
      gold: 800,
      completion: 'response',
      first: (row) => (row.code as string[])[0],
    },
  ],
  [
    'tora-outputs',
    'tora-70b-v1.0__gsm8k__test_tora_-1_seed0_t0.0_s0_e1319.jsonl',
    { rows: 1319, traces: 1319, gold: 1319, completion: 'code', first: (row) => (row.code as string[])[0] },
  ],
  [
    'r1-math-backtracking',
    'backtracking_dataset_n=200.json',
    { rows: 200, traces: 200, gold: 200, completion: 'generated_cot', first: (row) => row.generated_cot },
  ],
  [
    'evalscope-reviews',
    '20250117_154856__reviews__Qwen2.5-7B-Instruct__gsm8k_main.jsonl',
    {
      rows: 10,
      traces: 10,
      gold: 10,
      verdicts: { right: 8, wrong: 2 },
      prompt: 'raw_input.question',
      completion: 'choices[].message.content',
      first: (row) => (row.choices as { message: { content: string } }[])[0]?.message.content,
      check(traces) {
        assert.deepEqual([traces[0]?.facts.tokens, traces[0]?.facts.tokens_exact], [255, true]);
        assert.equal(traces[0]?.facts.finish, 'stop');
      },
    },
  ],
];

async function open(path: string): Promise<Collected & { completion: string; prompt: string | undefined }> {
  const source = await openFile(path);
  try {
    const inspection = await inspectImport(source, path);
    assert.equal(inspection.needsMapping, false, inspection.notes.join(' '));
    assert.equal(inspection.holds, 'completions');
    const found = await collect(source);
    return { ...found, completion: inspection.mapping?.completion ?? '', prompt: inspection.mapping?.prompt };
  } finally {
    await source.close();
  }
}

describe('real files', () => {
  for (const [folder, name, expected] of files) {
    it(`${folder}/${name} opens without a question`, async function () {
      const path = needSharedData(this, 'traces', folder, name);
      const { result, traces, completion, prompt } = await open(path);
      assert.deepEqual([result.rows, result.traces, result.skipped], [expected.rows, expected.traces, []]);
      assert.equal(completion, expected.completion);
      if (expected.prompt) assert.equal(prompt, expected.prompt);
      assert.equal(traces.filter((trace) => trace.problem.gold !== null).length, expected.gold);
      const rows = plainRows(path);
      assert.equal(rows.length, expected.rows);
      assert.equal(traces[0]?.completion, expected.first(rows[0] ?? {}));
      const by = (value: string): number => traces.filter((trace) => trace.facts.verdict?.value === value).length;
      if (expected.verdicts) assert.deepEqual({ right: by('right'), wrong: by('wrong') }, expected.verdicts);
      expected.check?.(traces);
    });
  }

  it('the flags of a file are verdicts of the file, completion by completion', async function () {
    const path = needSharedData(this, 'traces', 'qwen-math-eval', 'eval_rm_maj_example__math_cot_100.jsonl');
    const { traces } = await open(path);
    const flags = plainRows(path).flatMap((row) => row.score as boolean[]);
    assert.deepEqual(
      traces.map((trace) => trace.facts.verdict),
      flags.map((flag) => ({ value: flag ? 'right' : 'wrong', checker: 'file', version: 'score' })),
    );
    assert.deepEqual(traces.slice(0, 9).map((trace) => trace.sample), [0, 1, 2, 3, 4, 5, 6, 7, 0]); // prettier-ignore
  });

  it('rows inside an object open with what stands around them', async function () {
    const name = 'eval__base_deepseek_r1_distill_15b__base_deepseek_r1_distill_15b_aime2024.json';
    const { traces, result } = await open(needSharedData(this, 'traces', 'xling-grpo-evals', name));
    assert.equal(result.rows, 30);
    assert.deepEqual(
      [traces[4]?.model, traces[4]?.set, traces[4]?.problem.sourceId, traces[4]?.sampling],
      [
        'deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B',
        'aime2024',
        'aime2024-4',
        { temperature: 0, max_tokens: 4096, seed: 42 },
      ],
    );
    assert.equal(new Set(traces.map((trace) => trace.problem.text)).size, 30);
  });

  it('reasoning that is kept apart is put before its answer', async function () {
    const path = needSharedData(
      this,
      'traces',
      'misguided-attention',
      'results_long_eval__output_queries_QwQ-32b.json',
    );
    const { traces } = await open(path);
    const { results } = JSON.parse(readFileSync(path, 'utf8')) as {
      results: { output: string[]; thinking: string[] }[];
    };
    assert.equal(traces.length, results.flatMap((row) => row.output).length);
    assert.equal(traces[1]?.completion, `<think>\n${results[0]?.thinking[1]}\n</think>\n\n${results[0]?.output[1]}`);
  });

  for (const name of ['aime24', 'aime25', 'amc23', 'minerva', 'olympiad'])
    it(`benchmarks__${name}.parquet is known as problems without completions`, async function () {
      const source = await openFile(needSharedData(this, 'traces', 'benchmark-parquet', `benchmarks__${name}.parquet`));
      try {
        const { holds, notes, rows } = await inspectImport(source, source.name);
        assert.equal(holds, 'gold');
        assert.match(notes.join(' '), /has no completions/);
        assert.ok(rows !== null && rows >= 30);
        await assert.rejects(collect(source), { code: 'unreadable', message: /no completions/ });
      } finally {
        await source.close();
      }
    });

  it('the answers of a benchmark are joined to completions that have none', async function () {
    const traces = needSharedData(this, 'traces', 'reasoningflow', 'DeepSeek-R1_aime2024_responses.jsonl');
    const bench = await openFile(needSharedData(this, 'traces', 'benchmark-parquet', 'benchmarks__aime24.parquet'));
    const without = plainRows(traces).map((row) => ({ ...row, correct_answer: undefined }));
    const golds = plainRows(traces).map((row) => String(row.correct_answer));
    const { file } = await import('../support/collect-import.ts');
    try {
      const { traces: joined } = await collect([file(basename(traces), without), bench]);
      const agreed = joined.filter(
        (trace, i) => trace.problem.gold !== null && Number(trace.problem.gold) === Number(golds[i]),
      );
      // The rest are worded otherwise in the two files: only texts that say the same are joined.
      assert.ok(agreed.length >= 20, `${agreed.length} of 30`);
      assert.deepEqual(agreed.length, joined.filter((trace) => trace.problem.gold !== null).length);
    } finally {
      await bench.close();
    }
  });

  it('the same file twice is the same run, and its text can be read from the store', async function () {
    const path = needSharedData(this, 'traces', 'reasoningflow', 'QwQ-32B_aime2024_responses.jsonl');
    await withStore(async (store) => {
      const source = await openFile(path);
      try {
        const first = await runImport([source], {}, store);
        const again = await runImport([source], {}, store);
        assert.deepEqual([first.existed, again.existed, again.run, again.traces], [false, true, first.run, 30]);
        const { rows } = await store.read('traces/page', { filter: { run: first.run }, limit: 100 });
        assert.equal(rows.length, 30);
        const texts = plainRows(path);
        for (const row of rows.slice(0, 3)) {
          const detail = await store.read('traces/get', { trace: row.trace });
          const line = detail.source?.line ?? 0;
          const { text } = await store.read('traces/slice', {
            trace: row.trace,
            in: 'completion',
            start: 0,
            end: row.length,
          });
          assert.equal(text, texts[line - 1]?.response);
          assert.equal(detail.gold, texts[line - 1]?.correct_answer);
          assert.equal(detail.goldOrigin, 'given');
        }
      } finally {
        await source.close();
      }
    });
  });
});
