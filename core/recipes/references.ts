/** References in a recipe: `${vars.epochs}`, `${stages.sft.checkpoint.last}`. */
import type { Recipe, StageConfig } from './schema.ts';

export type Path = (string | number)[];

export interface Reference {
  /** As written, with the braces. */
  text: string;
  /** Where the string that holds it lies. */
  path: Path;
  /** `{ var }`, `{ stage, output }`, or `{ unknown }`: what stands between the braces. */
  target: { var: string } | { stage: string; output: string } | { unknown: string };
  /** True when the string is the reference alone, so that its value keeps its type. */
  whole: boolean;
}

const REFERENCE = /\$\{([^{}]*)\}/g;

/** Every reference in a value, however deep, in order. */
export function references(value: unknown, path: Path = []): Reference[] {
  if (typeof value === 'string') return inString(value, path);
  if (Array.isArray(value)) return value.flatMap((item, i) => references(item, [...path, i]));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => references(item, [...path, key]));
  }
  return [];
}

function inString(value: string, path: Path): Reference[] {
  return [...value.matchAll(REFERENCE)].map((match) => ({
    text: match[0],
    path,
    target: target(match[1]!.trim()),
    whole: match[0] === value,
  }));
}

function target(inner: string): Reference['target'] {
  const [root, name, ...rest] = inner.split('.');
  if (root === 'vars' && name && rest.length === 0) return { var: name };
  if (root === 'stages' && name && rest.length > 0 && rest.every((part) => part !== ''))
    return { stage: name, output: rest.join('.') };
  return { unknown: inner };
}

/** What a stage gives to others, by the names that references use. */
export function outputsOf(
  stage: Pick<StageConfig, 'kind'> &
    Partial<Record<'task' | 'files' | 'sources' | 'output' | 'evaluate' | 'outputs', unknown>>,
): string[] {
  switch (stage.kind) {
    case 'dataset': {
      const task = stage.task as { dev?: unknown; fresh?: unknown } | undefined;
      const optional = (['dev', 'fresh'] as const).filter((name) => task?.[name] !== undefined);
      const built = task ? ['train', ...optional, 'test'] : [];
      const files = Object.keys((stage.files as Record<string, string> | undefined) ?? {});
      return [...built, ...files, ...(stage.sources ? [outputOf(stage.output)] : [])];
    }
    case 'mix':
      return [outputOf(stage.output)];
    case 'select':
      return ['checkpoint'];
    case 'sft':
    case 'grpo':
      // The best is chosen by the stage's own evaluations.
      return stage.evaluate ? ['checkpoint.last', 'checkpoint.best'] : ['checkpoint.last'];
    case 'command':
      return Object.keys((stage.outputs as Record<string, string> | undefined) ?? {});
    case 'synthesize':
    case 'reject':
      return ['data'];
    default:
      return [];
  }
}

const outputOf = (output: unknown): string => (typeof output === 'string' ? output : 'train');

/** Ids of the stages that must be complete before this one: `needs` and every stage that it refers to, without repetition. */
export function stageNeeds(stage: Recipe['stages'][number]): string[] {
  const referred = references(stage).flatMap(({ target: to }) => ('stage' in to ? [to.stage] : []));
  const from = stage.kind === 'select' ? [stage.from] : [];
  return [...new Set([...(stage.needs ?? []), ...referred, ...from])];
}
