/**
 * Our GRPO worker against bare TRL: CPU time of the whole process, interleaved pairs, the same arguments, rows and reward
 * functions. The figure is the median ratio; its interval is a bootstrap over the pairs.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Figure } from './run.ts';

const PAIRS = 9;
const STEPS = 12;
const PROBLEMS = 64;

export async function bench(): Promise<Figure[]> {
  const python = process.env.LONGHAND_PYTHON;
  if (!python) throw new Error('LONGHAND_PYTHON is not set: run this through `npm run bench -- overhead`.');
  const folder = mkdtempSync(join(tmpdir(), 'longhand-overhead-'));
  const engine = resolve(import.meta.dirname, '..', '..', 'server', 'engine');
  const env: NodeJS.ProcessEnv = { ...process.env, PYTHONPATH: engine, OMP_NUM_THREADS: '1', HF_HUB_OFFLINE: '1' };
  delete env.PYTHONDONTWRITEBYTECODE;
  const rows = join(folder, 'rows.jsonl');
  writeFileSync(rows, problems());
  const cpuSeconds = (side: 'ours' | 'bare', n: number): number => {
    const script = join(import.meta.dirname, 'trl_pair.py');
    const output = execFileSync(python, [script, side, join(folder, `${side}-${n}`), rows, String(STEPS)], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return (JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as { cpu_s: number }).cpu_s;
  };
  try {
    cpuSeconds('bare', 0); // fills the byte-code and page caches
    const ratios: number[] = [];
    for (let n = 1; n <= PAIRS; n++) {
      // The order changes from pair to pair, so that neither side is always second.
      const first = n % 2 ? 'ours' : 'bare';
      const one = cpuSeconds(first, n);
      const other = cpuSeconds(first === 'ours' ? 'bare' : 'ours', n);
      ratios.push(first === 'ours' ? one / other : other / one);
    }
    const [low, high] = medianInterval(ratios);
    return [
      {
        name: 'overhead.cpu_ratio',
        value: round(median(ratios)),
        unit: 'ratio',
        target: '<=1.03',
        peer: 'bare TRL = 1',
      },
      { name: 'overhead.cpu_ratio.low95', value: round(low), unit: 'ratio', target: null },
      { name: 'overhead.cpu_ratio.high95', value: round(high), unit: 'ratio', target: null },
      { name: 'overhead.pairs', value: ratios.length, unit: 'pairs', target: '>=9' },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sums modulo 7 in the base model's own words; what matters here is only that both sides get the same. */
function problems(): string {
  const words = ['First', 'Second', 'Third'];
  const lines = [];
  for (let i = 0; i < PROBLEMS; i++) {
    const start = i % 7;
    const terms = words.map((_, k) => 1 + ((i * (k + 2) + k) % 6));
    const steps = terms.map((term, k) => ` ${words[k]}, add \\(${term}\\).`).join('');
    const problem = `Start with \\(${start}\\).${steps} What is the result modulo \\(7\\)?`;
    const answer = String(terms.reduce((sum, term) => (sum + term) % 7, start));
    lines.push(
      JSON.stringify({ prompt: [{ role: 'user', content: problem }], problem, answer, problem_id: String(i) }),
    );
  }
  return `${lines.join('\n')}\n`;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function medianInterval(values: number[]): [number, number] {
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const medians = Array.from({ length: 2000 }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)] ?? 0)),
  );
  medians.sort((a, b) => a - b);
  return [medians[50] ?? 0, medians[1949] ?? 0];
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
