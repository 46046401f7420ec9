/** A real backend in a process of its own, for tests: it can be killed; clients connect as the extension does. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import 'vscode-jsonrpc/node';
import { connectBackend, type Backend } from '../../core/protocol/client.ts';
import { parseDiscovery, type Discovery } from '../../core/protocol/discovery.ts';
import type { RunSummary, StageInfo } from '../../core/protocol/methods.ts';
import { requiredVersions } from '../../server/engine.ts';
import { identify } from '../../server/process-identity.ts';

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const mainFile = join(repository, 'server', 'main.ts');

/** The engine's Python, or null: then tests that train for real are skipped. */
export const enginePython = process.env['LONGHAND_PYTHON'] ?? null;

/**
 * A Python whose trainers and evaluations are `rehearsal_worker.py`: the runner and the record are real, but nothing imports torch. It says of
 * itself that all packages are there, so it needs none.
 */
export function rehearsalPython(folder: string): string {
  const python = enginePython ?? 'python3';
  const worker = join(repository, 'test', 'support', 'rehearsal_worker.py');
  const packages = { torch: '2', datasets: '5', accelerate: '1', 'math-verify': '0', ...requiredVersions() };
  const versions = JSON.stringify({ python: [3, 11, 0], packages, engine: '0' });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'python');
  writeFileSync(
    path,
    `#!/bin/sh
case "$*" in
  -c*) echo '${versions}' ;;
  *longhand_engine.train*|*longhand_engine.evaluate*) for last; do :; done; exec ${python} -u ${worker} "$last" ;;
  *) exec ${python} "$@" ;;
esac
`,
  );
  chmodSync(path, 0o755);
  return path;
}

/**
 * A recipe of one dataset and training stages in a row, each with its own `env` for the rehearsal worker. `EVALUATE` adds an
 * evaluation of every checkpoint, `FROM` says which checkpoint of the stage before is taken (`last`).
 */
export function rehearsalRecipe(stages: Record<string, Record<string, string | number>>): string {
  const lines = ['name: rehearsal', 'stages:'];
  lines.push('  - { id: data, kind: dataset, task: { builtin: sums-mod-7, train: 8, test: 4 } }');
  let before: string | null = null;
  for (const [id, { EVALUATE, FROM, ...env }] of Object.entries(stages)) {
    const model =
      before === null ? '{ builtin: longhand-base }' : '${stages.' + before + '.checkpoint.' + (FROM ?? 'last') + '}';
    const quoted = Object.entries(env).map(([name, value]) => `${name}: "${value}"`);
    lines.push(`  - id: ${id}`, '    kind: sft', `    model: ${model}`, '    data: ${stages.data.train}');
    lines.push('    config: { max_steps: 20 }', '    grace: 5', `    env: { ${quoted.join(', ')} }`);
    if (EVALUATE) {
      lines.push('    evaluate: { every: checkpoint, data: "${stages.data.test}", samples: 1, max_tokens: 64 }');
    }
    before = id;
  }
  return `${lines.join('\n')}\n`;
}

/** A folder that is removed when the tests end. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `longhand-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export class TestService {
  readonly root: string;
  readonly #python: string;
  readonly #args: string[];
  readonly #clients: Backend[] = [];
  #child: ChildProcess | null = null;
  output = '';

  constructor(root: string, python: string, args: string[] = []) {
    this.root = root;
    this.#python = python;
    this.#args = args;
  }

  get discovery(): Discovery | null {
    const path = join(this.root, 'service.json');
    return existsSync(path) ? parseDiscovery(readFileSync(path, 'utf8')) : null;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Resolves when the discovery file of this very process is there. */
  async start(): Promise<this> {
    const args = [
      mainFile,
      'serve',
      '--root',
      this.root,
      '--python',
      this.#python,
      '--log-level',
      'debug',
      ...this.#args,
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (this.output += String(data)));
    await until(() => this.discovery?.pid === child.pid || child.exitCode !== null, 'the service starts', 20_000);
    if (child.exitCode !== null) throw new Error(`the service ended with code ${child.exitCode}: ${this.output}`);
    return this;
  }

  async connect(): Promise<Backend> {
    const { url, token } = this.discovery!;
    const backend = await connectBackend({
      url,
      token,
      client: 'test',
      open: (to, options) => new WebSocket(to, options),
    });
    this.#clients.push(backend);
    return backend;
  }

  /** Ends the process and waits for it. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }

  /** Stops every run that goes on, then the service: a test leaves no process behind. */
  async dispose(): Promise<void> {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) {
      const backend = await this.connect().catch(() => null);
      if (backend) {
        const { runs } = await backend.call('runs/list', {});
        for (const { run, state } of runs) {
          if (state !== 'running' && state !== 'stopping') continue;
          const { stopping } = await backend.call('runs/stop', { run });
          for (const stage of stopping) {
            await backend.call('stages/stop', { run, stage, force: true }).catch(() => undefined);
          }
          await untilRun(backend, run, ({ state: now }) => now !== 'running' && now !== 'stopping');
        }
      }
    }
    for (const client of this.#clients) client.close();
    await this.kill('SIGTERM');
  }
}

/** Polls until `condition` holds. */
export async function until(condition: () => unknown, what: string, timeout = 30_000): Promise<void> {
  for (const deadline = Date.now() + timeout; !(await condition()); await sleep(25)) {
    if (Date.now() > deadline) throw new Error(`not within ${timeout / 1000} s: ${what}`);
  }
}

export async function untilRun(
  backend: Backend,
  run: string,
  condition: (summary: RunSummary) => boolean,
  timeout = 60_000,
): Promise<RunSummary> {
  let summary = await backend.call('runs/get', { run });
  for (const deadline = Date.now() + timeout; !condition(summary); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`not within ${timeout / 1000} s: ${JSON.stringify(summary, null, 1)}`);
    summary = await backend.call('runs/get', { run });
  }
  return summary;
}

export function stage(summary: RunSummary, id: string): StageInfo {
  const found = summary.stages.find((one) => one.id === id);
  if (!found) throw new Error(`no stage ${id} in ${summary.run}`);
  return found;
}

/** True when no living process has this number. */
export function isGone(pid: number): boolean {
  return identify(pid) === null;
}
