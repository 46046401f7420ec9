/** Estimate, state and agreement of a judge in words: the same in the command line and the editor. Pure. */
import { scores, type Counts } from '../labels/agreement.ts';
import type { JudgeAgreement, JudgeEndpoint, JudgeEstimate, JudgeJob, JudgeSelection } from '../protocol/judge.ts';

const grouped = (n: number): string => Math.round(n).toLocaleString('en-US');
const of = (n: number, one: string): string => `${grouped(n)} ${n === 1 ? one : `${one}s`}`;

/** `1 h 5 min`, `3 min`, `45 s`. */
export function about(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Three figures that say something, whatever the currency. */
export function money(value: number): string {
  if (value === 0) return '0';
  return value >= 100
    ? grouped(value)
    : value
        .toPrecision(3)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '');
}

/** What must be said of an address before texts and a key are sent there; null where there is nothing. */
function addressWarning(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  if (url.protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname)) return null;
  return `${url.hostname} is asked without encryption: the texts, and a key, can be read on the way`;
}

export function sampleWords({ sample }: JudgeSelection): string {
  if (sample.kind === 'all') return 'all of them';
  const seed = `(seed ${sample.seed})`;
  if (sample.kind === 'stage') return `up to ${grouped(sample.n)} of each stage, by chance ${seed}`;
  return `up to ${grouped(sample.n)} by chance, in proportion to stage and verdict ${seed}`;
}

/** What it would take: one line each. */
export function estimateLines(estimate: JudgeEstimate, endpoint: JudgeEndpoint, selection: JudgeSelection): string[] {
  const { traces, judged, stretches, cached, price } = { ...estimate, price: endpoint.price };
  const sent = stretches - cached;
  const exact = estimate.read >= traces - judged;
  const questions = `${exact ? '' : '≈ '}${of(sent, 'question')}`;
  const stages = estimate.stages.map(({ stage, traces: n }) => `${stage} ${grouped(n)}`).join(', ');
  const lines = [
    `${endpoint.model} at ${endpoint.url}`,
    `traces    ${grouped(traces)} of ${grouped(estimate.fitting)}: ${sampleWords(selection)}${stages === '' ? '' : `; ${stages}`}`,
    `questions ${questions}${cached > 0 ? `; ${grouped(cached)} more are answered already` : ''}${judged > 0 ? `; ${of(judged, 'trace')} judged already` : ''}`,
    `tokens    ≈ ${grouped(estimate.inputTokens)} in, ≈ ${grouped(estimate.outputTokens)} out (at most ${grouped(estimate.outputTokensMost)}, where the model thinks first)`,
  ];
  if (price && estimate.cost !== null && estimate.costMost !== null)
    lines.push(
      `cost      ≈ ${money(estimate.cost)} (at most ${money(estimate.costMost)}), at ${price.input} and ${price.output} a million tokens`,
    );
  else lines.push('cost      no price is known');
  const from = estimate.secondsFrom === 'answers' ? 'by its earlier answers' : 'assumed: it has not answered here yet';
  lines.push(`time      ≈ ${about(estimate.seconds)} with ${endpoint.concurrency ?? 1} at a time (${from})`);
  const warning = addressWarning(endpoint.url);
  if (warning) lines.push(`warning   ${warning}`);
  if (!exact)
    lines.push(`          from ${of(estimate.read, 'trace')} that were read; the others are taken to be like them`);
  return lines;
}

/** How far a job is, in one line. */
export function progressWords({ traces, stretches, secondsLeft, cost, retries }: JudgeJob): string {
  const parts = [`${grouped(traces.judged)} of ${of(traces.chosen, 'trace')}`, of(stretches.answered, 'answer')];
  if (cost !== null && cost > 0) parts.push(`${money(cost)} spent`);
  if (retries > 0) parts.push(`asked again ${grouped(retries)} times`);
  if (secondsLeft !== null) parts.push(`≈ ${about(secondsLeft)} left`);
  return parts.join(', ');
}

/** How a job ended: one line each. */
export function jobLines(job: JudgeJob): string[] {
  const { state, traces, stretches, steps, twice, tokens, cost, message, faults, cache } = job;
  const states: Record<JudgeJob['state'], string> = {
    running: 'goes on',
    stopping: 'is stopping',
    done: 'has ended',
    stopped: 'was stopped; asking for the same goes on',
    failed: `failed: ${message ?? ''}`,
    interrupted: 'was interrupted; asking for the same goes on',
  };
  const lines = [`The judging by ${job.endpoint.model} (questions version ${job.prompt}) ${states[state]}`];
  lines.push(
    `${grouped(traces.judged)} of ${of(traces.chosen, 'trace')} judged, ${grouped(traces.before)} of them before; ${of(stretches.answered, 'answer')}, ${grouped(stretches.cached)} of them kept from earlier`,
  );
  const gaps = [
    ...(traces.incomplete > 0 ? [`${of(traces.incomplete, 'trace')} with a question that was not answered`] : []),
    ...(traces.unreadable > 0 ? [`${of(traces.unreadable, 'trace')} whose text is gone`] : []),
  ];
  if (gaps.length > 0)
    lines.push(`Left out: ${gaps.join(', ')}${state !== 'failed' && message ? ` (${message})` : ''}`);
  const all = steps.judged + steps.unparsed;
  if (all > 0)
    lines.push(
      `${of(steps.judged, 'step')} judged; could not be parsed: ${grouped(steps.unparsed)} of ${grouped(all)}`,
    );
  for (const { line, why } of faults.slice(0, 3)) lines.push(`  ${why}: ${line}`);
  if (twice.steps > 0)
    lines.push(
      `Of ${of(twice.steps, 'step')} that it was asked about twice it said the same of ${percent(twice.same / twice.steps)}`,
    );
  const spent = cost === null ? '' : `; ${money(cost)} at the prices given`;
  if (tokens.input + tokens.output > 0)
    lines.push(
      `${tokens.estimated ? '≈ ' : ''}${grouped(tokens.input)} tokens in, ${grouped(tokens.output)} out${spent}`,
    );
  lines.push(`Answers kept: ${megabytes(cache.bytes)} of at most ${megabytes(cache.limit)}; the oldest make room`);
  return lines;
}

export interface AgreementRow {
  label: string;
  judge: number;
  detector: number;
  precision: string;
  recall: string;
  f1: string;
  kappa: string;
}

/** By step. `–` where a figure is not defined. */
export function agreementRows({ labels }: Pick<JudgeAgreement, 'labels'>): AgreementRow[] {
  return labels.map(({ label, steps }) => ({ label, ...rowOf(steps) }));
}

function rowOf(steps: Counts): Omit<AgreementRow, 'label'> {
  const { precision, recall, f1, kappa } = scores(steps);
  const shown = (value: number | null) => (value === null ? '–' : value.toFixed(2));
  const words = { precision: shown(precision), recall: shown(recall), f1: shown(f1), kappa: shown(kappa) };
  return { judge: steps.gold, detector: steps.found, ...words };
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
