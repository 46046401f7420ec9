/** `longhand judge`: a second opinion on the behaviours of a run's traces, by a model behind an endpoint that the user names. */
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../core/protocol/client.ts';
import { agreementRows, estimateLines, jobLines, progressWords } from '../../core/judge/words.ts';
import type { JudgeAgreement, JudgeEndpoint, JudgeJob, JudgeKey, JudgeSelection } from '../../core/protocol/judge.ts';
import { UsageError, type Command, type Context } from './command.ts';
import { table, type Output } from './output.ts';
import { listQuery } from './query-words.ts';
import { findRun, withService } from './runs.ts';

const SAMPLE = 50;
const LONG = { timeout: 600_000 };

export const judge: Command = {
  name: 'judge',
  usage:
    'RUN --url URL --model NAME [--key-env NAME] [--limit 50 | --per-stage N | --all] [--seed 0] [--stage ID] [--query Q] [--concurrency 4] [--max-tokens 4096] [--price IN,OUT] [--again] [--dry-run | --yes], or RUN --status | --stop | --agreement [--stage ID]',
  summary:
    'asks a model behind an OpenAI-compatible endpoint for the behaviours of a sample of traces, after it has said what that costs; --dry-run: says it only',
  options: {
    url: { type: 'string' },
    model: { type: 'string' },
    'key-env': { type: 'string' },
    limit: { type: 'string' },
    'per-stage': { type: 'string' },
    all: { type: 'boolean' },
    seed: { type: 'string' },
    stage: { type: 'string' },
    query: { type: 'string' },
    concurrency: { type: 'string' },
    'max-tokens': { type: 'string' },
    price: { type: 'string' },
    again: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    yes: { type: 'boolean', short: 'y' },
    status: { type: 'boolean' },
    stop: { type: 'boolean' },
    agreement: { type: 'boolean' },
  },
  arguments: [1, 1],
  run: (context) => {
    const looks = ['status', 'stop', 'agreement'].filter((name) => context.flag(name));
    if (looks.length > 1) throw new UsageError(`--${looks[0]} and --${looks[1]} are two commands.`);
    // What is wrong with the options is said before a backend is started for them.
    const asked =
      looks.length === 0
        ? { endpoint: endpointOf(context), sample: sampleOf(context), query: listQuery(context) }
        : null;
    return withService(context, async (backend) => {
      const run = await findRun(backend, context.positionals[0]!);
      if (!asked) return look(backend, context, run, looks[0]!);
      const stage = context.text('stage');
      const selection: JudgeSelection = {
        run,
        sample: asked.sample,
        ...asked.query,
        ...(stage !== undefined && { filter: { stage } }),
        ...(context.flag('again') && { again: true }),
      };
      return ask(backend, context, asked.endpoint, selection);
    });
  },
};

async function look(backend: Backend, { output, ...context }: Context, run: string, what: string): Promise<number> {
  if (what === 'agreement') {
    const agreement = await agreementOf(backend, run, context.text('stage'));
    output.result(
      { run, agreement },
      agreement ? agreementLines(agreement) : ['No judge has said anything of it yet.'],
    );
    return 0;
  }
  if (what === 'stop') await backend.call('judge/stop', { run }, LONG);
  const { job } = await backend.call('judge/status', { run });
  output.result({ run, job }, job ? jobLines(job) : ['It has not been judged.']);
  return 0;
}

async function ask(
  backend: Backend,
  context: Context,
  endpoint: JudgeEndpoint,
  selection: JudgeSelection,
): Promise<number> {
  const { output } = context;
  const { run } = selection;
  const estimate = await backend.call('judge/estimate', { endpoint, selection }, LONG);
  const lines = estimateLines(estimate, endpoint, selection);
  if (context.flag('dry-run')) {
    output.result({ run, endpoint, selection, estimate }, [...lines, 'Nothing was sent.']);
    return 0;
  }
  for (const line of lines) output.line(line);
  if (!context.flag('yes') && !(await agreed())) {
    output.error('Nothing was sent. --yes begins without asking.');
    return 1;
  }
  const key = keyOf(context.text('key-env'));
  await backend.call('judge/start', { endpoint, selection, ...(key && { key }) }, LONG);
  const job = await follow(backend, run, output);
  const agreement = await agreementOf(backend, run, undefined);
  output.result({ run, job, agreement }, [
    '',
    ...jobLines(job),
    ...(agreement ? ['', ...agreementLines(agreement)] : []),
  ]);
  return job.state === 'done' ? 0 : 1;
}

/** Until it has ended; an interruption by the user stops it, and what was answered stays. */
async function follow(backend: Backend, run: string, output: Output): Promise<JudgeJob> {
  const stop = (): void => {
    output.line('Stopping; what was answered stays …');
    void backend.call('judge/stop', { run }, LONG).catch(() => undefined);
  };
  process.once('SIGINT', stop);
  try {
    for (let told = Date.now(); ; await sleep(250)) {
      const { job } = await backend.call('judge/status', { run });
      if (job && job.state !== 'running' && job.state !== 'stopping') return job;
      if (job && Date.now() - told > 2000) {
        told = Date.now();
        output.line(progressWords(job));
      }
    }
  } finally {
    process.off('SIGINT', stop);
  }
}

async function agreementOf(backend: Backend, run: string, stage: string | undefined): Promise<JudgeAgreement | null> {
  const params = { run, ...(stage !== undefined && { stage }) };
  for (;;) {
    const { agreement } = await backend.call('judge/agreement', params, LONG);
    if (!agreement || agreement.waiting === 0) return agreement;
  }
}

function agreementLines(agreement: JudgeAgreement): string[] {
  const { judge: by, detector, traces, steps, disagreements, more } = agreement;
  if (steps === 0)
    return [`${by.name} (questions version ${by.version}) has judged no step: there is nothing to compare.`];
  const rows = agreementRows(agreement).map(({ label, judge: own, detector: other, precision, recall, f1, kappa }) => [
    label.replaceAll('_', ' '),
    ...[String(own), String(other), precision, recall, f1, kappa],
  ]);
  return [
    `${detector.name} ${detector.version} against ${by.name} (questions version ${by.version}), over ${steps} steps of ${traces} traces`,
    ...table([['label', 'steps by the judge', 'by the detector', 'precision', 'recall', 'F1', 'κ'], ...rows]),
    `${disagreements.length + more} places where only one of them has a span; --json lists ${more > 0 ? 'the first 200' : 'them'}`,
  ];
}

function endpointOf(context: Context): JudgeEndpoint {
  const [url, model] = [context.text('url'), context.text('model')];
  if (url === undefined || model === undefined) throw new UsageError('Name the endpoint with --url and --model.');
  const maxTokens = context.whole('max-tokens', 16, 1_000_000);
  const price = context.text('price');
  const prices = price?.split(',').map(Number);
  if (prices && !(prices.length === 2 && prices.every((one) => Number.isFinite(one) && one >= 0)))
    throw new UsageError('--price takes two prices of a million tokens, like 0.15,0.6.');
  return {
    ...{ url, model, concurrency: context.whole('concurrency', 1, 64) ?? 4 },
    ...(maxTokens !== undefined && { maxTokens }),
    ...(prices && { price: { input: prices[0]!, output: prices[1]! } }),
  };
}

function sampleOf(context: Context): JudgeSelection['sample'] {
  const seed = context.whole('seed', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const [limit, each] = [context.whole('limit', 1, 1_000_000), context.whole('per-stage', 1, 1_000_000)];
  const ways = [limit !== undefined, each !== undefined, context.flag('all')].filter(Boolean).length;
  if (ways > 1) throw new UsageError('--limit, --per-stage and --all are three ways to choose: name one.');
  if (context.flag('all')) return { kind: 'all' };
  return each !== undefined ? { kind: 'stage', n: each, seed } : { kind: 'random', n: limit ?? SAMPLE, seed };
}

/** This program's own variable, handed over for this job; otherwise the backend's of that name. */
function keyOf(name: string | undefined): JudgeKey | undefined {
  if (name === undefined) return undefined;
  const value = process.env[name];
  return value === undefined || value === '' ? { env: name } : { value };
}

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question('Send these questions? [y/N] ')).trim());
  } finally {
    prompt.close();
  }
}
