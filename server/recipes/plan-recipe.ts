/** From a checked recipe to the stages of a run. Pure, but for looking whether a model's folder exists. */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { recipeSchema, type Recipe, type StageConfig } from '../../core/recipes/schema.ts';
import { inferenceSchema } from '../../core/recipes/stages/inference.ts';
import type { EvaluateBlock } from '../../core/recipes/stages/evaluate.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import { references } from '../../core/recipes/references.ts';
import { resolveVars } from '../../core/recipes/resolve-vars.ts';
import { stageInputs, stageKind, stageNotes, stageOutputs } from '../stages/registry.ts';
import { DEFAULT_GRACE_S, type InputValue } from '../stages/stage-kind.ts';
import type { PlanFile, PlanStage } from './plan-file.ts';
import { stageReference } from './references.ts';

export type FolderOf = (stage: string, path: string) => string | null;

/** Keys that are the planner's and not the worker's. */
const plannerKeys = new Set(['id', 'kind', 'needs', 'resources', 'grace', 'env', 'evaluate', 'engine']);

/**
 * Plans a recipe that has passed the check.
 *
 * @param folder against which the paths of a stage are resolved, by the stage's id and the path; null for a preset or an unsaved text
 * @throws LonghandError `invalid_recipe` where a value does not fit once the variables are put in
 */
export function planRecipe(recipe: Recipe, folder: FolderOf): PlanFile {
  const vars = recipe.vars ?? {};
  const filled = resolveVars(recipe);
  const checked = recipeSchema.safeParse(filled);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    const stage = filled.stages[Number(issue?.path[1])]?.id;
    const where = issue?.path.slice(2).join('.');
    throw new LonghandError('invalid_recipe', `Stage ${stage ?? '?'}: ${where}: ${issue?.message ?? 'not valid'}.`);
  }
  const byId = new Map(filled.stages.map((stage) => [stage.id, stage]));
  const stages: PlanStage[] = [];
  for (const stage of filled.stages) {
    const planned = planStage(stage, byId, folder);
    stages.push(planned);
    if ('evaluate' in stage && stage.evaluate) stages.push(planEvaluation(stage, stage.evaluate, planned, byId));
  }
  const seed = vars['seed'];
  return {
    v: 1,
    name: filled.name,
    vars,
    seed: typeof seed === 'number' && Number.isInteger(seed) ? seed : 0,
    stages,
    notes: planNotes(stages),
  };
}

type Stages = ReadonlyMap<string, StageConfig>;

function planStage(stage: StageConfig, byId: Stages, folder: FolderOf): PlanStage {
  const inputs: Record<string, InputValue> = {};
  const notes = stageNotes(stage);
  for (const [name, value] of Object.entries(stageInputs(stage)))
    inputs[name] = withFolder(name, value, (path) => folder(stage.id, path));
  const config = Object.fromEntries(Object.entries(stage).filter(([key]) => !plannerKeys.has(key)));
  const needs = new Set(stage.needs ?? []);
  const referred = new Set(references([config, inputs, stage.env]).map(({ text }) => text));
  for (const text of referred) addNeeds(needs, notes, text, byId);
  notes.push(...servedNotes(config['inference']));
  const trains = stageKind(stage.kind).trains;
  const processes = trains ? (stage.resources?.processes ?? Math.max(1, stage.resources?.gpus ?? 1)) : 1;
  if (processes > 1) notes.push(`Trains with ${processes} processes (${sharing(stage.resources?.distributed)}).`);
  return {
    id: stage.id,
    kind: stage.kind,
    of: null,
    needs: [...needs],
    config: withInputs(config, inputs),
    inputs,
    outputs: stageOutputs(stage),
    gpus: stage.resources?.gpus ?? null,
    processes,
    distributed: processes > 1 ? (stage.resources?.distributed ?? null) : null,
    grace: stage.grace ?? DEFAULT_GRACE_S,
    env: stage.env ?? {},
    notes,
  };
}

/** Who serves the model, where it is not the worker itself. */
function servedNotes(value: unknown): string[] {
  const { data } = inferenceSchema.safeParse(value);
  if (!data) return [];
  if ('url' in data) return [`Sampled from the server at ${data.url}, which must run already.`];
  return [`Sampled from a server (${data.engine}) that the service starts for the model, shares and stops.`];
}

function sharing(distributed: PlanStage['distributed'] | undefined): string {
  if (!distributed) return 'DDP: each holds the whole model';
  return distributed === 'fsdp' ? 'FSDP: the model is cut among them' : `ZeRO-${distributed.slice(-1)} by DeepSpeed`;
}

/** The stage that an `evaluate:` block is short for. */
function planEvaluation(parent: StageConfig, block: EvaluateBlock, planned: PlanStage, byId: Stages): PlanStage {
  const { start: asked, ...rest } = block;
  const from = stageReference(planned.inputs['model']);
  const chosen = from && byId.get(from.stage);
  const source = chosen?.kind === 'select' ? byId.get(chosen.from) : chosen;
  const known = source !== null && source !== undefined && 'evaluate' in source && source.evaluate !== undefined;
  const start = asked ?? !known;
  const each =
    block.every === 'epoch'
      ? 'the checkpoint of every epoch and the last one'
      : block.every === 'end'
        ? 'the last checkpoint'
        : 'every checkpoint';
  const notes = [
    `Runs beside ${parent.id} in a process of its own and evaluates ${each}${start ? ', and before them the model that it starts from' : ''}.`,
  ];
  if (!start && asked === undefined)
    notes.push(`The model that ${parent.id} starts from is evaluated by ${source?.id}.eval.`);
  notes.push(...servedNotes(block.inference), ...missingCheckpoints(parent, block));
  const needs = new Set(planned.needs);
  addNeeds(needs, notes, block.data, byId);
  return {
    id: `${parent.id}.eval`,
    kind: 'evaluate',
    of: parent.id,
    needs: [...needs],
    config: { ...rest, start, of: parent.id, model: planned.config['model'] },
    inputs: { model: planned.inputs['model']!, data: block.data },
    outputs: [],
    gpus: null,
    processes: 1,
    distributed: null,
    grace: Math.min(planned.grace, 30),
    env: planned.env,
    notes,
  };
}

/** What the trainer's configuration says that keeps the evaluation from seeing what it should. */
function missingCheckpoints(parent: StageConfig, block: EvaluateBlock): string[] {
  if (!('config' in parent)) return [];
  const given = parent.config['save_strategy'];
  const strategy = typeof given === 'string' ? given : 'steps';
  const notes: string[] = [];
  if (block.every === 'epoch' && strategy !== 'epoch') {
    notes.push(
      `Only epochs that have a checkpoint are evaluated: save_strategy of ${parent.id} is ${strategy}, not epoch.`,
    );
  }
  if (strategy === 'no' && block.every !== 'end') notes.push(`${parent.id} saves only at its end (save_strategy: no).`);
  const kept = parent.config['save_total_limit'];
  if (typeof kept === 'number' && block.every !== 'end') {
    notes.push(`${parent.id} keeps ${kept} checkpoints: one that is gone before its turn is not evaluated.`);
  }
  return notes;
}

/** The stages that a reference waits for, and the rule by which `checkpoint.best` chooses. */
function addNeeds(needs: Set<string>, notes: string[], value: unknown, byId: Stages): void {
  const reference = stageReference(value);
  if (!reference) return;
  needs.add(reference.stage);
  if (reference.output === 'eval.folder') needs.add(`${reference.stage}.eval`);
  if (reference.output !== 'checkpoint.best') return;
  const source = byId.get(reference.stage);
  if (!source || !('evaluate' in source) || !source.evaluate) {
    throw new LonghandError(
      'invalid_recipe',
      `checkpoint.best of ${reference.stage}: that stage has no evaluate block to choose by. Use checkpoint.last, or add one.`,
    );
  }
  needs.add(`${reference.stage}.eval`);
  notes.push(
    `checkpoint.best of ${reference.stage}: the checkpoint with the highest accuracy in ${reference.stage}.eval, of equals the earlier one; waits for that evaluation.`,
  );
}

/** Paths of the recipe are relative to its folder. A model that is no folder there is a name of the hub. */
function withFolder(name: string, value: InputValue, folderOf: (path: string) => string | null): InputValue {
  if (typeof value !== 'string' || stageReference(value)) return value;
  if (isAbsolute(value)) return value;
  const folder = folderOf(value);
  if (folder === null) {
    if (isModel(name)) return value;
    throw new LonghandError(
      'invalid_recipe',
      `${value} is a relative path, and this recipe lies in no folder. Save the recipe, or give the whole path.`,
    );
  }
  const path = resolve(folder, value);
  return isModel(name) && !existsSync(path) ? value : path;
}

/** Inputs that may be a name of the hub. */
const isModel = (name: string): boolean => name === 'model' || name === 'tokenizer';

/** The configuration with the inputs that lie deeper in it (`sources.0.path`) as they were resolved. */
function withInputs(
  config: Record<string, unknown>,
  inputs: Readonly<Record<string, InputValue>>,
): Record<string, unknown> {
  const copy = structuredClone(config);
  for (const [name, value] of Object.entries(inputs)) {
    const [first, ...rest] = name.split('.');
    if (first !== undefined && rest.length > 0) putAt(copy[first], rest, value);
  }
  return copy;
}

function putAt(holder: unknown, path: string[], value: InputValue): void {
  if (typeof holder !== 'object' || holder === null) return;
  const items = holder as Record<string, unknown>;
  // The name of an output may have dots itself.
  const whole = path.join('.');
  if (whole in items) items[whole] = value;
  else putAt(items[path[0]!], path.slice(1), value);
}

function planNotes(stages: PlanStage[]): string[] {
  const training = stages.filter((stage) => stageKind(stage.kind).trains);
  const notes: string[] = [];
  if (training.length > 1) notes.push('Training stages run one after the other on each device.');
  if (stages.some((stage) => JSON.stringify(stage.inputs).includes('longhand-base'))) {
    notes.push('longhand-base is a miniature of 120k parameters: it shows the shape of a result, not its size.');
  }
  return notes;
}
