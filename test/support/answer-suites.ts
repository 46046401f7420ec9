/** The answer pairs of other graders' own tests, as far as the shared data has them, and what checkers say of them. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractAnswer } from '../../core/answers/extract.ts';
import { quickCheck, type QuickVerdict } from '../../core/answers/quick-check.ts';

export interface Pair {
  suite: string;
  gold: string;
  pred: string;
  expected: boolean;
}

export function readPairs(folder: string): Pair[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as Pair);
}

/** The quick check's word, as `longhand grade` has it: the answer is found first. */
export function quickWord({ gold, pred }: { gold: string; pred: string }): QuickVerdict {
  return quickCheck(gold, extractAnswer(pred)?.text ?? '');
}

/** Math-Verify's word on each pair, by the engine's checker: true, false, or null where it is undecided. */
export function checkerWords(python: string, pairs: readonly { gold: string; pred: string }[]): (boolean | null)[] {
  const { stdout, stderr } = spawnSync(python, ['-m', 'longhand_engine.checker.grade'], {
    cwd: join(import.meta.dirname, '..', '..', 'server', 'engine'),
    input: pairs.map(({ gold, pred }, id) => JSON.stringify({ id, gold, pred })).join('\n'),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const lines = stdout.trim().split('\n');
  if (lines.length !== pairs.length) throw new Error(`the checker ended early: ${stderr.slice(-500)}`);
  return lines.map((line) => (JSON.parse(line) as { verdict: boolean | null }).verdict);
}
