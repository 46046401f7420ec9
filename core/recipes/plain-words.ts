/** zod's issues in the words of a recipe, each with the path of what it is about. */
import type * as z from 'zod';
import { isReference, type JsonSchema } from './json-schema.ts';
import { suggestion } from './nearest.ts';
import type { Path } from './references.ts';

export interface Problem {
  message: string;
  path: Path;
  /** Whether the key or the value is wrong. */
  what: 'key' | 'value';
}

type Issue = z.core.$ZodIssue;
/** The schemas that may stand at a path. */
type SchemasAt = (path: Path) => JsonSchema[];

export function problemsOf(issues: readonly Issue[], value: unknown, schemasAt: SchemasAt): Problem[] {
  return issues.flatMap((issue) => problem(issue, value, schemasAt, []));
}

function problem(issue: Issue, root: unknown, schemasAt: SchemasAt, prefix: Path): Problem[] {
  const path = [...prefix, ...(issue.path as Path)];
  const got = valueAt(root, path);
  const name = nameOf(path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = [...new Set(schemasAt(path).flatMap((schema) => Object.keys(schema.properties ?? {})))];
      return issue.keys.map((key) => ({
        message: `unknown key “${key}”${suggestion(key, known)}`,
        path: [...path, key],
        what: 'key',
      }));
    }
    case 'invalid_type':
      if (got === undefined) return [missing(path, name)];
      return [{ message: `${name} must be ${typeWords(issue.expected)}, not ${show(got)}`, path, what: 'value' }];
    case 'invalid_format': {
      // zod names only the alternative that came nearest; a person wants to know all of them.
      const words = alternatives(schemasAt(path));
      const message =
        words.length > 1 ? `must be ${words.join(' or ')}` : issue.message.replace(/^expected/, 'must be');
      const said = message.startsWith('must') ? `${name} ${message}` : `${name}: ${message}`;
      return [{ message: `${said}, not ${show(got)}`, path, what: 'value' }];
    }
    case 'invalid_value': {
      if (got === undefined) return [missing(path, name)];
      const values = issue.values.map(String);
      const hint = typeof got === 'string' ? suggestion(got, values) : '';
      const list = values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;
      return [
        { message: `${name} ${list}, not ${show(got)}${hint.startsWith('; did') ? hint : ''}`, path, what: 'value' },
      ];
    }
    case 'invalid_union':
      return union(issue, root, schemasAt, path, got, name);
    case 'too_small':
    case 'too_big': {
      const limit = Number(issue.code === 'too_small' ? issue.minimum : issue.maximum);
      if (issue.origin === 'array' && issue.code === 'too_small')
        return [
          { message: `${name} needs at least ${limit === 1 ? 'one entry' : `${limit} entries`}`, path, what: 'value' },
        ];
      if (issue.origin === 'string' && limit === 1) return [{ message: `${name} is empty`, path, what: 'value' }];
      const bound =
        issue.code === 'too_small'
          ? issue.inclusive === false
            ? 'more than'
            : 'at least'
          : issue.inclusive === false
            ? 'less than'
            : 'at most';
      const unit = issue.origin === 'array' ? ' entries' : issue.origin === 'string' ? ' characters' : '';
      return [
        {
          message: unit
            ? `${name} must have ${bound} ${limit}${unit}`
            : `${name} must be ${bound} ${limit}, not ${show(got)}`,
          path,
          what: 'value',
        },
      ];
    }
    // A rule of our own: its message says all.
    case 'custom':
      return [{ message: typeof got === 'string' ? `${name}: ${issue.message}` : issue.message, path, what: 'value' }];
    default:
      return [
        { message: `${name}: ${issue.message}${got === undefined ? '' : `, not ${show(got)}`}`, path, what: 'value' },
      ];
  }
}

function union(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  root: unknown,
  schemasAt: SchemasAt,
  path: Path,
  got: unknown,
  name: string,
): Problem[] {
  if (got === undefined) return [missing(path, name)];
  // A discriminated union whose `kind` or `name` is not known (or not there): zod gives the issue the path of the discriminator.
  if (issue.errors.length === 0) {
    const known = knownValues(issue);
    const hint = typeof got === 'string' && known.length > 0 ? suggestion(got, known) : '';
    return [{ message: `${name} ${show(got)} is not known${hint}`, path, what: 'value' }];
  }
  // The alternative that got furthest is the one that was meant.
  const deeper = issue.errors.find(
    (branch) =>
      branch.length > 0 && branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  );
  if (deeper) return deeper.flatMap((inner) => problem(inner, root, schemasAt, path));
  const words = alternatives(schemasAt(path));
  // A number of the wrong size says so; the alternatives would only hide it.
  const precise = issue.errors
    .flat()
    .find((inner) => inner.path.length === 0 && (inner.code === 'too_small' || inner.code === 'too_big'));
  if (precise && typeof got !== 'string') return problem(precise, root, schemasAt, path);
  return [{ message: `${name} must be ${words.join(' or ')}, not ${show(got)}`, path, what: 'value' }];
}

function knownValues(issue: Extract<Issue, { code: 'invalid_union' }>): string[] {
  const options = (issue as { options?: readonly unknown[] }).options;
  return options ? options.map(String) : [];
}

/** What may stand there, each once: “a whole number”, “a reference such as ${vars.name}”. */
function alternatives(schemas: readonly JsonSchema[]): string[] {
  const words = schemas.map((schema) => {
    if (schema.const !== undefined) return JSON.stringify(schema.const).replaceAll('"', '');
    if (schema.enum) return schema.enum.join(' or ');
    if (schema.type === 'string') return isReference(schema) ? 'a reference such as ${vars.name}' : 'a text';
    return [schema.type ?? ''].flat().map(typeWords);
  });
  return [...new Set(words.flat())].filter((word) => word !== '');
}

function missing(path: Path, name: string): Problem {
  return { message: `${name} is missing`, path, what: 'key' };
}

const TYPES: Record<string, string> = {
  number: 'a number',
  int: 'a whole number',
  integer: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function typeWords(expected: string): string {
  return TYPES[expected] ?? expected;
}

function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the recipe';
  return typeof last === 'number'
    ? `entry ${last + 1}${typeof path.at(-2) === 'string' ? ` of “${path.at(-2)}”` : ''}`
    : `“${last}”`;
}

/** A value as the file shows it, in few words. */
export function show(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return `the text “${value.length > 40 ? `${value.slice(0, 40)}…` : value}”`;
  return JSON.stringify(value) ?? 'nothing';
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
