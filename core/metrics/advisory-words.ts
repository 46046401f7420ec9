/** Advisories in words: what is so, and what can be done. */
import type { Advisory, AdvisoryKind } from './advisories.ts';

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

/** `41.2 % of 2,048 completions cut at the maximum length (said from 25 % on)`, the first figure with where it begins to be said. */
export function evidenceOf({ evidence, threshold, kind }: Advisory): string {
  const parts = evidence.map(({ name, value, unit, n }, i) => {
    if (kind === 'reward_without_accuracy') {
      const figure = unit === 'share' ? `${signed(100 * value, 1)} points` : signed(value, 3);
      return `${name} ${figure}`;
    }
    const from = i > 0 ? '' : kind === 'entropy_collapse' ? ` (said below ${figureOf(threshold, unit)})` : ` (said from ${figureOf(threshold, unit)})`; // prettier-ignore
    return unit === 'share' && kind !== 'entropy_collapse'
      ? `${figureOf(value, unit)} of ${count(n)} ${name}${from}`
      : unit === 'share'
        ? `${figureOf(value, unit)} ${name}${from}`
        : `${name} ${figureOf(value, unit)}${from}`;
  });
  return parts.join('; ');
}

const count = (n: number): string => n.toLocaleString('en-US');
const signed = (value: number, digits: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;

function figureOf(value: number, unit: Advisory['evidence'][number]['unit']): string {
  if (unit === 'share') return `${Number((100 * value).toFixed(1))} %`;
  if (unit === 'ratio') return `${Number(value.toFixed(2))} ×`;
  if (unit === 'tokens') return count(Math.round(value));
  return value.toFixed(3);
}
