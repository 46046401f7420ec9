import { stageNeeds } from './references.ts';
import type { Recipe } from './schema.ts';

export interface StageOrder {
  /** Ids such that each stage comes after what it needs; of those that are free, the one that stands first in the file. Stages of a cycle and those that need them are absent. */
  order: string[];
  /** Ids along one cycle, the first repeated at its end, or null. */
  cycle: string[] | null;
}

/** An order to run the stages in (Kahn 1962). Needs that name no stage are ignored here: `check` reports them. */
export function stageOrder(recipe: Pick<Recipe, 'stages'>): StageOrder {
  const ids = new Set(recipe.stages.map(({ id }) => id));
  const needs = new Map(recipe.stages.map((stage) => [stage.id, stageNeeds(stage).filter((id) => ids.has(id))]));
  const order: string[] = [];
  const done = new Set<string>();
  for (let grew = true; grew;) {
    grew = false;
    for (const [id, before] of needs) {
      if (done.has(id) || !before.every((need) => done.has(need))) continue;
      done.add(id);
      order.push(id);
      grew = true;
      break;
    }
  }
  return { order, cycle: done.size === needs.size ? null : cycle(needs, done) };
}

/** From a stage that is stuck, along needs that are stuck, until a stage comes again. */
function cycle(needs: ReadonlyMap<string, string[]>, done: ReadonlySet<string>): string[] {
  const path: string[] = [];
  let id = [...needs.keys()].find((key) => !done.has(key))!;
  while (!path.includes(id)) {
    path.push(id);
    id = needs.get(id)!.find((need) => !done.has(need))!;
  }
  return [...path.slice(path.indexOf(id)), id];
}
