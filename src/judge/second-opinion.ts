/** Second Opinion…: which traces, what it costs, then the asking with its progress. Nothing is sent before the cost was shown. */
import * as vscode from 'vscode';
import { estimateLines, jobLines, progressWords } from '../../core/judge/words.ts';
import type { JudgeEndpoint, JudgeEstimate, JudgeSample, JudgeSelection } from '../../core/protocol/judge.ts';
import type { View } from '../../core/protocol/webview.ts';
import type { Backends } from '../backends/backends.ts';
import type { Panels } from '../inspector/panels.ts';
import { asStageTarget, type Targets } from '../runs/targets.ts';
import { readSetting, writeSetting } from '../settings.ts';
import { requireTrust } from '../trust.ts';

export interface SecondOpinionParts {
  context: Pick<vscode.ExtensionContext, 'secrets'>;
  backends: Backends;
  targets: Targets;
  panels: Panels;
}

const TITLE = 'Second Opinion';
const SAMPLE = 50;
const SEED = 0;
const POLL_MS = 500;
const SHOW = 'Show Where They Differ';
const LONG = 300_000;

/** `argument`: a run or a stage of it; otherwise the traces that are listed in the inspector, or a run that is asked for. */
export async function secondOpinion(parts: SecondOpinionParts, argument: unknown): Promise<void> {
  requireTrust('asking a judge');
  const listed = argument === undefined ? listedIn(parts.panels.activeView) : null;
  const run = await parts.targets.withTraces(
    argument ?? listed?.filter,
    TITLE,
    'There are no traces to be judged yet.',
  );
  if (!run) return;
  const { job } = await parts.backends.call('judge/status', { run: run.run });
  if (job?.state === 'running') return follow(parts, run.run, run.name);
  const stage = asStageTarget(argument)?.stage;
  const selection: JudgeSelection = {
    run: run.run,
    sample: { kind: 'random', n: SAMPLE, seed: SEED },
    ...(stage !== undefined && { filter: { stage } }),
    ...(listed && { filter: listed.filter, ...(listed.query !== undefined && { query: listed.query }) }),
  };
  const what = isNarrowed(listed)
    ? `what is listed of ${run.name}`
    : stage === undefined
      ? run.name
      : `${stage} of ${run.name}`;
  for (let endpoint = await endpointOf(); endpoint;) {
    const key = await parts.context.secrets.get(keyName(endpoint.url));
    const estimate = await estimated(parts.backends, endpoint, selection, what);
    const choice = await choose(what, endpoint, selection, estimate, key !== undefined);
    if (choice === 'sample') selection.sample = (await askSample()) ?? selection.sample;
    else if (choice === 'key') await askKey(parts.context.secrets, endpoint.url);
    else if (choice === 'endpoint') endpoint = (await askEndpoint(endpoint)) ?? endpoint;
    else if (choice === 'prices')
      await vscode.commands.executeCommand('workbench.action.openSettings', 'longhand.judge');
    else if (choice === 'start') {
      await parts.backends.call(
        'judge/start',
        { endpoint, selection, ...(key !== undefined && { key: { value: key } }) },
        { timeout: LONG },
      );
      return follow(parts, run.run, run.name);
    }
    if (choice === null || choice === 'prices') return;
  }
}

type Listed = Pick<Extract<View, { page: 'inspector' }>, 'filter' | 'query'>;

/** What the inspector lists of one run. */
function listedIn(view: View | null): Listed | null {
  return view?.page === 'inspector' && view.filter.run !== undefined ? view : null;
}

/** Whether it is less than all of the run. */
const isNarrowed = (listed: Listed | null): boolean =>
  listed !== null &&
  ((listed.query ?? '') !== '' ||
    Object.entries(listed.filter).some(([key, value]) => key !== 'run' && value !== undefined));

const keyName = (url: string): string => `judge:${url}`;

async function estimated(
  backends: Backends,
  endpoint: JudgeEndpoint,
  selection: JudgeSelection,
  what: string,
): Promise<JudgeEstimate> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Longhand: reading what a judge of ${what} would cost` },
    () => backends.call('judge/estimate', { endpoint, selection }, { timeout: LONG }),
  );
}

type Choice = 'start' | 'sample' | 'key' | 'endpoint' | 'prices';

/** What it would take, as a list; its first entry sends it. */
async function choose(
  what: string,
  endpoint: JudgeEndpoint,
  selection: JudgeSelection,
  estimate: JudgeEstimate,
  hasKey: boolean,
): Promise<Choice | null> {
  type Item = vscode.QuickPickItem & { choice?: Choice };
  const [where = '', ...lines] = estimateLines(estimate, endpoint, selection);
  const sent = estimate.stretches - estimate.cached;
  const nothing = estimate.stretches === 0;
  const items: Item[] = [
    {
      label: nothing ? '$(check) Nothing is left to ask' : `$(play) Send ${sent.toLocaleString('en-US')} questions`,
      description: nothing ? '' : `to ${where}`,
      ...(!nothing && { choice: 'start' as const }),
    },
    { label: 'What it takes', kind: vscode.QuickPickItemKind.Separator },
    ...lines.map((line): Item => {
      const [, name = '', words = ''] = /^(\S*)\s+(.*)$/.exec(line) ?? [];
      const icons: Record<string, string> = {
        traces: '$(list-filter)',
        questions: '$(comment-discussion)',
        tokens: '$(symbol-string)',
        cost: '$(credit-card)',
        time: '$(clock)',
        warning: '$(warning)',
      };
      const choice = name === 'traces' ? ('sample' as const) : name === 'cost' ? ('prices' as const) : undefined;
      return { label: `${icons[name] ?? '$(info)'} ${name}`, description: words, ...(choice && { choice }) };
    }),
    { label: 'Change', kind: vscode.QuickPickItemKind.Separator },
    { label: '$(list-filter) Choose other traces…', choice: 'sample' },
    { label: '$(key) Key…', description: hasKey ? 'one is kept in this editor' : 'none is sent', choice: 'key' },
    { label: '$(server-environment) Another endpoint or model…', description: where, choice: 'endpoint' },
    { label: '$(gear) Prices, tokens and requests at a time…', choice: 'prices' },
  ];
  for (;;) {
    const picked = await vscode.window.showQuickPick(items, {
      title: `Second opinion on ${what}`,
      placeHolder: nothing ? 'All of it has been judged' : 'Enter sends the texts of these traces to the judge',
      ignoreFocusOut: true,
    });
    if (!picked) return null;
    if (picked.choice) return picked.choice;
  }
}

async function askSample(): Promise<JudgeSample | null> {
  const items: (vscode.QuickPickItem & { kindOf: JudgeSample['kind'] })[] = [
    { label: 'So many by chance…', description: 'in proportion to stage and verdict', kindOf: 'random' },
    { label: 'So many of each stage…', description: 'by chance', kindOf: 'stage' },
    { label: 'All of them', kindOf: 'all' },
  ];
  const picked = await vscode.window.showQuickPick(items, { title: TITLE, placeHolder: 'Which traces?' });
  if (!picked) return null;
  if (picked.kindOf === 'all') return { kind: 'all' };
  const n = await askWhole('How many traces?', SAMPLE, 1, 1_000_000);
  if (n === null) return null;
  const seed = await askWhole('Seed: the same one draws the same traces', SEED, 0, Number.MAX_SAFE_INTEGER);
  return seed === null ? null : { kind: picked.kindOf, n, seed };
}

async function askWhole(prompt: string, value: number, least: number, most: number): Promise<number | null> {
  const isFine = (text: string) => /^\d+$/.test(text.trim()) && Number(text) >= least && Number(text) <= most;
  const text = await vscode.window.showInputBox({
    ...{ title: TITLE, prompt, value: String(value), ignoreFocusOut: true },
    validateInput: (input) => (isFine(input) ? null : `A whole number from ${least} is needed.`),
  });
  return text === undefined ? null : Number(text);
}

/** As the settings say; what is missing is asked for and kept there. */
async function endpointOf(): Promise<JudgeEndpoint | null> {
  const [url, model] = [readSetting('judge.url').trim(), readSetting('judge.model').trim()];
  const [input, output] = [readSetting('judge.inputPrice'), readSetting('judge.outputPrice')];
  const rest = {
    concurrency: readSetting('judge.concurrency'),
    maxTokens: readSetting('judge.maxTokens'),
    ...(input > 0 || output > 0 ? { price: { input, output } } : {}),
  };
  return url && model ? { url, model, ...rest } : askEndpoint({ url, model, ...rest });
}

async function askEndpoint(now: JudgeEndpoint): Promise<JudgeEndpoint | null> {
  const url = await vscode.window.showInputBox({
    title: `${TITLE} (1 of 2)`,
    prompt: 'Address of an OpenAI-compatible endpoint. The texts of traces are sent there, and nowhere else.',
    placeHolder: 'https://api.example.com/v1',
    value: now.url,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^https?:\/\/[^\s?#@]+$/.test(text.trim()) ? null : 'An address like https://api.example.com/v1 is needed.',
  });
  if (url === undefined) return null;
  const model = await vscode.window.showInputBox({
    title: `${TITLE} (2 of 2)`,
    prompt: 'Name of the model, as the endpoint calls it',
    value: now.model,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() ? null : 'A name is needed.'),
  });
  if (model === undefined) return null;
  await writeSetting('judge.url', url.trim());
  await writeSetting('judge.model', model.trim());
  return { ...now, url: url.trim(), model: model.trim() };
}

/** Kept in SecretStorage under the address; empty: forgotten. */
async function askKey(secrets: vscode.SecretStorage, url: string): Promise<void> {
  const key = await vscode.window.showInputBox({
    title: `Key of ${url}`,
    prompt:
      "It is kept in this editor's secret storage and handed to the backend for one job at a time. Empty: none is sent.",
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined) return;
  if (key.trim() === '') await secrets.delete(keyName(url));
  else await secrets.store(keyName(url), key.trim());
}

/** Shows the progress until the job has ended; cancelling stops it. It goes on when the window is closed. */
async function follow(parts: SecondOpinionParts, run: string, name: string): Promise<void> {
  const { backends } = parts;
  const job = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Longhand: second opinion on ${name}`, cancellable: true },
    async (progress, token) => {
      token.onCancellationRequested(
        () => void backends.call('judge/stop', { run }, { timeout: LONG }).then(undefined, () => undefined),
      );
      let shown = 0;
      for (;;) {
        const { job: now } = await backends.call('judge/status', { run });
        if (!now || (now.state !== 'running' && now.state !== 'stopping')) return now;
        const share = now.traces.chosen === 0 ? 0 : (100 * now.traces.judged) / now.traces.chosen;
        progress.report({ message: progressWords(now), increment: Math.max(0, share - shown) });
        shown = Math.max(shown, share);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
  );
  if (!job) return;
  const text = jobLines(job).slice(0, 3).join('. ');
  const show = job.state === 'failed' ? vscode.window.showErrorMessage : vscode.window.showInformationMessage;
  const chosen = await show(text, ...(job.traces.judged > 0 ? [SHOW] : []));
  if (chosen === SHOW) await showPlaces(parts, run, name);
}

/** Opens the first place where judge and detector differ, with the spans of both. */
async function showPlaces({ backends, panels }: SecondOpinionParts, run: string, name: string): Promise<void> {
  let found = await backends.call('judge/agreement', { run }, { timeout: LONG });
  while (found.agreement?.waiting) found = await backends.call('judge/agreement', { run }, { timeout: LONG });
  const [first] = found.agreement?.disagreements ?? [];
  await panels.setReading({ layers: ['detector', 'judge'] });
  const place = first && {
    trace: first.trace,
    at: { in: 'completion' as const, start: first.start, end: first.end },
  };
  await panels.open({ page: 'inspector', title: name, filter: { run }, ...place });
}
