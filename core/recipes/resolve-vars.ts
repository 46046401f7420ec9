import type { Recipe } from './schema.ts';
import { suggestion } from './nearest.ts';

/** A variable that `set` names and the recipe does not have, or a reference to none. `message` says which. */
export class UnknownVariableError extends Error {}

/**
 * The recipe with every `${vars.…}` replaced by its value, those of `set` first. A string that is the reference alone takes the
 * variable's type, otherwise its text. References to stages stay: they are known only when those have run.
 * @throws UnknownVariableError
 */
export function resolveVars(recipe: Recipe, set: Readonly<Record<string, unknown>> = {}): Recipe {
  const known = recipe.vars ?? {};
  const names = Object.keys(known);
  for (const name of Object.keys(set)) {
    if (!Object.hasOwn(known, name))
      throw new UnknownVariableError(`the recipe has no variable “${name}”${suggestion(name, names)}`);
  }
  const vars = { ...known, ...set } as Record<string, number | string | boolean>;
  const resolve = (value: unknown): unknown => {
    if (typeof value === 'string') return inString(value, vars);
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]));
    return value;
  };
  return { ...recipe, vars, stages: resolve(recipe.stages) as Recipe['stages'] };
}

function inString(value: string, vars: Record<string, number | string | boolean>): unknown {
  const lookup = (name: string) => {
    if (!Object.hasOwn(vars, name))
      throw new UnknownVariableError(`there is no variable “${name}”${suggestion(name, Object.keys(vars))}`);
    return vars[name]!;
  };
  const whole = /^\$\{\s*vars\.([^{}.\s]+)\s*\}$/.exec(value);
  if (whole) return lookup(whole[1]!);
  return value.replace(/\$\{\s*vars\.([^{}.\s]+)\s*\}/g, (_, name: string) => String(lookup(name)));
}
