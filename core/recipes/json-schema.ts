/** The recipe's JSON Schema, made from the one zod schema. */
import * as z from 'zod';
import { recipeSchema } from './schema.ts';

/** As much of JSON Schema as zod writes. */
export interface JsonSchema {
  $schema?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema | JsonSchema[];
  prefixItems?: JsonSchema[];
  propertyNames?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  const?: unknown;
  enum?: unknown[];
  [key: string]: unknown;
}

let made: JsonSchema | null = null;

/** JSON Schema (draft 2020-12) of a recipe, as a user writes it. */
export function recipeJsonSchema(): JsonSchema {
  made ??= z.toJSONSchema(recipeSchema, { io: 'input' }) as JsonSchema;
  return made;
}

/**
 * The schemas that may stand at a path of a value: of alternatives told apart by a constant (`kind`, `name`) only those that fit what the
 * value has.
 */
export function schemasAt(path: readonly (string | number)[], value: unknown): JsonSchema[] {
  let schemas = alternatives(recipeJsonSchema(), value);
  let here = value;
  for (const part of path) {
    here = typeof here === 'object' && here !== null ? (here as Record<string | number, unknown>)[part] : undefined;
    schemas = schemas.flatMap((schema) => child(schema, part)).flatMap((schema) => alternatives(schema, here));
  }
  return schemas;
}

function child(schema: JsonSchema, part: string | number): JsonSchema[] {
  if (typeof part === 'number') {
    const item = schema.prefixItems?.[part] ?? (Array.isArray(schema.items) ? schema.items[part] : schema.items);
    return item ? [item] : [];
  }
  const property = schema.properties?.[part];
  if (property) return [property];
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}

function alternatives(schema: JsonSchema, value: unknown): JsonSchema[] {
  const options = schema.anyOf ?? schema.oneOf;
  if (!options) return [schema];
  const all = options.flatMap((option) =>
    alternatives(
      option.description ? option : { ...option, ...(schema.description ? { description: schema.description } : {}) },
      value,
    ),
  );
  const fitting = all.filter((option) => fits(option, value));
  return fitting.length > 0 ? mostKnown(fitting, value) : all;
}

/** Where nothing tells alternatives apart by a constant, those that know the most of the keys that are there. */
function mostKnown(options: JsonSchema[], value: unknown): JsonSchema[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return options;
  const known = options.map(({ properties }) => Object.keys(value).filter((key) => properties?.[key]).length);
  const most = Math.max(...known);
  return options.filter((_, i) => known[i] === most);
}

/** Whether a schema is that of a text which refers to a variable or a stage. */
export function isReference(schema: JsonSchema): boolean {
  return schema.type === 'string' && typeof schema['pattern'] === 'string' && schema['pattern'].includes('\\$');
}

/** Whether the constants of a mapping's schema are those of the value, where the value has them. */
function fits(schema: JsonSchema, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  if (schema.properties === undefined) return false;
  return Object.entries(schema.properties).every(([key, property]) => {
    const has = (value as Record<string, unknown>)[key];
    return property.const === undefined || has === undefined || has === property.const;
  });
}
