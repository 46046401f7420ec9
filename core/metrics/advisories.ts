/**
 * What is wrong with a stage, said before anybody asks: alarms (what is measured or learnt is broken) before advice (what could be
 * better). Each has its evidence in figures and names the traces behind it. Pure; the thresholds are ours and stand here.
 */
import { meanAndDeviation } from './advantages.ts';
import { fifths } from './windows.ts';

/** Sums over the finished completions of one step of a stage (of one set of problems). Tokens and rewards are sums, not means. */
export interface StepSums {
  step: number;
  /** Completions, and how many of them were cut at the maximum length. */
  n: number;
  cut: number;
  right: number;
  wrong: number;
  /** Of the right and the wrong ones with a known length. */
  tokensRight: number;
  lengthsRight: number;
  tokensWrong: number;
  lengthsWrong: number;
  reward: number;
  rewarded: number;
  /** Groups of completions with a reward; those whose rewards are all equal teach nothing: all right, all wrong, neither. */
  groups: number;
  flatRight: number;
  flatWrong: number;
  flatOther: number;
  /** Completions whose text was read for loops, and those in which one was found. */
  read: number;
  looping: number;
}

/** What a stage sampled from one source: a stage that evaluates others, or several markers, has a series for each. */
export interface AdvisedSeries {
  stage: string;
  /** The stage whose checkpoints it evaluates; null: its own samples. */
  of: string | null;
  /** The benchmark, where the stage evaluates several. */
  set: string | null;
  marker: string | null;
}

export interface AdvisedStage extends AdvisedSeries {
  /** In ascending order of steps. */
  steps: readonly StepSums[];
  /** The trainer's own mean entropy of tokens, by step; empty where it logs none. */
  entropy: readonly { step: number; value: number }[];
}

/** With a name in a word or two. */
export const advisoryKinds = {
  truncated: 'cut',
  no_signal: 'no signal',
  wrong_length: 'wrong',
  loops: 'loops',
  reward_without_accuracy: 'reward',
  entropy_collapse: 'entropy',
} as const;
export type AdvisoryKind = keyof typeof advisoryKinds;

/**
 * A figure that counts as evidence. `unit`: `share` is of `n` things, `left` of what there was, both of 1; `points` and `reward` are changes, that
 * of a share and that of a mean reward; `ratio` is a multiple.
 */
export interface Evidence {
  name: string;
  value: number;
  unit: 'share' | 'left' | 'points' | 'reward' | 'ratio' | 'tokens' | 'nats';
  /** Over how many completions, groups or steps. */
  n: number;
}

export interface Advisory extends AdvisedSeries {
  kind: AdvisoryKind;
  level: 'alarm' | 'advice';
  /** The steps that the evidence is of, both among them. */
  from: number;
  to: number;
  /** From what value of the first figure on it is said. */
  threshold: number;
  /** The figure that decided first. */
  evidence: Evidence[];
}

/** Fewest completions (or groups) of a window that are worth a word. */
export const FEWEST = 20;
/** Completions of the last steps that are read for loops before anybody asks for it. */
export const READ_FOR_LOOPS = 100;
/** Fewest steps of training in which something can rise or fall. */
export const FEWEST_STEPS = 10;
/** Standard errors that a change must be away from 0. */
const ERRORS = 2;

/** How much longer than at the beginning wrong completions must have become. */
const GROWN = 1.2;

/** From which share or ratio on. `advice: null`: there is only the alarm. */
export const thresholds = {
  truncated: { alarm: 0.25, advice: 0.1 },
  no_signal: { alarm: 0.5, advice: 0.3 },
  wrong_length: { alarm: 1.5, advice: null },
  loops: { alarm: 0.1, advice: 0.03 },
  /** Of the entropy of the first window. */
  entropy_collapse: { alarm: 0.2, advice: null },
} as const;

const sum = (steps: readonly StepSums[], key: Exclude<keyof StepSums, 'step'>): number =>
  steps.reduce((total, step) => total + step[key], 0);

/** All that is to be said of one series, alarms first; of a kind that is alarming, no advice. */
export function advisories(stage: AdvisedStage): Advisory[] {
  const { first, last } = fifths(stage.steps);
  if (last.length === 0) return [];
  const found = [
    truncated(last),
    noSignal(last),
    wrongLength(stage.steps, first, last),
    loops(last),
    rewardWithoutAccuracy(stage.steps, first, last),
    // Fine-tuning lowers entropy by what it is for.
    sum(stage.steps, 'rewarded') > 0 ? entropyCollapse(stage.entropy) : null,
  ].filter((one) => one !== null);
  return alarmsFirst(
    found.map((one) => ({ ...one, stage: stage.stage, of: stage.of, set: stage.set, marker: stage.marker })),
  );
}

/** The steps whose texts have still to be read before anything can be said of loops; null: enough of them were. */
export function unreadSteps({ steps }: Pick<AdvisedStage, 'steps'>): { from: number; to: number; n: number } | null {
  const { last } = fifths(steps);
  const n = sum(last, 'n');
  if (n < FEWEST || sum(last, 'read') >= Math.min(n, READ_FOR_LOOPS)) return null;
  return { ...span(last), n };
}

/** Alarms before advice, otherwise as they come. */
export const alarmsFirst = (list: readonly Advisory[]): Advisory[] => [
  ...list.filter(({ level }) => level === 'alarm'),
  ...list.filter(({ level }) => level === 'advice'),
];

type Found = Omit<Advisory, keyof AdvisedSeries>;

const span = (steps: readonly { step: number }[]) => ({ from: steps[0]!.step, to: steps.at(-1)!.step });

function levelOf(value: number, { alarm, advice }: { alarm: number; advice: number | null }) {
  if (value >= alarm) return { level: 'alarm' as const, threshold: alarm };
  return advice !== null && value >= advice ? { level: 'advice' as const, threshold: advice } : null;
}

function truncated(last: readonly StepSums[]): Found | null {
  const [n, cut] = [sum(last, 'n'), sum(last, 'cut')];
  const level = n >= FEWEST ? levelOf(cut / n, thresholds.truncated) : null;
  if (!level) return null;
  return {
    kind: 'truncated',
    ...level,
    ...span(last),
    evidence: [share('completions cut at the maximum length', cut, n)],
  };
}

/** Groups of which nothing is learnt, as every completion has the same reward and so no advantage. */
function noSignal(last: readonly StepSums[]): Found | null {
  const groups = sum(last, 'groups');
  const [right, wrong, other] = [sum(last, 'flatRight'), sum(last, 'flatWrong'), sum(last, 'flatOther')];
  const flat = right + wrong + other;
  const level = groups >= FEWEST ? levelOf(flat / groups, thresholds.no_signal) : null;
  if (!level) return null;
  const parts = [
    share('groups all right', right, groups),
    share('groups all wrong', wrong, groups),
    share('other groups with equal rewards', other, groups),
  ].filter(({ value }) => value > 0);
  return {
    ...{ kind: 'no_signal' as const, ...level, ...span(last) },
    evidence: [share('groups whose rewards are all equal', flat, groups), ...parts],
  };
}

/** Wrong completions much longer than right ones, and longer than they were: the model searches on where it is lost. */
function wrongLength(all: readonly StepSums[], first: readonly StepSums[], last: readonly StepSums[]): Found | null {
  if (all.length < FEWEST_STEPS) return null;
  const mean = (steps: readonly StepSums[], verdict: 'Right' | 'Wrong') => {
    const n = sum(steps, `lengths${verdict}`);
    return n >= FEWEST ? { value: sum(steps, `tokens${verdict}`) / n, n } : null;
  };
  const [wrong, right, before] = [mean(last, 'Wrong'), mean(last, 'Right'), mean(first, 'Wrong')];
  if (!wrong || !right || !before || right.value === 0) return null;
  const ratio = wrong.value / right.value;
  const level = levelOf(ratio, thresholds.wrong_length);
  if (!level || wrong.value < GROWN * before.value) return null;
  return {
    ...{ kind: 'wrong_length', ...level, ...span(last) },
    evidence: [
      {
        name: 'tokens of the wrong ones to those of the right ones',
        value: ratio,
        unit: 'ratio',
        n: wrong.n + right.n,
      },
      { name: 'mean tokens of the wrong ones', value: wrong.value, unit: 'tokens', n: wrong.n },
      { name: 'mean tokens of the wrong ones at the beginning', value: before.value, unit: 'tokens', n: before.n },
      { name: 'mean tokens of the right ones', value: right.value, unit: 'tokens', n: right.n },
    ],
  };
}
function loops(last: readonly StepSums[]): Found | null {
  const [read, looping] = [sum(last, 'read'), sum(last, 'looping')];
  const level = read >= FEWEST ? levelOf(looping / read, thresholds.loops) : null;
  if (!level) return null;
  return { kind: 'loops', ...level, ...span(last), evidence: [share('completions with a loop', looping, read)] };
}

/** The reward rises and accuracy falls, each by more than two standard errors between the first and the last fifth of the steps. */
function rewardWithoutAccuracy(
  all: readonly StepSums[],
  first: readonly StepSums[],
  last: readonly StepSums[],
): Found | null {
  if (all.length < FEWEST_STEPS) return null;
  const reward = change(first, last, ({ reward: total, rewarded }) => total / rewarded);
  const accuracy = change(first, last, ({ right, wrong }) => right / (right + wrong));
  if (!reward || !accuracy || reward.by < ERRORS * reward.error || accuracy.by > -ERRORS * accuracy.error) return null;
  if (reward.by === 0 || accuracy.by === 0) return null;
  const n = sum(last, 'rewarded');
  return {
    ...{ kind: 'reward_without_accuracy', level: 'alarm', threshold: ERRORS, ...span(last) },
    evidence: [
      { name: 'change of the mean reward', value: reward.by, unit: 'reward', n },
      { name: 'change of accuracy', value: accuracy.by, unit: 'points', n: sum(last, 'right') + sum(last, 'wrong') },
    ],
  };
}

/** last − first of the means over steps, and its standard error (Welch 1947, Biometrika 34:28: √(s₁²/k₁ + s₂²/k₂)). */
function change(
  first: readonly StepSums[],
  last: readonly StepSums[],
  of: (step: StepSums) => number,
): { by: number; error: number } | null {
  const [before, now] = [first, last].map((steps) => steps.map(of).filter(Number.isFinite)) as [number[], number[]];
  // One step has no deviation to compare with.
  if (before.length < 2 || now.length < 2) return null;
  const [a, b] = [meanAndDeviation(before), meanAndDeviation(now)];
  const error = Math.hypot(a.deviation / Math.sqrt(before.length), b.deviation / Math.sqrt(now.length));
  return { by: b.mean! - a.mean!, error };
}

function entropyCollapse(entropy: AdvisedStage['entropy']): Found | null {
  if (entropy.length < FEWEST_STEPS) return null;
  const { first, last } = fifths(entropy);
  const [before, now] = [first, last].map((list) => meanAndDeviation(list.map(({ value }) => value)).mean!) as [
    number,
    number,
  ];
  const left = now / before;
  if (!(before > 0) || left > thresholds.entropy_collapse.alarm) return null;
  return {
    ...{ kind: 'entropy_collapse', level: 'alarm', threshold: thresholds.entropy_collapse.alarm, ...span(last) },
    evidence: [
      { name: 'of the entropy at the beginning is left', value: left, unit: 'left', n: last.length },
      { name: 'mean entropy of a token now', value: now, unit: 'nats', n: last.length },
      { name: 'mean entropy of a token at the beginning', value: before, unit: 'nats', n: first.length },
    ],
  };
}

const share = (name: string, part: number, n: number): Evidence => ({ name, value: part / n, unit: 'share', n });
