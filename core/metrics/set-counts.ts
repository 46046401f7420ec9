/** What a set of samples holds, and what has to be said before its figures. */
import { isGraded, type Sample } from './accuracy.ts';

/** Most models that are named. */
const MOST_MODELS = 20;

interface Marked extends Sample {
  tokensExact: boolean;
  model: string | null;
}

export interface SetCounts {
  completions: number;
  problems: number;
  /** Fewest and most completions a problem. */
  samples: { fewest: number; most: number };
  /** Completions with a gold to which they were compared, and those of them that the checker could not decide (not right). */
  graded: number;
  undecided: number;
  /** Completions whose end was not recorded: they count as finished. */
  unknownFinish: number;
  /** Of unknown length (in no mean of tokens, over every budget), and of estimated length. */
  unknownLength: number;
  estimated: number;
  /** Names of the models, at most 20: lengths by several tokenizers do not compare. */
  models: string[];
  /** In words: what a reader has to know before the numbers. */
  marks: string[];
}

/** Counts of a set, and what has to be said of them. */
export function countSet(samples: readonly Marked[], groups: readonly (readonly Marked[])[]): SetCounts {
  const count = (test: (sample: Marked) => boolean) => samples.filter(test).length;
  let [fewest, most] = [Infinity, 0];
  for (const { length } of groups) [fewest, most] = [Math.min(fewest, length), Math.max(most, length)];
  const counts = {
    completions: samples.length,
    problems: groups.length,
    samples: { fewest: groups.length === 0 ? 0 : fewest, most },
    graded: count(isGraded),
    undecided: count(({ verdict }) => verdict === 'undecided'),
    unknownFinish: count(({ finish }) => finish === null),
    unknownLength: count(({ tokens }) => tokens === null),
    estimated: count(({ tokens, tokensExact }) => tokens !== null && !tokensExact),
    models: [...new Set(samples.flatMap(({ model }) => model ?? []))].slice(0, MOST_MODELS),
  };
  return { ...counts, marks: marksOf(counts) };
}

function marksOf(of: Omit<SetCounts, 'marks'>): string[] {
  const all = of.completions;
  const some = (n: number) => (n === all ? 'all' : `${n} of ${all}`);
  const marks: string[] = [];
  if (all > 0 && of.graded === 0) marks.push('no gold answer: there is no accuracy');
  else if (of.graded < all)
    marks.push(`${some(all - of.graded)} completions have no gold answer and are in no accuracy`);
  if (of.undecided > 0)
    marks.push(`${some(of.undecided)} completions the checker could not decide; they count as not right`);
  if (of.estimated > 0) marks.push(`${some(of.estimated)} token counts are estimates`);
  if (of.unknownLength > 0)
    marks.push(`${some(of.unknownLength)} lengths are unknown: in no mean of tokens, over every budget`);
  if (of.unknownFinish > 0) marks.push(`${some(of.unknownFinish)} ends were not recorded and count as finished`);
  if (of.models.length > 1) marks.push(`several models (${of.models.join(', ')}): their tokens do not compare`);
  if (of.samples.fewest !== of.samples.most) marks.push(`${of.samples.fewest} to ${of.samples.most} samples a problem`);
  return marks;
}
