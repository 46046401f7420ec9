/** Advisories in words: what is so, and what can be done. */
import type { Advisory, AdvisoryKind, Evidence } from './advisories.ts';
import { signed } from './reward-words.ts';

interface Words {
  alarm: string;
  advice: string;
  /** What people do then, most likely first. */
  help: string;
}

const words: Readonly<Record<AdvisoryKind, Words>> = {
  truncated: {
    alarm: 'Many completions are cut off',
    advice: 'Some completions are cut off',
    help: 'Raise the maximum length, or lower the reward of length; a cut completion has no answer and counts as wrong, so accuracy here is of the limit as much as of the model.',
  },
  no_signal: {
    alarm: 'Most groups teach nothing',
    advice: 'Many groups teach nothing',
    help: 'Where they are all right, take harder problems; all wrong: easier ones or more samples a prompt; otherwise rewards that tell completions apart.',
  },
  wrong_length: {
    alarm: 'Wrong completions run away in length',
    advice: 'Wrong completions grow',
    help: 'Read some of them: a search that never ends is better cut earlier, or penalised by length where it is wrong.',
  },
  loops: {
    alarm: 'Many completions run in loops',
    advice: 'Some completions run in loops',
    help: 'Raise the temperature or the repetition penalty, look for loops in the training data, or penalise repetition.',
  },
  reward_without_accuracy: {
    alarm: 'The reward rises while accuracy falls',
    advice: 'The reward rises while accuracy falls',
    help: 'Something else than being right is rewarded: see which part of the reward moved.',
  },
  entropy_collapse: {
    alarm: 'Entropy has collapsed',
    advice: 'Entropy falls',
    help: 'The samples of a group become the same: raise the clip above, the temperature or the KL weight, or stop at an earlier checkpoint.',
  },
};

export const titleOf = ({ kind, level }: Advisory): string => words[kind][level];
export const helpOf = ({ kind }: Advisory): string => words[kind].help;

/** `41.2 % of 2,048 completions cut at the maximum length (said from 25 %)`: the figures, the first with where it begins to be said. */
export const evidenceOf = ({ evidence, threshold }: Advisory): string =>
  evidence.map((one, i) => `${sentenceOf(one)}${i === 0 ? limitOf(one, threshold) : ''}`).join('; ');

function sentenceOf({ name, value, unit, n }: Evidence): string {
  const figure = figureIn[unit](value);
  if (unit === 'share') return `${figure} of ${count(n)} ${name}`;
  return unit === 'left' ? `${figure} ${name}` : `${name} ${figure}`;
}

/** A change that is beyond chance has no figure from which on it is said. */
function limitOf({ unit }: Evidence, threshold: number): string {
  if (unit === 'reward') return '';
  return ` (said ${unit === 'left' ? 'below' : 'from'} ${figureIn[unit](threshold)})`;
}

const count = (n: number): string => Math.round(n).toLocaleString('en-US');
const perCent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;

const figureIn: Readonly<Record<Evidence['unit'], (value: number) => string>> = {
  share: perCent,
  left: perCent,
  points: (value) => `${signed(100 * value, 1)} points`,
  reward: (value) => signed(value, 3),
  ratio: (value) => `${Number(value.toFixed(2))} ×`,
  tokens: count,
  nats: (value) => value.toFixed(3),
};
