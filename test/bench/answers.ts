/** How fast the quick check and the checker's pool are, and how often they agree with each other and with other graders' own tests. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { candidates } from '../../core/answers/extract.ts';
import { quickCheck } from '../../core/answers/quick-check.ts';
import { sharedData } from '../shared-data.ts';
import { checkerWords, quickWord, readPairs, type Pair } from '../support/answer-suites.ts';
import { engineFigures } from '../support/engine-bench.ts';
import type { Figure } from './run.ts';

const SECONDS = 1.5;
/** Pairs of the kinds that occur most, for where the suites are not on this machine. */
const COMMON = [
  ['809', '809'],
  ['1/2', '0.5'],
  [String.raw`\frac{3\sqrt{5}}{7}`, '(3*sqrt(5))/7'],
  ['(3, \\frac{\\pi}{2})', '(3,\\pi/2)'],
  ['x^2+2x+1', '(x+1)^2'],
] as const;

export async function bench(): Promise<Figure[]> {
  const folder = sharedData('answers');
  const pairs = folder === null ? COMMON.map(([gold, pred]) => ({ gold, pred })) : readPairs(folder);
  const figures: Figure[] = [
    { name: 'answers: quick check', value: rate(pairs), unit: 'pairs/s', target: '>=5000' },
    { name: 'answers: candidates', value: extractionSpeed(), unit: 'MB/s', target: null },
  ];
  if (folder !== null) figures.push(...agreement(readPairs(folder)));
  const file = join(mkdtempSync(join(tmpdir(), 'longhand-answers-')), 'pairs.jsonl');
  writeFileSync(file, pairs.map((pair) => JSON.stringify(pair)).join('\n'));
  if (process.env.LONGHAND_PYTHON) figures.push(...engineFigures('checking.py', file));
  return Promise.resolve(figures);
}

/** By suite: how often the quick check says what the suite expects, what Math-Verify says, and how often Math-Verify says what is expected. */
function agreement(pairs: readonly Pair[]): Figure[] {
  const python = process.env.LONGHAND_PYTHON;
  const words = python ? checkerWords(python, pairs) : null;
  const rows = pairs.map((pair, i) => ({ ...pair, quick: quickWord(pair).value, checker: words?.[i] ?? null }));
  const figures: Figure[] = [];
  for (const [suite, list] of [...Map.groupBy(rows, (row) => row.suite), ['all', rows] as const]) {
    const isAll = suite === 'all';
    const of = (name: string, count: number, target: string | null) =>
      figures.push({ name: `answers: ${name}, ${suite}`, value: share(count, list.length), unit: `of ${list.length}`, target }); // prettier-ignore
    of(
      'quick as expected',
      list.filter((row) => (row.quick === 'right') === row.expected).length,
      isAll ? '>=0.9' : null,
    );
    of('quick undecided', list.filter((row) => row.quick === 'undecided').length, null);
    if (!words) continue;
    of('quick as Math-Verify', list.filter((row) => (row.quick === 'right') === (row.checker === true)).length, isAll ? '>=0.95' : null); // prettier-ignore
    of('quick right where Math-Verify is not', list.filter((row) => row.quick === 'right' && row.checker !== true).length, isAll ? '<=0.01' : null); // prettier-ignore
    of('Math-Verify as expected', list.filter((row) => (row.checker === true) === row.expected).length, null);
  }
  return figures;
}

function share(part: number, whole: number): number {
  return Number((part / whole).toFixed(4));
}

function rate(pairs: readonly { gold: string; pred: string }[]): number {
  for (const { gold, pred } of pairs) quickCheck(gold, pred);
  const start = process.cpuUsage();
  let n = 0;
  while (process.cpuUsage(start).user < SECONDS * 1e6) {
    for (const { gold, pred } of pairs) quickCheck(gold, pred);
    n += pairs.length;
  }
  return Math.round((n * 1e6) / process.cpuUsage(start).user);
}

function extractionSpeed(): number {
  const text = `<think>${'We add the numbers and see that the answer is near. So $x = 5$ holds. '.repeat(3000)}</think>The answer is \\boxed{5}.`;
  let least = Infinity;
  for (let round = 0; round < 10; round += 1) {
    const start = process.cpuUsage();
    for (let i = 0; i < 20; i += 1) candidates(text);
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 20);
  }
  return Number((text.length / least).toFixed(1));
}
