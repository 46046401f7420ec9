/** The fields of the query language: what each is, which values it takes, and its own words. */
import { labels, type Label } from '../behaviours/spans.ts';
import type { Field, PlainField } from './types.ts';

export interface FieldInfo {
  /** `choice`: one of `words`. `labels`: labels of behaviours, or their number together. */
  kind: 'choice' | 'text' | 'number' | 'labels';
  words?: readonly string[];
  /** Numbers of it are whole and not negative. */
  whole?: boolean;
  /** It may be absent: `none` asks for those without it. */
  none?: boolean;
  help: string;
  /** What has to be read in texts before it is known. */
  reads?: 'behaviours' | 'figures';
  /** It says how the words and expressions of the query are looked for, and nothing of a trace: lists have no condition for it. */
  search?: true;
}

const whole = { kind: 'number', whole: true, none: true } as const;
const real = { kind: 'number', none: true } as const;

export const plainFields: Record<PlainField, FieldInfo> = {
  verdict: { kind: 'choice', words: ['right', 'wrong', 'undecided', 'none'], help: 'the verdict that counts' },
  stage: { kind: 'text', help: 'the stage that wrote the trace' },
  of: { kind: 'text', none: true, help: 'of an evaluation: the stage whose checkpoint wrote it' },
  set: { kind: 'text', none: true, help: 'the evaluation set' },
  marker: { kind: 'text', none: true, help: 'the style marker at the end of the prompt' },
  step: { ...whole, help: 'the training step' },
  epoch: { ...real, help: 'the epoch, in parts' },
  attempt: { kind: 'number', whole: true, help: 'the attempt of the stage' },
  problem: { kind: 'text', help: 'the problem, by its label, source id or id' },
  sample: { kind: 'number', whole: true, help: 'the number of the sample of its problem' },
  group: { kind: 'text', none: true, help: 'the group of completions of one prompt' },
  tokens: { ...whole, help: 'the length of the completion in tokens' },
  reward: { ...real, help: 'the reward' },
  advantage: { ...real, help: 'the advantage within its group' },
  finish: { kind: 'choice', words: ['stop', 'length', 'error'], none: true, help: 'why the completion ended' },
  has: {
    kind: 'choice',
    words: ['answer', 'gold', 'verdict', 'reward', 'loop', 'labels', 'logprobs'],
    help: 'what there is of it',
  },
  is: {
    kind: 'choice',
    words: ['live', 'truncated', 'superseded', 'current', 'flat'],
    help: 'its state; flat: all rewards of its group are equal',
  },
  behaviour: {
    kind: 'labels',
    words: labels,
    reads: 'behaviours',
    help: 'a behaviour that occurs, or how many spans all of them have',
  },
  answer: { kind: 'text', none: true, help: 'the answer that was found' },
  gold: { kind: 'text', none: true, help: 'the right answer' },
  source: { kind: 'text', none: true, help: 'the source id of the problem' },
  about: { kind: 'text', help: 'words in the problem, its source id or the answer' },
  in: {
    kind: 'choice',
    words: ['completion', 'prompt'],
    search: true,
    help: 'where words and expressions are looked for; the completion, unless it says otherwise',
  },
  match: {
    kind: 'choice',
    words: ['case', 'nocase', 'word'],
    search: true,
    help: 'how words are looked for: letter case matters (or not: nocase), whole words',
  },
  after: { ...whole, reads: 'figures', help: 'tokens after the first right answer' },
  flips: { ...whole, reads: 'figures', help: 'changes between right and wrong' },
  lost: { ...whole, reads: 'figures', help: 'tokens lost in loops' },
};

export const plainNames = Object.keys(plainFields) as PlainField[];
const labelNames = labels.map((label) => `behaviour.${label}` as const);
/** Every field, those of single behaviours last. */
export const fieldNames: readonly Field[] = [...plainNames, ...labelNames];

/** The label of `behaviour.<label>`; null for any other field. */
export const labelOf = (field: Field): Label | null =>
  field.startsWith('behaviour.') ? (field.slice('behaviour.'.length) as Label) : null;

export function infoOf(field: Field): FieldInfo {
  const label = labelOf(field);
  if (label === null) return plainFields[field as PlainField];
  const help = `how many spans of ${label.replace('_', ' ')} it has`;
  return { kind: 'number', whole: true, reads: 'behaviours', help };
}

/** The field of that name, in any letter case and in the American spelling too; null: there is none. */
export function fieldOf(name: string): Field | null {
  const wanted = name.toLowerCase().replace(/^behavior(?=$|\.)/, 'behaviour');
  return fieldNames.find((field) => field === wanted) ?? null;
}

/** Words that others use, and ours for them. */
export const otherFields: Readonly<Record<string, Field>> = {
  length: 'tokens',
  id: 'problem',
  score: 'reward',
  result: 'verdict',
  status: 'is',
  state: 'is',
  label: 'behaviour',
  labels: 'behaviour',
  run: 'stage',
  model: 'of',
  epochs: 'epoch',
  dataset: 'set',
  text: 'about',
};
export const otherWords: Readonly<Record<string, string>> = {
  correct: 'right',
  true: 'right',
  incorrect: 'wrong',
  false: 'wrong',
  unknown: 'undecided',
  eos: 'stop',
  limit: 'length',
  cut: 'truncated',
  running: 'live',
  loops: 'loop',
  label: 'labels',
  logprob: 'logprobs',
  answered: 'answer',
};
