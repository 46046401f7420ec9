/** How each inference server is started: its program, its argument list, and where it takes a key from. Pure. */
import { LonghandError } from '../../core/protocol/errors.ts';

export type ServerEngine = 'vllm' | 'sglang' | 'llama.cpp' | 'transformers' | 'embedded';

/** One of a server's flags: `true` gives the flag alone, `false` and null leave it out. */
export type FlagValue = string | number | boolean | null | FlagValue[] | { [key: string]: FlagValue };

export interface ServerStart {
  engine: ServerEngine;
  /** Folder, hub name, or (llama.cpp) GGUF file. */
  checkpoint: string;
  port: number;
  /** The server's own flags by name, without the leading dashes, verbatim. */
  args: Record<string, FlagValue>;
}

interface ServerEngineDefinition {
  /** What runs it, looked for beside the engine's Python and then on the PATH; `python` is the engine's own. */
  program: string;
  command: (start: ServerStart) => string[];
  /** The environment variable from which the server takes the key that requests must carry; null where it has none. */
  keyVariable: string | null;
  /** Flags that are given by us, whose values a recipe cannot set. */
  owned: readonly string[];
  /** Python modules that it dies without, and what to install for them; null where the program is whole by itself. */
  modules: { names: readonly string[]; install: string } | null;
}

const EMBEDDED_KEY = 'LONGHAND_SERVE_KEY';
const HOST = '127.0.0.1';
const place = ({ port }: ServerStart) => ['--host', HOST, '--port', String(port)];

export const serverEngines: Record<ServerEngine, ServerEngineDefinition> = {
  vllm: {
    program: 'vllm',
    command: (start) => ['serve', start.checkpoint, ...place(start)],
    keyVariable: 'VLLM_API_KEY',
    owned: ['model', 'api-key'],
    modules: null,
  },
  sglang: {
    program: 'python',
    command: (start) => ['-m', 'sglang.launch_server', '--model-path', start.checkpoint, ...place(start)],
    // It takes a key only on its command line, which every user of the machine can read.
    keyVariable: null,
    owned: ['model-path', 'model', 'api-key'],
    modules: { names: ['sglang'], install: 'sglang' },
  },
  'llama.cpp': {
    program: 'llama-server',
    command: (start) => ['--model', start.checkpoint, ...place(start)],
    keyVariable: 'LLAMA_API_KEY',
    owned: ['model', 'm', 'api-key'],
    modules: null,
  },
  transformers: {
    program: 'transformers',
    command: (start) => ['serve', start.checkpoint, ...place(start)],
    keyVariable: null,
    owned: ['force-model'],
    // Transformers alone brings the program, which then says that these are missing.
    modules: { names: ['fastapi', 'openai', 'pydantic', 'uvicorn'], install: 'transformers[serving]' },
  },
  embedded: {
    program: 'python',
    command: (start) => [
      ...['-u', '-m', 'longhand_engine.serve', '--model', start.checkpoint, ...place(start)],
      ...['--api-key-env', EMBEDDED_KEY],
    ],
    keyVariable: EMBEDDED_KEY,
    owned: ['model', 'api-key-env', 'address-file'],
    modules: null,
  },
};

/** The arguments after the program. @throws LonghandError `config_error` for a flag that is ours or no flag at all */
export function serverArguments(start: ServerStart): string[] {
  const { command, owned } = serverEngines[start.engine];
  for (const name of Object.keys(start.args)) {
    const bare = name.replace(/^-+/, '');
    if (!/^[A-Za-z0-9][\w.-]*$/.test(bare)) throw invalid(`“${name}” is no flag of a server.`);
    if (owned.includes(bare.replaceAll('_', '-')) || ['host', 'port'].includes(bare)) {
      throw invalid(`${bare} cannot be set under inference.args: the service gives it.`);
    }
  }
  return [...command(start), ...Object.entries(start.args).flatMap(([name, value]) => flag(name, value))];
}

function flag(name: string, value: FlagValue): string[] {
  if (value === false || value === null) return [];
  const bare = name.replace(/^-+/, '');
  const dashed = bare.length === 1 ? `-${bare}` : `--${bare}`;
  if (value === true) return [dashed];
  if (Array.isArray(value)) return [dashed, ...value.map(text)];
  return [dashed, text(value)];
}

const text = (value: FlagValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

const invalid = (message: string): LonghandError => new LonghandError('invalid_recipe', message);
