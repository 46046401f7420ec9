/** What a command of `longhand` is, and the options that all of them take. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ParseArgsOptionsConfig } from 'node:util';
import type { Output } from './output.ts';

/** Wrong usage: exit code 2. */
export class UsageError extends Error {}

export interface Context {
  root: string;
  python: string | null;
  engine: string | null;
  positionals: string[];
  output: Output;
  /** One value of an option that the command declares. */
  text(name: string): string | undefined;
  texts(name: string): string[];
  flag(name: string): boolean;
  /** @throws UsageError where it is not a whole number in the range. */
  whole(name: string, min: number, max: number): number | undefined;
}

export interface Command {
  name: string;
  /** After the name. */
  usage: string;
  summary: string;
  options?: ParseArgsOptionsConfig;
  /** Fewest and most positional arguments. */
  arguments: [number, number];
  /** The exit code. */
  run(context: Context): Promise<number>;
}

export const commonOptions = {
  root: { type: 'string' },
  python: { type: 'string' },
  engine: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

/** The root that is meant where none is named: `LONGHAND_ROOT`, or one for the user, the same as the extension's. */
export function rootFolder(named: string | undefined): string {
  return resolve(named ?? process.env['LONGHAND_ROOT'] ?? join(homedir(), '.longhand'));
}
