/**
 * The figures that real files report about themselves, through our own path: import → index → figures. Where ours differ, the test says
 * by how much and why; docs/metrics.md has the table.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { meanAndDeviation, groupAdvantages } from '../../core/metrics/advantages.ts';
import { bootstrapMean } from '../../core/metrics/bootstrap.ts';
import { assignProblems } from '../support/benchmark-gold.ts';
import { file } from '../support/collect-import.ts';
import { rowsOf, withFigures } from '../support/imported-figures.ts';
import { needSharedData } from '../shared-data.ts';

const near = (a: number | null | undefined, b: number, by = 1e-9) =>
  assert.ok(a != null && Math.abs(a - b) <= by, `${a} is not ${b} ± ${by}`);
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what a file holds is said where it is read
const json = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const lines = <T>(path: string): T[] => readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as T); // prettier-ignore
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('figures that files report about themselves', () => {
  it('evalscope: the score of the report is the pass@1 of its reviews', async function () {
    const reviews = needSharedData(this, 'traces', 'evalscope-reviews', '20250117_154856__reviews__Qwen2.5-7B-Instruct__gsm8k_main.jsonl'); // prettier-ignore
    const report = json<{ score: number; metrics: { num: number }[] }>(
      needSharedData(this, 'traces', 'evalscope-reviews', '20250117_154856__reports__Qwen2.5-7B-Instruct__gsm8k.json'),
    );
    await withFigures([reviews], ({ sets }) => {
      const [found] = sets;
      near(found?.figures?.accuracy?.mean, report.score);
      assert.equal(found?.figures?.problems, report.metrics[0]?.num);
      assert.equal(found?.set, 'main');
      assert.deepEqual(found?.figures?.marks, []);
      const used = lines<{ usage: { completion_tokens: number } }>(reviews).map((row) => row.usage.completion_tokens);
      near(found?.figures?.tokens.all?.mean, sum(used) / used.length);
    });
  });

  it('qwen-math-eval: pass@1 over all eight, and the first one’s, which we take its `acc` to be', async function () {
    const path = needSharedData(this, 'traces', 'qwen-math-eval', 'eval_rm_maj_example__math_cot_100.jsonl');
    const rows = lines<{ score: boolean[]; pred: string[] }>(path);
    const right = rows.map(({ score }) => score.filter(Boolean).length);
    await withFigures([path], ({ sets }) => {
      const found = sets[0]!.figures!;
      near(found.accuracy?.mean, sum(right) / 800);
      near(found.pass.at(-1)?.value?.mean, right.filter((c) => c > 0).length / 100);
      assert.equal(found.pass.at(-1)?.k, 8);
      // That the harness's one `acc` is the first sample's (`score[0]`) is our assumption: 90.0 here, where the mean over all samples is 91.0.
      near(sum(rows.map(({ score }) => (score[0] ? 1 : 0))) / 100, 0.9);
      near(sum(right) / 800, 0.91);
      // rm_maj of the harness takes the first of the most frequent `pred`; ours votes with what it extracts and shares ties.
      const votes = rows.map(({ score, pred }) => {
        const counts = new Map<string, number>();
        for (const one of pred) counts.set(one, (counts.get(one) ?? 0) + 1);
        const [most] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
        return score[pred.indexOf(most)] ? 1 : 0;
      });
      near(sum(votes) / 100, 0.93);
      near(found.majority.at(-1)?.value?.mean, 0.93, 0.0051);
    });
  });

  it('longcot-example: answers_correctness', async function () {
    const path = needSharedData(this, 'traces', 'longcot-example', 'data__jl__results__Math500__exp1_rft.jsonl');
    const rows = lines<{ answers_correctness: boolean[] }>(path);
    await withFigures([path], ({ sets }) => {
      near(
        sets[0]?.figures?.accuracy?.mean,
        sum(rows.map((row) => (row.answers_correctness[0] ? 1 : 0))) / rows.length,
      );
      assert.equal(sets[0]?.figures?.graded, 500);
    });
  });

  it('reasoning-gym: the mean score', async function () {
    for (const [name, whole] of [
      ['easy__openai_o3-mini_20250315_181742__algebra__simple_integration.json', true],
      ['hard__deepseek_deepseek-r1_20250408_155914__algorithmic__game_of_life.json', false],
    ] as const) {
      const path = needSharedData(this, 'traces', 'reasoning-gym-eval', name);
      const said = json<{ average_mean_score: number; average_best_score: number; total_examples: number }>(path);
      await withFigures([path], ({ sets }) => {
        const found = sets[0]!.figures!;
        assert.equal(found.problems, said.total_examples);
        // Scores that are all 0 or 1 are verdicts; with fractions among them they are rewards, and right or wrong is another question.
        if (whole) {
          near(found.accuracy?.mean, said.average_mean_score);
          near(found.pass.at(-1)?.value?.mean, said.average_best_score);
        } else near(found.reward?.mean, said.average_mean_score);
      });
    }
  });

  it('r1-math-backtracking: is_correct', async function () {
    const path = needSharedData(this, 'traces', 'r1-math-backtracking', 'backtracking_dataset_n=200.json');
    const rows = json<{ is_correct: boolean }[]>(path);
    await withFigures([path], ({ sets }) => near(sets[0]?.figures?.accuracy?.mean, rows.filter((row) => row.is_correct).length / 200)); // prettier-ignore
  });

  it('tora: answers against the gold of the file', async function () {
    const path = needSharedData(this, 'traces', 'tora-outputs', 'tora-70b-v1.0__gsm8k__test_tora_-1_seed0_t0.0_s0_e1319.jsonl'); // prettier-ignore
    const rows = lines<{ pred: string[]; gt: string }>(path);
    const number = (text: string) => Number(text.replaceAll(',', ''));
    const equal = rows.filter(({ pred, gt }) => Math.abs(number(pred[0] ?? '') - number(gt)) < 1e-3).length;
    near(equal / rows.length, 0.843, 0.0005);
    await withFigures([path], ({ sets }) => {
      // No verdict is in the file: ours is the quick check of the answer in the text; `pred` is what the program printed.
      near(sets[0]?.figures?.accuracy?.mean, equal / rows.length, 0.01);
    });
  });
});

/** `33.0` as `33`: the benchmark's file has numbers. */
const plainNumber = (text: string) => text.replace(/\.0$/, '').replace(/^0+(?=\d)/, '');

interface Dump {
  pass_at_1: number;
  avg_response_tokens: number;
  responses: string[];
}
/** What the dumps' pass@1 turns out to be made of: the last box, or else the last number of the whole text, compared as texts. */
function byLastNumber(text: string, gold: string): boolean {
  const at = text.lastIndexOf('\\boxed{');
  let found = text.match(/-?\d+(?:\.\d+)?/g)?.at(-1);
  if (at >= 0) {
    let end = at + 7;
    for (let depth = 1; end < text.length && depth > 0; end += 1) {
      if (text[end] === '{') depth += 1;
      else if (text[end] === '}') depth -= 1;
    }
    found = text.slice(at + 7, end - 1);
  }
  return found !== undefined && found.replaceAll(' ', '').replace(/^[$.]+|[$.]+$/g, '') === gold.replaceAll(' ', '');
}

const runs = ['base_deepseek_r1_distill_15b', 'reproduce_openrs_rs2_42_step50_v2'] as const;

describe('xling: pass@1 and mean tokens, joined with the gold of benchmarks', () => {
  /** Each run's `pass_at_1` against ours, with the gold in the order of the responses. */
  async function compare(
    test: Mocha.Context,
    name: string,
    problems: readonly { problem: string; answer: string }[],
    expected: readonly { reported: number; ours: number; by?: number; rule?: number }[],
  ): Promise<void> {
    for (const [i, run] of runs.entries()) {
      const path = needSharedData(test, 'traces', 'xling-grpo-evals', `eval__${run}__${run}_${name}.json`);
      const dump = json<Dump>(path);
      const gold = problems.map((one, k) => ({ question_id: `${name}-${k}`, ...one }));
      await withFigures([path, file(`${name}.jsonl`, gold)], async ({ result, sets, store }) => {
        const found = sets[0]!.figures!;
        assert.match(result.notes.join(' '), new RegExp(`joined to ${gold.length} traces`));
        const { reported, ours, by = 1e-9, rule = 1e-9 } = expected[i]!;
        near(dump.pass_at_1, reported, 1e-12);
        near(found.accuracy?.mean, ours, by);
          const counted = dump.responses.filter((text, k) => byLastNumber(text, plainNumber(problems[k]!.answer))).length;
          near(counted / dump.responses.length, reported, rule);
        // `avg_response_tokens` counts words between white space. Ours, estimated from the characters, are half as many again.
        const { rows } = await store.read('traces/page', { filter: { run: result.run }, limit: 1000 });
        const words: number[] = [];
        for (const row of rows) {
          const { text } = await store.read('traces/slice', { trace: row.trace, in: 'completion', start: 0, end: row.length }); // prettier-ignore
          words.push(text.split(/\s+/).filter(Boolean).length);
        }
        near(sum(words) / words.length, dump.avg_response_tokens, 1e-6);
        assert.ok(found.estimated === found.completions);
        // One response a problem is in the file: what it calls maj@8 or maj@4 cannot be made of it.
        assert.match(found.majority.find(({ k }) => k === 8)?.refused ?? '', /every problem has fewer, the least 1/);
      }, { ks: [1, 8] }); // prettier-ignore
    }
  }

  /** The responses of both runs, and the benchmark's problems. */
  async function read(test: Mocha.Context, name: string, parquet: string) {
    const files = runs.map((run) => json<Dump>(needSharedData(test, 'traces', 'xling-grpo-evals', `eval__${run}__${run}_${name}.json`)).responses); // prettier-ignore
    const rows = await rowsOf(needSharedData(test, 'traces', 'benchmark-parquet', parquet));
    const problems = rows.map((row) => {
      const { content } = (row.prompt as { content: string }[])[0]!;
      const answer = String((row.reward_model as { ground_truth: unknown }).ground_truth);
      return { problem: content.split(" Let's think step by step")[0]!, answer };
    });
    return { problems, places: assignProblems(problems.map(({ problem }) => problem), files) }; // prettier-ignore
  }

  it('AIME 2024', async function () {
    this.timeout(60_000);
    const { problems, places } = await read(this, 'aime2024', 'benchmarks__aime24.parquet');
    assert.equal(new Set(places.map(({ problem }) => problem)).size, 30);
    await compare(this, 'aime2024', places.map(({ problem }) => problems[problem]!), [
{ reported: 5 / 30, ours: 5 / 30 },
      { reported: 4 / 30, ours: 4 / 30 },
    ]); // prettier-ignore
  });

  it('AMC 2023', async function () {
    this.timeout(60_000);
    const { problems, places } = await read(this, 'amc23', 'benchmarks__amc23.parquet');
    // The benchmark's file has 43 problems of other years first, then these 40 in the same order.
    assert.ok(places.filter(({ problem }, i) => problem === 43 + i).length >= 39);
    await compare(this, 'amc23', problems.slice(43), [
{ reported: 18 / 40, ours: 18 / 40 },
      // One says "the answer is $50" and goes on to other numbers; Math-Verify has 15 as well.
      { reported: 14 / 40, ours: 15 / 40 },
    ]); // prettier-ignore
  });

  it('MATH-500', async function () {
    this.timeout(120_000);
    const rows = lines<{ question: string; gold_answer: string }>(
      needSharedData(this, 'traces', 'longcot-example', 'data__jl__results__Math500__exp1_rft.jsonl'),
    );
    const problems = rows.map((row) => ({ problem: row.question, answer: row.gold_answer || '–' }));
    await compare(this, 'math500', problems, [
// Texts that differ and mean the same (`\\frac{1}{2}` and `1/2`) are right for us, as for Math-Verify 0.9, which has 313 and 336.
      { reported: 270 / 500, ours: 319 / 500, by: 0.02, rule: 0.015 },
      { reported: 262 / 500, ours: 322 / 500, by: 0.03, rule: 0.015 },
    ]); // prettier-ignore
  });

  it('the table of all runs says what the dumps say', function () {
    const [head = '', ...rest] = readFileSync(needSharedData(this, 'logs', 'xling-grpo', 'master.csv'), 'utf8').trim().split('\n'); // prettier-ignore
    const columns = head.split(',');
    const table = rest.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [columns[i], cell])));
    for (const run of runs)
      for (const name of ['aime2024', 'amc23', 'math500']) {
        const path = needSharedData(this, 'traces', 'xling-grpo-evals', `eval__${run}__${run}_${name}.json`);
        const row = table.find((one) => one.run_id === run && one.benchmark === name);
        const dump = json<Dump>(path);
        near(Number(row?.pass_at_1), dump.pass_at_1, 1e-12);
        near(Number(row?.avg_tokens), dump.avg_response_tokens, 1e-9);
      }
  });
});

describe('figures that training logs report', () => {
  it('advantages of binary rewards in groups of eight have the deviation that was logged', function () {
    for (const name of ['ch07__02_logs__7_3_plus_tracking_metrics.csv', 'ch07__02_logs__7_5_plus_kl_metrics.csv']) {
      const [head = '', ...rest] = readFileSync(needSharedData(this, 'logs', 'rasbt-grpo', name), 'utf8').trim().split('\n'); // prettier-ignore
      const columns = head.split(',');
      const at = (line: string, column: string) => Number(line.split(',')[columns.indexOf(column)]);
      let compared = 0;
      for (const line of rest) {
        const right = Math.round(8 * at(line, 'reward_avg'));
        const rewards = Array.from({ length: 8 }, (_, i) => (i < right ? 1 : 0));
        const advantages = groupAdvantages(rewards, 'group');
        near(at(line, 'adv_avg'), sum(advantages) / 8, 1e-6);
        near(at(line, 'adv_std'), meanAndDeviation(advantages).deviation, 2e-6);
        compared += 1;
      }
      assert.ok(compared >= 100, `${basename(name)}: ${compared} steps`);
    }
  });

  it('the reward is the sum of its parts', function () {
    const path = needSharedData(this, 'logs', 'xling-grpo', 'grpo__reproduce_openrs_rs2_42__checkpoint-50__trainer_state.json'); // prettier-ignore
    const { log_history: history } = json<{ log_history: Record<string, number>[] }>(path);
    const logged = history.filter((one) => 'reward' in one);
    assert.ok(logged.length > 0);
    for (const one of logged) {
      const parts = Object.entries(one).filter(([key]) => /^rewards\/[^/]+$/.test(key));
      near(one.reward, sum(parts.map(([, value]) => value)), 1e-6);
    }
  });

  it('the standard errors of lighteval are those of a mean; ours are of a bootstrap, and as wide', function () {
    const log = readFileSync(needSharedData(this, 'logs', 'open-rs', 'logs__logs.txt'), 'utf8');
    const sizes: Record<string, number> = { aime24: 30, math_500: 500, amc23: 40 };
    let compared = 0;
    for (const [, set = '', value, error] of log.matchAll(
      /custom:(\w+):0\|\s*\d+\|extractive_match\|\s*([\d.]+)\|±\s*\|\s*([\d.]+)\|/g,
    )) {
      const n = sizes[set];
      if (n === undefined) continue;
      const p = Math.round(Number(value) * n) / n;
      near(Math.sqrt((p * (1 - p)) / (n - 1)), Number(error), 6e-5);
      const { low, high } = bootstrapMean(Array.from({ length: n }, (_, i) => [i < p * n - 0.5 ? 1 : 0]));
      near((high - low) / (2 * 1.96), Number(error), 0.12 * Number(error));
      compared += 1;
    }
    assert.ok(compared >= 10, `${compared} results`);
  });
});
