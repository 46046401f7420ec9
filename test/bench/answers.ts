/** How fast the quick check is, and how often it agrees with the expectations of other graders' own tests. */
import { candidates } from '../../core/answers/extract.ts';
import { quickCheck } from '../../core/answers/quick-check.ts';
import { sharedData } from '../shared-data.ts';
import { readPairs } from '../support/answer-suites.ts';
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
  const pairs =
    folder === null
      ? COMMON.map(([gold, pred]) => ({ suite: 'common', gold, pred, expected: true }))
      : readPairs(folder);
  const figures: Figure[] = [{ name: 'answers: quick check', value: rate(pairs), unit: 'pairs/s', target: '>=5000' }];
  if (folder !== null) {
    const suites = Map.groupBy(pairs, ({ suite }) => suite);
    for (const [suite, list] of [...suites, ['all', pairs] as const]) {
      const verdicts = list.map(({ gold, pred, expected }) => ({ expected, value: quickCheck(gold, pred).value }));
      const agree = verdicts.filter(({ expected, value }) => (value === 'right') === expected).length;
      const decided = verdicts.filter(({ value }) => value !== 'undecided');
      const agreeDecided = decided.filter(({ expected, value }) => (value === 'right') === expected).length;
      figures.push(
        {
          name: `answers: agreement with ${suite}`,
          value: share(agree, list.length),
          unit: `of ${list.length}`,
          target: suite === 'all' ? '>=0.9' : null,
        },
        {
          name: `answers: agreement with ${suite} where decided`,
          value: share(agreeDecided, decided.length),
          unit: `of ${decided.length}`,
          target: null,
        },
      );
    }
  }
  figures.push({ name: 'answers: candidates', value: extractionSpeed(), unit: 'MB/s', target: null });
  return Promise.resolve(figures);
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
    candidates(text);
    least = Math.min(least, process.cpuUsage(start).user);
  }
  return Number((text.length / least).toFixed(1));
}
