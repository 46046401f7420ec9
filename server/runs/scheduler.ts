/** Decides which stages start and which must stop, from what is known of all runs. Pure: the same view gives the same decision. */

export type StageView =
  'none' | 'active' | 'stopping' | 'completed' | 'failed' | 'stopped_by_user' | 'stopped_with_parent';

export interface ScheduledStage {
  id: string;
  of: string | null;
  needs: string[];
  trains: boolean;
  /** Accelerators that it asks for; null: what there is; 0: the CPU. */
  gpus: number | null;
  /** An inference server of ours holds accelerators for it. */
  isServed: boolean;
  /** Accelerators of a living server that serves what it needs; null where none does. */
  served: number[] | null;
  view: StageView;
  /** Accelerators that its running attempt was given. */
  devices: number[];
}

export interface ScheduledRun {
  run: string;
  wanted: boolean;
  stages: ScheduledStage[];
}

export interface Machine {
  /** Numbers of the accelerators; empty: training is on the CPU. */
  gpus: number[];
  /** Stages that neither train nor follow one, at the same time. */
  others: number;
  /** Accelerators that are held by servers which have not ended, whoever uses them. */
  held?: number[];
}

export interface Decision {
  start: { run: string; stage: string; devices: number[] } | null;
  stop: { run: string; stage: string }[];
}

/**
 * At most one stage to start, since that changes the view; runs and stages earlier in the list go first. A stage starts when
 * what it needs is complete; a training stage when its accelerators are free (without any: when nothing else trains); an
 * evaluation beside a stage when that stage runs, or has ended well. A stage that failed or was stopped starts again only
 * when someone asks, except an evaluation that had stopped only because its stage did.
 */
export function decide(runs: readonly ScheduledRun[], machine: Machine): Decision {
  const stop = runs.flatMap(({ run, stages }) =>
    stages.filter((stage) => mustStop(stage, stages)).map((stage) => ({ run, stage: stage.id })),
  );
  const occupied = runs.flatMap(({ stages }) => stages.filter(isActive));
  for (const { run, wanted, stages } of runs) {
    if (!wanted) continue;
    for (const stage of stages) {
      if (!isStartable(stage, stages)) continue;
      const devices = room(stage, occupied, machine);
      if (devices) return { start: { run, stage: stage.id, devices }, stop };
    }
  }
  return { start: null, stop };
}

const isActive = (stage: ScheduledStage): boolean => stage.view === 'active' || stage.view === 'stopping';

/** An evaluation beside a stage that has ended without being complete has nothing to wait for. */
function mustStop(stage: ScheduledStage, all: ScheduledStage[]): boolean {
  if (stage.of === null || stage.view !== 'active') return false;
  const parent = all.find(({ id }) => id === stage.of)?.view;
  return parent !== 'active' && parent !== 'completed';
}

function isStartable(stage: ScheduledStage, all: ScheduledStage[]): boolean {
  const view = (id: string) => all.find((other) => other.id === id)?.view;
  if (stage.view !== 'none' && stage.view !== 'stopped_with_parent') return false;
  if (!stage.needs.every((id) => view(id) === 'completed')) return false;
  if (stage.of === null) return true;
  const parent = view(stage.of);
  return parent === 'active' || parent === 'completed';
}

/** The accelerators for the stage (`[]` on a machine without), or null where it must wait. */
function room(stage: ScheduledStage, occupied: ScheduledStage[], machine: Machine): number[] | null {
  if (!stage.trains && stage.of === null) {
    const others = occupied.filter((other) => !other.trains && other.of === null);
    if (others.length >= machine.others) return null;
  }
  if (machine.gpus.length === 0 || stage.gpus === 0)
    return stage.trains && occupied.some((other) => other.trains && other.devices.length === 0) ? null : [];
  if (stage.served) return stage.served;
  if (holds(stage)) {
    const taken = new Set([...(machine.held ?? []), ...occupied.filter(holds).flatMap((other) => other.devices)]);
    const free = machine.gpus.filter((gpu) => !taken.has(gpu));
    const wanted = Math.max(1, stage.gpus ?? 1);
    return free.length >= wanted ? free.slice(0, wanted) : null;
  }
  // What holds none shares: a free accelerator if there is one, otherwise the last.
  const taken = new Set([...(machine.held ?? []), ...occupied.flatMap((other) => other.devices)]);
  return [machine.gpus.find((gpu) => !taken.has(gpu)) ?? machine.gpus.at(-1)!];
}

/** Training has its accelerators to itself, and so has a server, but for one that serves an evaluation beside a training. */
const holds = (stage: ScheduledStage): boolean => stage.trains || (stage.isServed && stage.of === null);
