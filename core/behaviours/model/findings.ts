/** What the model finds, as spans of each label. */
import { CERTAIN, type Finding } from '../label.ts';
import { withOutcome } from '../labels/backtracking.ts';
import { beginsElsewhere, isUndone, judgement, saidChecks } from '../labels/verification.ts';
import { isQuoted, type Reading } from '../text.ts';
import { evidenceOf } from './evidence.ts';
import type { StepView } from './features.ts';
import { passages } from './passages.ts';
import { passage, score, thresholds, type Scores } from './score.ts';
import { hasBit, RULE_BITS, STEP_TASKS, type StepTask, type Task } from './tasks.ts';

export type ModelLabel = 'verification' | StepTask;

/** Steps in letters that the model was not trained on: there the rules decide. */
const FOREIGN = /[\u0370-\u1fff\u2e80-\ud7ff\uac00-\udfff]/g;
const FOREIGN_SHARE = 0.2;

/** `byRules`: what the rules of each label found, in the order of `RULE_BITS`. Yields now and then. */
export function* findings(
  reading: Reading,
  views: readonly StepView[],
  byRules: readonly (readonly Finding[])[],
): Generator<void, Record<ModelLabel, Finding[]>> {
  const scores = yield* score(views);
  const foreign = reading.steps.map(({ start, end }) => isForeign(reading.text, start, end));
  const mute = reading.steps.map(
    ({ start, end, kind }, i) => kind === 'code' || foreign[i]! || isQuoted(reading, start, end),
  );
  // The rules' spans begin with a step.
  const cues = byRules.map((rules) => new Map(rules.map((rule) => [rule.start, rule])));
  const context: Context = { reading, views, scores, cues };
  const sees = (task: StepTask, step: number) => {
    if (mute[step]) return false;
    const { alone, cued } = thresholds[task];
    if (!isCued(views[step]!, task)) return scores.of(task, step) > alone;
    return scores.of(task, step) > cued || isCertain(ruleAt(context, task, step));
  };
  const found = {} as Record<ModelLabel, Finding[]>;
  for (const task of STEP_TASKS) {
    const runs: { from: number; to: number }[] = [];
    for (let i = 0; i < views.length; i += 1) {
      if (!sees(task, i)) continue;
      const last = runs.at(-1);
      if (last && last.to === i - 1 && belongs(reading, task, i)) last.to = i;
      else runs.push({ from: i, to: i });
    }
    found[task] = runs.map((run) => finding(context, task, run.from, run.to));
    yield;
  }
  const checks = (task: Task, threshold: number) => (step: number) =>
    !mute[step] && scores.of(task, step) > threshold && !isUndone(reading, step);
  const [begins, cued] = [checks('check_start', passage.begins), checks('check_start', passage.cued)];
  const [goesOn, elsewhere] = [checks('verification', passage.goesOn), checks('verification', passage.elsewhere)];
  const [alone, inside] = [checks('verification', passage.alone), checks('verification', passage.said)];
  const said = saidChecks(reading, byRules[RULE_BITS.indexOf('verification')]!);
  found.verification = passages(views.length, {
    begins: (i) => (isCued(views[i]!, 'verification') ? cued(i) : begins(i)),
    goesOn: (i) =>
      views[i]!.inAnswer === views[i - 1]!.inAnswer && (beginsElsewhere(reading, i) ? elsewhere(i) : goesOn(i)),
    alone: (i) => alone(i) || (said.has(i) && inside(i)),
  }).map(({ from, to }) => finding(context, 'verification', from, to));
  yield;
  const foreignStarts = new Set(reading.steps.filter((_, i) => foreign[i]).map(({ start }) => start));
  for (const label of [...STEP_TASKS, 'verification'] as const) {
    const rules = byRules[RULE_BITS.indexOf(label)]!;
    found[label].push(...rules.filter(({ start }) => foreignStarts.has(start)));
  }
  return found;
}

interface Context {
  reading: Reading;
  views: readonly StepView[];
  scores: Scores;
  /** What the rules found by where the step begins; in the order of `RULE_BITS`. */
  cues: readonly ReadonlyMap<number, Finding>[];
}

const ruleAt = ({ reading, cues }: Context, label: ModelLabel, step: number): Finding | undefined =>
  cues[RULE_BITS.indexOf(label)]!.get(reading.steps[step]!.start);

const isCertain = (rule: Finding | undefined): boolean => rule !== undefined && rule.confidence >= CERTAIN;

/** The rules see the label begin in the step, by a cue that decides alone. */
const isCued = ({ sure }: StepView, label: ModelLabel): boolean => hasBit(sure, label);

/** A stated answer belongs to the words that introduce it. */
function belongs(reading: Reading, task: Task, i: number): boolean {
  const { start, end } = reading.steps[i - 1]!;
  return (
    task === 'answer_commitment' && /[:：]\W{0,3}$|\bis$/i.test(reading.text.slice(Math.max(start, end - 24), end))
  );
}

function finding(context: Context, task: ModelLabel, from: number, to: number): Finding {
  const { reading, scores } = context;
  let sum = 0;
  for (let i = from; i <= to; i += 1) sum += scores.of(task, i);
  const rule = ruleAt(context, task, from);
  const confidence = Math.max(sum / (to - from + 1), isCertain(rule) ? rule!.confidence : 0);
  const whole: Finding = {
    start: reading.steps[from]!.start,
    end: reading.steps[to]!.end,
    confidence: Number(Math.min(0.999, Math.max(0.001, confidence)).toFixed(3)),
    evidence: rule?.evidence ?? evidenceOf(reading, context.views, from, task),
  };
  if (task === 'backtracking') return withOutcome(reading, from, whole);
  if (task !== 'verification') return whole;
  for (let i = to; i >= from; i -= 1) {
    const outcome = judgement(reading, i);
    if (outcome) return { ...whole, outcome };
  }
  return whole;
}

function isForeign(text: string, start: number, end: number): boolean {
  const part = text.slice(start, Math.min(end, start + 200));
  return (part.match(FOREIGN)?.length ?? 0) > FOREIGN_SHARE * part.length;
}
