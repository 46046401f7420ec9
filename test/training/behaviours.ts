/**
 * Trains the model of `core/behaviours/model` and writes its `weights.json`: `npm run train`. It reads the labelled steps of the shared
 * data that may be tuned on (`isTuningHalf`), and nothing of the others. Prints how well the model does by cross-validation over
 * problems within that half; what it does on the other one is `npm run bench -- behaviours`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTEXT_SIZE, Contexts, probability } from '../../core/behaviours/model/context.ts';
import { ruleFeatures } from '../../core/behaviours/model/features.ts';
import { hasBit, RULE_BITS, STEP_TASKS, TASKS, type Task } from '../../core/behaviours/model/tasks.ts';
import type { PassageThresholds } from '../../core/behaviours/model/score.ts';
import { sharedData } from '../shared-data.ts';
import { readLabelled } from '../support/behaviour-agreement.ts';
import { builtinLabelled, selfLabelled } from '../support/self-labelled.ts';
import { BACKWARD, FOLDS, MACHINE, OWN, stretchesOf, type Names, type Row, type Stretch } from './labelled-steps.ts';
import { fit, fitDense } from './logistic.ts';
import { checkScores, passageThresholds, stepThreshold, type CheckStep, type StepThreshold } from './thresholds.ts';

/** A feature that fewer labelled steps have, or that moves no logit by as much, is left out. */
const LEAST_STEPS = 3;
const LEAST_WEIGHT = 0.08;
/** Of a weight, by cross-validation; what the rules say costs less, so that they count where the words were never seen. */
const PENALTIES: Partial<Record<Task, number>> = { backward_reasoning: 1 };
const PENALTY = 5;
const OF_RULES = 1 / 9;
const CONTEXT_PENALTY = 10;
const CHECK_TASKS = ['verification', 'check_start'] as const satisfies readonly Task[];
const WIDTH = TASKS.length;

function main(): void {
  const flow = sharedData('labels', 'reasoningflow', 'spans_gemini_aime24.jsonl');
  const windows = selfLabelled('windows');
  const backward = selfLabelled('backward');
  if (flow === null || windows === null || backward === null)
    throw new Error('The labelled traces are not on this machine; LONGHAND_SHARED_DATA says where they are.');
  const doubtful = (name: 'doubtful-windows' | 'doubtful-backward', names: Names) =>
    stretchesOf(selfLabelled(name)!, names, true).map((stretch) => stretch.map((row) => ({ ...row, drawn: false })));
  const hashed = [
    ...doubtful('doubtful-windows', OWN),
    ...doubtful('doubtful-backward', BACKWARD),
    ...stretchesOf(windows, OWN, true),
    ...stretchesOf(builtinLabelled(), OWN, true),
    ...stretchesOf(backward, BACKWARD, true),
    ...stretchesOf(readLabelled(flow), MACHINE, false),
  ];
  const { stretches, keys } = numbered(hashed);
  const labelled = stretches.flat().filter((row) => row.labelled);
  console.log(`${labelled.length} labelled steps, ${keys.length} features`);

  const byRules = new Set(ruleFeatures(RULE_BITS.length));
  const penalties = Float64Array.from(
    keys.flatMap((key) => TASKS.map((task) => (PENALTIES[task] ?? PENALTY) * (byRules.has(key) ? OF_RULES : 1))),
  );
  // What the model says of steps of problems that it was not trained on.
  const logits = stretches.map((stretch) => new Float64Array(stretch.length * WIDTH));
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const weights = fit(
      labelled.filter((row) => row.fold !== fold),
      penalties,
      WIDTH,
    );
    for (const [s, stretch] of stretches.entries())
      for (const [i, row] of stretch.entries())
        if (row.fold === fold) logits[s]!.set(logitsOf(weights, row.features), i * WIDTH);
  }
  const thresholds: Partial<Record<Task, StepThreshold>> = {};
  for (const task of STEP_TASKS) {
    const at = TASKS.indexOf(task);
    const scored = (own: boolean) =>
      stretches.flatMap((stretch, s) =>
        stretch.flatMap((row, i) => {
          if (!row.labelled || row.own !== own || !row.drawn || row.answers[at]! < 0) return [];
          return [
            { p: probability(logits[s]![i * WIDTH + at]!), cued: hasBit(row.sure, task), yes: row.answers[at] === 1 },
          ];
        }),
      );
    const { alone, cued, f1 } = stepThreshold([scored(true), scored(false)]);
    thresholds[task] = { alone: rounded(alone), cued: rounded(cued) };
    const steps = scored(true).filter(({ yes }) => yes).length;
    const figures = f1.map((value) => value.toFixed(3)).join(' and of reasoningflow ');
    console.log(
      `${task}: F1 ${figures}, over ${steps} steps, above ${alone.toFixed(2)}, with a cue ${cued.toFixed(2)}`,
    );
  }
  const { context, passage } = secondLook(stretches, logits);
  write(keys, fit(labelled, penalties, WIDTH), context, thresholds, passage);
}

/** Features as indices into `keys`, those that enough labelled steps have. */
function numbered(hashed: readonly Stretch[]): { stretches: Stretch[]; keys: number[] } {
  const counts = new Map<number, number>();
  for (const { features, labelled } of hashed.flat())
    if (labelled) for (const key of features) counts.set(key, (counts.get(key) ?? 0) + 1);
  const keys = [...counts].filter(([, n]) => n >= LEAST_STEPS).map(([key]) => key);
  const indices = new Map(keys.map((key, i) => [key, i]));
  const stretches = hashed.map((stretch) =>
    stretch.map((row) => ({
      ...row,
      features: row.features.map((key) => indices.get(key) ?? -1).filter((index) => index >= 0),
    })),
  );
  return { stretches, keys };
}

function logitsOf(weights: Float64Array, features: Int32Array): Float64Array {
  const sums = new Float64Array(WIDTH);
  for (const feature of features) for (let t = 0; t < WIDTH; t += 1) sums[t]! += weights[feature * WIDTH + t]!;
  return sums;
}

/** Weights and thresholds of the second look, which is trained on what the first one says of steps that it was not trained on. */
function secondLook(
  stretches: readonly Stretch[],
  logits: readonly Float64Array[],
): { context: Record<string, number[]>; passage: PassageThresholds } {
  const steps: { row: Row; inputs: number; follows: boolean }[] = [];
  const inputs: number[] = [];
  const one = new Float64Array(CONTEXT_SIZE);
  for (const [s, stretch] of stretches.entries()) {
    const contexts = new Contexts(logits[s]!);
    let last = -2;
    for (const [i, row] of stretch.entries()) {
      if (!row.labelled || (row.own ? row.answers[0]! : row.answers[1]!) < 0) continue;
      steps.push({ row, inputs: steps.length, follows: i === last + 1 });
      last = i;
      contexts.inputs(i, one);
      inputs.push(...one);
    }
  }
  const all = Float64Array.from(inputs);
  const train = (at: number, fold: number | null): number[] => {
    const known = steps.filter(({ row }) => row.own && row.fold !== fold && row.answers[at]! >= 0);
    const rows = known.map(({ row, inputs: own }) => ({ row: own, answer: row.answers[at]! }));
    return fitDense(all, CONTEXT_SIZE, rows, CONTEXT_PENALTY);
  };
  const [inside, begins] = CHECK_TASKS.map((task) => {
    const values = new Float64Array(steps.length);
    for (let fold = 0; fold < FOLDS; fold += 1) {
      const weights = train(TASKS.indexOf(task), fold);
      for (const { row, inputs: own } of steps)
        if (row.fold === fold)
          values[own] = probability(weights.reduce((sum, weight, k) => sum + weight * all[own * CONTEXT_SIZE + k]!, 0));
    }
    return values;
  });
  const checks: CheckStep[][] = [];
  const others: CheckStep[][] = [];
  for (const { row, inputs: own, follows } of steps) {
    if (!row.drawn) continue;
    const source = row.own ? checks : others;
    if (!follows) source.push([]);
    const first = row.answers[TASKS.indexOf('check_start')]!;
    source.at(-1)!.push({
      inside: inside![own]!,
      begins: begins![own]!,
      cued: hasBit(row.sure, 'verification'),
      said: row.said,
      elsewhere: row.elsewhere,
      isInside: row.own ? row.answers[0] === 1 : null,
      isFirst: first < 0 ? null : first === 1,
    });
  }
  const passage = passageThresholds(checks, others);
  const { whole, start } = checkScores(checks, passage);
  const elsewhere = checkScores(others, passage).start;
  console.log(
    `checks: F1 ${whole.toFixed(3)}, first steps ${start.toFixed(3)}, of reasoningflow ${elsewhere.toFixed(3)}, with ${JSON.stringify(passage)}`,
  );
  const context = Object.fromEntries(CHECK_TASKS.map((task) => [task, train(TASKS.indexOf(task), null)]));
  return { context, passage };
}

const rounded = (value: number): number => Number(value.toFixed(3));

function write(
  keys: readonly number[],
  weights: Float64Array,
  context: Record<string, number[]>,
  thresholds: Partial<Record<Task, StepThreshold>>,
  passage: PassageThresholds,
): void {
  const scales = TASKS.map((_, t) => {
    let most = 0;
    for (let k = t; k < weights.length; k += WIDTH) most = Math.max(most, Math.abs(weights[k]!));
    return most / 127;
  });
  const kept = keys
    .map((key, row) => ({ key, values: TASKS.map((_, t) => Math.round(weights[row * WIDTH + t]! / scales[t]!)) }))
    .filter(({ values }) => values.some((value, t) => Math.abs(value * scales[t]!) >= LEAST_WEIGHT))
    .sort((a, b) => a.key - b.key);
  const base64 = (array: Int32Array | Int8Array) => Buffer.from(array.buffer).toString('base64');
  const short = (values: readonly number[]) => values.map((value) => Number(value.toPrecision(6)));
  const data = {
    tasks: TASKS,
    thresholds,
    passage,
    scales: short(scales),
    context: Object.fromEntries(Object.entries(context).map(([task, values]) => [task, short(values)])),
    keys: base64(Int32Array.from(kept, ({ key }) => key)),
    weights: base64(Int8Array.from(kept.flatMap(({ values }) => values))),
  };
  const path = join(import.meta.dirname, '..', '..', 'core', 'behaviours', 'model', 'weights.json');
  writeFileSync(path, `${JSON.stringify(data, null, 2)}\n`);
  console.log(`${kept.length} features written`);
}

main();
