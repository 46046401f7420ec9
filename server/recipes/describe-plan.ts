/** A plan in the words of the contract: what each stage reads and writes, on what device, for how long. */
import type { Plan, PlannedStage } from '../../core/protocol/recipes.ts';
import type { Accelerators } from '../accelerators.ts';
import { stageKind } from '../stages/registry.ts';
import { expectedSamples } from './expected-samples.ts';
import type { PlanFile, PlanStage } from './plan-file.ts';
import { stageReference } from './references.ts';

/**
 * @param seconds expected of a stage, by its id
 * @param servers why the inference server of a stage cannot be started here, by its id
 */
export function describePlan(
  plan: PlanFile,
  seconds: ReadonlyMap<string, number>,
  accelerators: Accelerators,
  servers: ReadonlyMap<string, string> = new Map(),
): Plan {
  const notes = [...plan.notes];
  if (accelerators.problem) notes.push(`${accelerators.problem} The plan assumes that there is no accelerator.`);
  return {
    name: plan.name,
    vars: plan.vars,
    stages: plan.stages.map((stage) => {
      const described = describeStage(stage, seconds, accelerators);
      const more = [expectedSamples(stage, plan.stages), servers.get(stage.id)].filter((note) => note != null);
      return { ...described, notes: [...described.notes, ...more] };
    }),
    notes,
  };
}

function describeStage(stage: PlanStage, seconds: ReadonlyMap<string, number>, { found }: Accelerators): PlannedStage {
  const notes = [...stage.notes];
  const lacking = lackingGpus(stage, found.length);
  if (lacking) notes.push(lacking);
  return {
    id: stage.id,
    kind: stage.kind,
    of: stage.of,
    needs: stage.needs,
    engine: stageKind(stage.kind).engine,
    device:
      onCpu.has(stage.kind) || found.length === 0 || stage.gpus === 0
        ? 'cpu'
        : [...new Set(found.map(({ name }) => name))].join(', '),
    reads: Object.entries(stage.inputs).map(([name, value]) => `${name}: ${describeInput(value)}`),
    writes: writes(stage),
    expectedSeconds: seconds.get(stage.id) ?? null,
    notes,
    config: stage.config,
  };
}

/** Kinds that load no model. */
const onCpu: ReadonlySet<string> = new Set(['dataset', 'mix', 'select']);

/** Why the stage cannot run on this machine, null where it can. */
export function lackingGpus(stage: PlanStage, gpus: number): string | null {
  const { id, processes } = stage;
  if (stage.gpus !== null && stage.gpus > gpus)
    return `${id} asks for ${stage.gpus} GPUs; this machine has ${gpus === 0 ? 'none' : gpus}.`;
  if (gpus === 0 || stage.gpus === 0 || processes <= (stage.gpus ?? 1)) return null;
  return `${id} trains with ${processes} processes on ${stage.gpus ?? 1} GPU, and each needs one of its own: set resources.gpus to ${processes}, or to 0 for the CPU.`;
}

function describeInput(value: PlanStage['inputs'][string]): string {
  if (typeof value !== 'string') return `${value.builtin} (ships with Longhand)`;
  const reference = stageReference(value);
  if (!reference) return value;
  const words: Record<string, string> = { folder: 'checkpoints', 'eval.folder': 'evaluations' };
  return `${words[reference.output] ?? reference.output} of ${reference.stage}`;
}

function writes(stage: PlanStage): string[] {
  const folder = `stages/${stage.id}/attempt-N`;
  const texts = `${folder}/text (every completion)`;
  const byKind: Record<PlanStage['kind'], string[]> = {
    dataset: stage.outputs.map((name) => `${folder}/data/${name}.jsonl`),
    sft: [`${folder}/checkpoints`],
    grpo: [`${folder}/checkpoints`, texts],
    evaluate: [texts],
    synthesize: [`${folder}/data/data.jsonl`, texts],
    reject: [`${folder}/data/data.jsonl`, texts],
    mix: stage.outputs.map((name) => `${folder}/data/${name}.jsonl`),
    select: [`${folder}/report.json (the checkpoint stays where it is)`],
    command: [`${folder}/work`],
  };
  return byKind[stage.kind];
}
