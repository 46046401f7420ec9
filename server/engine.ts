/** The Python engine: where it is, what it lacks, and the environment that its processes get. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { LonghandError } from '../core/protocol/errors.ts';
import { engineFolder, packageFolder } from './package-paths.ts';

const execute = promisify(execFile);

export interface EngineOptions {
  /** `--python`, or null. */
  python: string | null;
  /** `--engine`: a folder made by the set-up, or null for the package's own. */
  folder: string | null;
}

export interface Engine {
  python: string;
  /** By package; what the engine's processes will import. */
  versions: Record<string, string>;
  pythonVersion: string;
}

export interface EngineProblem {
  code: 'engine_missing' | 'engine_broken';
  message: string;
}

const OLDEST_PYTHON = [3, 11] as const;
const PROBE_TIMEOUT_MS = 20_000;
const PROBE_KEPT_MS = 10_000;
const packages = ['torch', 'transformers', 'trl', 'datasets', 'accelerate', 'math-verify'];

/** Asks for versions only: importing torch takes seconds. */
const PROBE = `
import json, sys
from importlib.metadata import version, PackageNotFoundError
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
try:
    import longhand_engine
    engine = longhand_engine.__version__
except Exception as error:
    engine = None
print(json.dumps({"python": list(sys.version_info[:3]), "packages": found, "engine": engine}))
`;
const probeSchema = z.object({
  python: z.array(z.number()),
  packages: z.record(z.string(), z.string()),
  engine: z.string().nullable(),
});

/** The same choice of an engine, as arguments of the command line. */
export function engineArguments({ python, folder }: EngineOptions): string[] {
  return [...(python === null ? [] : ['--python', python]), ...(folder === null ? [] : ['--engine', folder])];
}

export class EngineFinder {
  readonly #options: EngineOptions;
  #kept: { key: string; at: number; result: Engine | EngineProblem } | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** @throws LonghandError `engine_missing` or `engine_broken`, in the doctor's words. */
  async find(): Promise<Engine> {
    const found = await this.look();
    if ('code' in found) throw new LonghandError(found.code, found.message);
    return found;
  }

  /** The engine, or what is wrong with it. What was found is trusted for ten seconds. */
  async look(): Promise<Engine | EngineProblem> {
    const python = this.#python();
    if (typeof python !== 'string') return python;
    const key = `${python}:${statSync(python).mtimeMs}`;
    if (this.#kept?.key === key && Date.now() - this.#kept.at < PROBE_KEPT_MS) return this.#kept.result;
    const result = await probe(python);
    this.#kept = { key, at: Date.now(), result };
    return result;
  }

  #python(): string | EngineProblem {
    const named = this.#options.python ?? process.env['LONGHAND_PYTHON'];
    if (named) {
      if (existsSync(named)) return named;
      return missing(`The Python that was named, ${named}, does not exist.`);
    }
    const folder = this.#options.folder ?? join(packageFolder, '.longhand', 'engine');
    const python =
      process.platform === 'win32'
        ? join(folder, 'venv', 'Scripts', 'python.exe')
        : join(folder, 'venv', 'bin', 'python');
    if (existsSync(join(folder, 'COMPLETE.json')) && existsSync(python)) return python;
    if (!existsSync(join(folder, 'venv'))) {
      return missing(`There is no Python engine in ${folder}.`);
    }
    return {
      code: 'engine_broken',
      message: `The Python engine in ${folder} is half installed. Set it up again: what was downloaded is kept.`,
    };
  }
}

function missing(what: string): EngineProblem {
  return {
    code: 'engine_missing',
    message: `${what} Set it up with “Longhand: Set Up Engine” or npm run quickstart, or name a Python with --python.`,
  };
}

async function probe(python: string): Promise<Engine | EngineProblem> {
  let found: z.infer<typeof probeSchema>;
  try {
    const { stdout } = await execute(python, ['-c', PROBE, ...packages], {
      timeout: PROBE_TIMEOUT_MS,
      env: engineEnvironment(),
      maxBuffer: 1024 * 1024,
    });
    found = probeSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } catch (error) {
    const why =
      (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || (error as Error).message.split('\n')[0];
    return { code: 'engine_broken', message: `${python} does not run as a Python (${why}). Set the engine up again.` };
  }
  const [major = 0, minor = 0] = found.python;
  const version = found.python.join('.');
  if (major < OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor < OLDEST_PYTHON[1])) {
    return {
      code: 'engine_broken',
      message: `${python} is Python ${version}; ${OLDEST_PYTHON.join('.')} or newer is needed.`,
    };
  }
  const other = Object.entries(requiredVersions()).filter(
    ([name, wanted]) => name in found.packages && minorOf(found.packages[name]!) !== minorOf(wanted),
  );
  if (other.length > 0) {
    const what = other.map(([name, wanted]) => `${name} ${found.packages[name]}, where ${wanted} is needed`);
    return { code: 'engine_broken', message: `${python} has ${what.join(', and ')}. Set the engine up again.` };
  }
  const lacking = packages.filter((name) => !(name in found.packages));
  if (lacking.length > 0 || found.engine === null) {
    const what = [...lacking, ...(found.engine === null ? ['longhand_engine'] : [])].join(', ');
    return { code: 'engine_broken', message: `${python} lacks ${what}. Set the engine up again.` };
  }
  return { python, versions: found.packages, pythonVersion: version };
}

/** The versions, by package, of what the workers are written for; other packages may be newer or built otherwise. */
export function requiredVersions(): Record<string, string> {
  const path = join(engineFolder, 'requirements.lock');
  const lock = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines = [...lock.matchAll(/^(trl|transformers)==([^\s;]+)/gm)];
  return Object.fromEntries(lines.map(([, name, version]) => [name!, version!]));
}

/** `1.16` of `1.16.0`. */
const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.');

/** The environment of every process of the engine: ours, without what would lead Python astray. */
export function engineEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PYTHONPATH: engineFolder,
    PYTHONUNBUFFERED: '1',
    PYTHONFAULTHANDLER: '1',
    PYTHONIOENCODING: 'utf-8',
    TOKENIZERS_PARALLELISM: 'false',
    HF_HUB_DISABLE_TELEMETRY: '1',
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
  };
  // Without a bytecode cache TRL takes 21 s to import instead of 8.
  delete env['PYTHONDONTWRITEBYTECODE'];
  for (const name of ['PYTHONHOME', 'ELECTRON_RUN_AS_NODE', 'NODE_OPTIONS', 'VSCODE_IPC_HOOK_CLI']) delete env[name];
  // A service that was itself started by a launcher of several processes: its workers are no ranks of that.
  for (const name of ['RANK', 'LOCAL_RANK', 'WORLD_SIZE', 'LOCAL_WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'])
    delete env[name];
  const cache = bytecodeCache();
  if (cache) env['PYTHONPYCACHEPREFIX'] = cache;
  return env;
}

let knownCache: string | null | undefined;

/** A folder for bytecode where the engine's own cannot be written; null where it can. */
function bytecodeCache(): string | null {
  if (knownCache !== undefined) return knownCache;
  try {
    accessSync(join(engineFolder, 'longhand_engine'), constants.W_OK);
    knownCache = null;
  } catch {
    knownCache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'longhand', 'pycache');
    try {
      mkdirSync(knownCache, { recursive: true, mode: 0o700 });
    } catch {
      knownCache = null;
    }
  }
  return knownCache;
}
