/** What a stage's `inference` asks for, and the server that it becomes. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, readdir, stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { LonghandError } from '../../core/protocol/errors.ts';
import { inferenceSchema, type InferenceConfig } from '../../core/recipes/stages/inference.ts';
import type { PlanStage } from '../recipes/plan-file.ts';
import { serverArguments, serverEngines, type ServerEngine } from './engines.ts';

/** A server of ours that a stage asks for; the recipe's own words. */
export type WantedServer = Extract<InferenceConfig, { engine: ServerEngine }>;

/** Seconds from a server's start until it must answer, where the recipe does not say: large models are read for minutes. */
export const DEFAULT_START_TIMEOUT_S = 900;

/**
 * Says what makes stages of a run need the same server, as the recipe has it (the model may be a reference); null where a
 * stage needs none of ours. A stage whose checkpoint changes while it runs shares with nobody.
 */
export function needOf(stage: PlanStage): string | null {
  const parsed = inferenceSchema.safeParse(stage.config['inference']);
  if (!parsed.success || 'url' in parsed.data) return null;
  const { engine, program = null, args = {} } = parsed.data;
  const sorted = Object.entries(args).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const what = [engine, program, sorted, stage.inputs['model'], stage.env, stage.of === null ? null : stage.id];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 16);
}

/** Of the stages whose server cannot be started on this machine, why: by their ids. @param python of the engine */
export async function lackingServers(stages: readonly PlanStage[], python: string): Promise<Map<string, string>> {
  const found = await Promise.all(stages.map(async (stage) => [stage.id, await lackingServer(stage, python)] as const));
  return new Map(found.flatMap(([id, why]) => (why === null ? [] : [[id, why]])));
}

async function lackingServer(stage: PlanStage, python: string): Promise<string | null> {
  const parsed = inferenceSchema.safeParse(stage.config['inference']);
  if (!parsed.success || 'url' in parsed.data) return null;
  try {
    await serverCommand(parsed.data, python);
    return null;
  } catch (error) {
    if (error instanceof LonghandError) return error.message;
    throw error;
  }
}

/** The whole argument list of a server. Rejects with LonghandError `not_found` where the model's file is missing. */
export type ServerCommand = (port: number, checkpoint: string) => Promise<string[]>;

/**
 * The argument list of the server by its port and what it serves.
 *
 * @param python of the engine
 * @throws LonghandError `invalid_recipe` for a flag that cannot be set, `not_found` where the program or what it imports is missing
 */
export async function serverCommand(wanted: WantedServer, python: string): Promise<ServerCommand> {
  const program = await findProgram(wanted, python);
  await requireModules(wanted.engine, program);
  const { engine, args = {} } = wanted;
  serverArguments({ engine, args, checkpoint: '', port: 0 });
  return async (port, checkpoint) => {
    const model = engine === 'llama.cpp' ? await ggufFile(checkpoint) : checkpoint;
    return [program, ...serverArguments({ engine, args, checkpoint: model, port })];
  };
}

/** The named program, or the one beside the engine's Python, or the one on the PATH. */
async function findProgram({ engine, program: named }: WantedServer, python: string): Promise<string> {
  const { program } = serverEngines[engine];
  if (named === undefined && program === 'python') return python;
  const name = named ?? program;
  const folders = isAbsolute(name) ? [''] : [dirname(python), ...(process.env['PATH'] ?? '').split(delimiter)];
  for (const folder of folders) {
    const path = folder === '' ? name : join(folder, name);
    if (await isProgram(path)) return path;
  }
  const where = isAbsolute(name)
    ? `There is no program ${name}.`
    : `${name} is neither beside ${python} nor on the PATH.`;
  throw new LonghandError('not_found', `${where} Install it, or name it with inference.program.`);
}

const FIND_MODULES = 'import sys, importlib.util as u; print(*[n for n in sys.argv[1:] if not u.find_spec(n)])';
const FIND_MODULES_MS = 20_000;

/** Asks the program's Python for what the server imports: it would die minutes later, with the reason in its log. */
async function requireModules(engine: ServerEngine, program: string): Promise<void> {
  const { modules, program: usual } = serverEngines[engine];
  const python = modules && (usual === 'python' ? program : await interpreterOf(program));
  // A wrapper in another language: only its start can tell.
  if (!modules || !python) return;
  const asked = promisify(execFile)(python, ['-c', FIND_MODULES, ...modules.names], { timeout: FIND_MODULES_MS });
  const missing = await asked.then(
    ({ stdout }) => stdout.trim().split(/\s+/).filter(Boolean),
    () => [],
  );
  if (missing.length === 0) return;
  throw new LonghandError(
    'not_found',
    `The ${engine} server needs ${missing.join(', ')}, which ${python} does not have. Install them with ` +
      `uv pip install --python ${python} '${modules.install}', or name the program of another environment with inference.program.`,
  );
}

/** The Python that a script names at its head, as pip and uv write it; null for any other program. */
async function interpreterOf(program: string): Promise<string | null> {
  const file = await open(program);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    const head = buffer.toString('utf8', 0, bytesRead);
    // The second form is for paths that are too long for a first line, or have blanks.
    const found =
      /^#![ \t]*(\/\S*\/python[\d.]*)[ \t]*\r?\n/.exec(head) ??
      /^#!\/bin\/sh\n'''exec' ['"]?(\/[^'"\n]*\/python[\d.]*)['"\s]/.exec(head);
    return found?.[1] ?? null;
  } finally {
    await file.close();
  }
}

async function isProgram(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** llama.cpp reads one GGUF file, not a folder of safetensors. */
async function ggufFile(checkpoint: string): Promise<string> {
  if (checkpoint.endsWith('.gguf')) return checkpoint;
  const names = (await readdir(checkpoint).catch(() => [] as string[])).filter((name) => name.endsWith('.gguf'));
  if (names.length === 1) return join(checkpoint, names[0]!);
  const found = names.length === 0 ? 'has no GGUF file' : `has ${names.length} GGUF files (${names.join(', ')})`;
  throw new LonghandError(
    'not_found',
    `llama.cpp reads a GGUF file, and ${checkpoint} ${found}. Name one as the model.`,
  );
}
