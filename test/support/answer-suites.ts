/** The answer pairs of other graders' own tests, as far as the shared data has them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractAnswer } from '../../core/answers/extract.ts';

export interface Pair {
  suite: string;
  gold: string;
  pred: string;
  expected: boolean;
}

/** Texts are reduced to their answers first, where the suite means whole completions. */
export function readPairs(folder: string): Pair[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as Pair & { kind: string })
    .map(({ suite, gold, pred, expected, kind }) => ({
      suite,
      gold: answerOf(gold, /boxed/.test(gold) || gold.length > 60),
      pred: answerOf(pred, kind.startsWith('text')),
      expected,
    }));
}

function answerOf(text: string, isCompletion: boolean): string {
  return (isCompletion ? extractAnswer(text)?.text : undefined) ?? text;
}
