/** `longhand`: the service without an editor. Exit code 0: it did what was asked; 1: it did not; 2: wrong usage. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { errorCodes, LonghandError } from '../core/protocol/errors.ts';
import { annotate } from './cli/annotate.ts';
import { commonOptions, rootFolder, UsageError, type Command, type Context } from './cli/command.ts';
import { doctor } from './cli/doctor.ts';
import { exportRun } from './cli/export.ts';
import { grade } from './cli/grade.ts';
import { reindex, verify } from './cli/housekeeping.ts';
import { importFiles } from './cli/import.ts';
import { metrics } from './cli/metrics.ts';
import { Output } from './cli/output.ts';
import { plan } from './cli/plan.ts';
import { run } from './cli/run.ts';
import { deleteRun, logs, resume, runs, show, stop } from './cli/runs.ts';
import { serve } from './cli/serve.ts';
import { nodeIsNewEnough } from './doctor.ts';
import { packageVersion } from './package-paths.ts';
import { suggestion } from '../core/recipes/nearest.ts';

const commands: Command[] = [
  serve,
  plan,
  run,
  runs,
  show,
  logs,
  stop,
  resume,
  deleteRun,
  importFiles,
  exportRun,
  annotate,
  grade,
  metrics,
  reindex,
  verify,
  doctor,
];

async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${help()}\n`);
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    process.stdout.write(`${packageVersion}\n`);
    return 0;
  }
  const command = commands.find((one) => one.name === name);
  const output = new Output(rest.includes('--json'));
  try {
    if (!command) {
      const names = commands.map((one) => one.name);
      throw new UsageError(`there is no command ${name}${suggestion(name, names)}`);
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

function help(): string {
  const lines = commands.map(({ name, usage, summary }) => `  longhand ${name} ${usage}\n      ${summary}`);
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
