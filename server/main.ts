/** `longhand`: the service without an editor. Exit code 0: it did what was asked; 1: it did not; 2: wrong usage. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { errorCodes, LonghandError } from '../core/protocol/errors.ts';
import { commonOptions, rootFolder, UsageError, type Command, type Context } from './cli/command.ts';
import { Output } from './cli/output.ts';
import { nodeIsNewEnough } from './node-version.ts';
import { packageVersion } from './package-paths.ts';
import { suggestion } from '../core/recipes/nearest.ts';

/** Loaded when they are asked for: most need no service, and start the faster for it. */
const commands: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./cli/serve.ts')).serve,
  plan: async () => (await import('./cli/plan.ts')).plan,
  run: async () => (await import('./cli/run.ts')).run,
  runs: async () => (await import('./cli/runs.ts')).runs,
  show: async () => (await import('./cli/runs.ts')).show,
  logs: async () => (await import('./cli/runs.ts')).logs,
  stop: async () => (await import('./cli/runs.ts')).stop,
  resume: async () => (await import('./cli/runs.ts')).resume,
  delete: async () => (await import('./cli/runs.ts')).deleteRun,
  import: async () => (await import('./cli/import.ts')).importFiles,
  export: async () => (await import('./cli/export.ts')).exportRun,
  traces: async () => (await import('./cli/traces.ts')).traces,
  search: async () => (await import('./cli/search.ts')).search,
  labels: async () => (await import('./cli/labels.ts')).labels,
  annotate: async () => (await import('./cli/annotate.ts')).annotate,
  grade: async () => (await import('./cli/grade.ts')).grade,
  metrics: async () => (await import('./cli/metrics.ts')).metrics,
  audit: async () => (await import('./cli/audit.ts')).audit,
  rescore: async () => (await import('./cli/rescore.ts')).rescore,
  why: async () => (await import('./cli/why.ts')).why,
  behaviours: async () => (await import('./cli/behaviours.ts')).behaviours,
  judge: async () => (await import('./cli/judge.ts')).judge,
  reindex: async () => (await import('./cli/housekeeping.ts')).reindex,
  verify: async () => (await import('./cli/housekeeping.ts')).verify,
  doctor: async () => (await import('./cli/doctor.ts')).doctor,
};

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${await help()}\n`);
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    process.stdout.write(`${packageVersion}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? await commands[name]!() : undefined;
  const output = new Output(rest.includes('--json'));
  try {
    if (!command) {
      throw new UsageError(`there is no command ${name}${suggestion(name, Object.keys(commands))}`);
    }
    const context = read(command, rest, output);
    if (context === null) {
      process.stdout.write(`longhand ${command.name} ${command.usage}\n${command.summary}\n\n${commonHelp}\n`);
      return 0;
    }
    return await command.run(context);
  } catch (error) {
    return failed(error, command, output);
  }
}

/** Null where help is asked for. */
function read(command: Command, args: string[], output: Output): Context | null {
  const config: ParseArgsConfig = {
    args,
    options: { ...commonOptions, ...command.options },
    allowPositionals: true,
    strict: true,
  };
  let parsed;
  try {
    parsed = parseArgs(config);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const values = parsed.values as Record<string, string | boolean | string[] | undefined>;
  if (values['help']) return null;
  const [least, most] = command.arguments;
  const given = parsed.positionals.length;
  if (given < least || given > most) throw new UsageError(`${command.name} takes ${command.usage || 'no arguments'}`);
  const text = (name: string) => values[name] as string | undefined;
  return {
    root: rootFolder(text('root')),
    python: text('python') ?? null,
    engine: text('engine') ?? null,
    positionals: parsed.positionals,
    output,
    text,
    texts: (name) => (values[name] as string[] | undefined) ?? [],
    flag: (name) => values[name] === true,
    whole(name, min, max) {
      const value = text(name);
      if (value === undefined) return undefined;
      const number = Number(value);
      if (Number.isInteger(number) && number >= min && number <= max) return number;
      throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not ${value}.`);
    },
  };
}

function failed(error: unknown, command: Command | undefined, output: Output): number {
  const message = error instanceof Error ? error.message : String(error);
  const code = LonghandError.is(error) ? error.code : error instanceof UsageError ? 'usage' : 'internal';
  output.error(message);
  if (LonghandError.is(error)) output.error(errorCodes[error.code].help);
  else if (error instanceof UsageError) {
    output.error(command ? `usage: longhand ${command.name} ${command.usage}` : 'longhand --help lists the commands');
  } else if (error instanceof Error && process.env['LONGHAND_DEBUG']) process.stderr.write(`${error.stack}\n`);
  if (output.json) output.result({ error: { code, message } }, []);
  return error instanceof UsageError ? 2 : 1;
}

const commonHelp = `Every command takes
  --root DIR     folder of runs (default: LONGHAND_ROOT, or ~/.longhand)
  --python FILE  Python of the engine (default: LONGHAND_PYTHON, or the one that quickstart made)
  --engine DIR   folder of the engine that the set-up made
  --json         one object on the last line of standard output`;

async function help(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const lines = all.map(({ name, usage, summary }) => `  longhand ${name} ${usage}\n      ${summary}`);
  return `longhand ${packageVersion}: train reasoning models in stages and read what they wrote\n\n${lines.join('\n')}\n\n${commonHelp}`;
}

if (!nodeIsNewEnough()) {
  process.stderr.write(`longhand: Node 22.13 or newer is needed; this is ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  // A reader that goes away, such as `head`, ends the program without a complaint.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  process.exitCode = await main(process.argv.slice(2));
  // Open handles of a command that is done keep nothing alive.
  process.stdout.write('', () => process.exit());
}
