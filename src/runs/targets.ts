/** What a command is about: from the row it was clicked on, from a panel, or asked for. */
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { RunSummary, StageInfo } from '../../core/protocol/methods.ts';
import type { Backends } from '../backends/backends.ts';
import { at, textAt } from '../shape.ts';
import { mainStages, runDescription, stageDescription } from './model.ts';
import type { RunStore } from './store.ts';

export interface RunTarget {
  run: string;
}
export interface StageTarget extends RunTarget {
  stage: string;
}
export interface SetTarget extends StageTarget {
  step: number | null;
  label?: string;
}

/** Arguments come from menus (a tree's node), links and other extensions: taken for what they are only if they have the shape. */
export function asRunTarget(argument: unknown): RunTarget | null {
  const run = textAt(argument, 'run') ?? textAt(argument, 'run', 'run');
  return run === undefined ? null : { run };
}

export function asStageTarget(argument: unknown): StageTarget | null {
  const run = asRunTarget(argument);
  const stage = textAt(argument, 'stage') ?? textAt(argument, 'stage', 'id');
  return run && stage !== undefined ? { ...run, stage } : null;
}

export function asSetTarget(argument: unknown): SetTarget | null {
  const stage = asStageTarget(argument);
  const step = at(argument, 'set', 'step') ?? at(argument, 'checkpoint', 'step') ?? at(argument, 'step');
  if (!stage || typeof step !== 'number') return null;
  const label = textAt(argument, 'set', 'label');
  return { ...stage, step, ...(label === undefined ? {} : { label }) };
}

export class Targets {
  readonly #backends: Backends;
  readonly #store: RunStore;

  constructor(backends: Backends, store: RunStore) {
    this.#backends = backends;
    this.#store = store;
  }

  /** The runs, once there is a backend. */
  async runs(): Promise<RunSummary[]> {
    await this.#backends.need();
    if (!this.#store.loaded) await this.#store.reload();
    return this.#store.runs;
  }

  /** The run that is meant, as it is now; null when the user chose none. */
  async run(
    argument: unknown,
    title: string,
    fits: (run: RunSummary) => boolean = () => true,
    none = 'There is no run yet.',
    /** Takes the only one that fits without a question. */
    takeOnly = false,
  ): Promise<RunSummary | null> {
    const runs = await this.runs();
    const target = asRunTarget(argument);
    if (target) return this.#store.get(target.run) ?? (await this.#store.refresh(target.run));
    const fitting = runs.filter(fits);
    const [only] = fitting;
    if (!only) throw new LonghandError('not_runnable', none);
    if (takeOnly && fitting.length === 1) return only;
    const items = fitting.map((run) => ({ label: run.name, description: runDescription(run), detail: run.run, run }));
    return (
      (
        await vscode.window.showQuickPick(items, {
          title,
          placeHolder: 'Which run?',
          matchOnDetail: true,
          // The panel that had the focus takes it back a moment after the palette has closed.
          ignoreFocusOut: true,
        })
      )?.run ?? null
    );
  }

  /** A run that has traces; the only one without a question. */
  withTraces(argument: unknown, title: string, none: string): Promise<RunSummary | null> {
    return this.run(argument, title, ({ traces }) => traces > 0, none, true);
  }

  async stage(
    argument: unknown,
    title: string,
    fits: (stage: StageInfo) => boolean = () => true,
    none = 'There is no such stage.',
  ): Promise<{ run: RunSummary; stage: StageInfo } | null> {
    const target = asStageTarget(argument);
    const run = await this.run(argument, title, (candidate) => candidate.stages.some(fits), none, true);
    if (!run) return null;
    if (target) {
      const stage = run.stages.find(({ id }) => id === target.stage);
      if (!stage) throw new LonghandError('not_found', `The run ${run.name} has no stage ${target.stage}.`);
      return { run, stage };
    }
    const fitting = run.stages.filter(fits);
    const [only] = fitting;
    if (!only) throw new LonghandError('not_runnable', none);
    if (fitting.length === 1) return { run, stage: only };
    const order = new Map(mainStages(run).map((stage, place) => [stage.id, place]));
    const items = fitting
      .toSorted((a, b) => (order.get(a.id) ?? 99) - (order.get(b.id) ?? 99))
      .map((stage) => ({
        label: stage.id,
        description: `${stage.kind} · ${stageDescription(stage) || stage.state}`,
        stage,
      }));
    const picked = await vscode.window.showQuickPick(items, {
      title,
      placeHolder: `Which stage of ${run.name}?`,
      ignoreFocusOut: true,
    });
    return picked ? { run, stage: picked.stage } : null;
  }
}
