/**
 * A host for the pages without VS Code: it answers the same methods over the same messages, from traces that are held in
 * memory, real ones from files or made ones; spans, answers and verdicts come from `core` as they do in the service.
 */
import 'vscode-jsonrpc/node';
import { extractAnswer } from '../../core/answers/extract.ts';
import { quickCheck } from '../../core/answers/quick-check.ts';
import { countSpans } from '../../core/behaviours/count.ts';
import { detect, DETECTOR } from '../../core/behaviours/detect.ts';
import { compareWhatIf } from '../../core/metrics/what-if.ts';
import { openPeer, type MessagePort, type Peer, type PeerHandlers } from '../../core/protocol/connection.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { StageEvent } from '../../core/protocol/events.ts';
import type { EventBatch, Methods, Params, Result } from '../../core/protocol/methods.ts';
import type { Annotations, TraceDetail } from '../../core/protocol/traces.ts';
import type {
  ForwardedMethod,
  HostMethods,
  HostNotifications,
  SavedView,
  View,
  WebviewInit,
} from '../../core/protocol/webview.ts';
import { fitting } from '../../server/runs/row-lines.ts';
import type { SlicedMethod } from '../../server/store/trace-store.ts';
import type { Positions } from '../../core/metrics/token-position.ts';
import { annotationPage } from '../../core/traces/annotation-pages.ts';
import { sections } from '../../core/traces/sections.ts';
import type { TokenScores } from '../../core/traces/token-scores.ts';
import { sliceTokens } from '../../core/traces/token-slice.ts';
import { stepStarts } from '../../core/traces/steps.ts';
import type { FakeData } from './fake-data.ts';
import { fakePaired } from './fake-paired.ts';
import { judgeAgreement, judgeLayer } from './fake-judge.ts';
import { answersOf, judge } from './fake-audit.ts';
import { FakeLabels } from './fake-labels.ts';
import { pageOf, rowOf, searched } from './fake-query.ts';
import { changedViews } from '../../src/inspector/saved-views.ts';
import { fakeSearch } from './fake-search.ts';
import { figuresOf } from '../support/figures-of.ts';

type Served = Pick<Methods, ForwardedMethod> & HostMethods;

/** A trace as a test writes it down. */
export interface FakeTrace {
  detail: TraceDetail;
  prompt: string;
  completion: string;
  /** Where its tokens end, and what was recorded of them. */
  tokens?: { positions: Positions; scores: Pick<TokenScores, 'logprobs' | 'entropies' | 'top'> | null };
}

export type TraceWish = Partial<Omit<TraceDetail, 'facts'>> & {
  completion: string;
  prompt?: string;
  facts?: TraceDetail['facts'];
};

/** A whole trace from what a test cares about; answer and verdict are found the way the service finds them. */
export function fakeTrace(n: number, wish: TraceWish): FakeTrace {
  const { completion, prompt = '', ...rest } = wish;
  const run = rest.run ?? 'run-00000000';
  const stage = rest.stage ?? 'grpo';
  const found = extractAnswer(completion);
  const quick = rest.gold ? { ...quickCheck(rest.gold, found?.text ?? ''), checker: 'quick' } : null;
  const verdictBy = quick && { ...quick, checker: 'Math-Verify', version: '0.9.0', reason: null };
  const tokens = rest.tokens === undefined ? Math.round(completion.length / 3.3) : rest.tokens;
  return {
    prompt,
    completion,
    detail: {
      trace: `${run}/${stage}/1/${n}`,
      run,
      stage,
      of: null,
      attempt: 1,
      step: 40,
      epoch: null,
      problem: `p${n}`,
      problemLabel: `problem ${n}`,
      sample: 0,
      group: null,
      verdict: verdictBy?.value ?? null,
      answer: found?.text ?? null,
      tokens,
      tokensExact: false,
      finish: 'stop',
      reward: null,
      advantage: null,
      live: false,
      superseded: false,
      length: completion.length,
      facts: {},
      problemText: '',
      sourceId: null,
      gold: null,
      goldOrigin: 'given',
      sampling: null,
      marker: null,
      model: null,
      set: null,
      promptLength: prompt.length,
      answerFound: found,
      verdictBy,
      quick,
      reader: null,
      rescored: null,
      replaced: 0,
      source: null,
      ...rest,
    },
  };
}

export class FakeHost {
  readonly traces: FakeTrace[];
  /** Every call of the page, in order. */
  readonly calls: { method: string; params: unknown }[] = [];
  /** Methods that fail from now on, with this error. */
  readonly failing = new Map<string, LonghandError>();
  /** Methods that answer when this has come. */
  readonly held = new Map<string, Promise<unknown>>();
  /** Milliseconds before every answer. */
  delay = 0;
  savedViews: SavedView[] = [];
  /** Texts that are still to be read; each call of `traces/readTexts` reads this many of them. */
  unread = 0;
  readAtOnce = 1;
  /** Milliseconds between two progresses of a search. */
  searchPace = 0;
  data: FakeData;
  init: WebviewInit;
  readonly labels = new FakeLabels(
    (trace) => {
      const { completion, detail } = this.#find(trace);
      const { problemLabel } = detail;
      return { trace, problemLabel, text: completion, annotations: this.#annotate(trace) };
    },
    () => this.traces.map(({ detail }) => detail.trace),
    (batch) => void this.notify('events/batch', batch),
  );
  #peer: Peer<Record<never, never>, Record<never, never>, HostNotifications> | null = null;
  #annotations = new Map<string, Annotations>();

  constructor(data: FakeData, view: View, init: Partial<WebviewInit> = {}) {
    this.data = data;
    this.traces = data.traces;
    this.init = {
      view,
      settings: { hiddenLabels: [], raw: false, factsOpen: true, listOpen: true, fontSize: null },
      backend: { state: 'connected', name: 'this machine', local: true, message: null },
      locale: 'en',
      ...init,
    };
  }

  connect(port: MessagePort): void {
    this.#peer = openPeer<Record<never, never>, Record<never, never>, HostNotifications, Served>(port, {
      handlers: this.#handlers(),
      validate: (method, params) => {
        this.calls.push({ method, params });
        return params;
      },
    });
  }

  async notify<N extends keyof HostNotifications>(name: N, payload: HostNotifications[N]): Promise<void> {
    await this.#peer?.notify(name, payload);
  }

  /** Calls of one method so far. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  /** Waits until no call of a method has come for a while (ms): what was on its way has come. Gives how many came in all. */
  async settled(method: string, quiet = 1200): Promise<number> {
    for (let before = -1; ;) {
      const now = this.count(method);
      if (now === before) return now;
      before = now;
      await new Promise((done) => setTimeout(done, quiet));
    }
  }

  /** Adds text to a trace, as an engine does, and says so. */
  async grow(n: number, text: string, end = false): Promise<void> {
    const trace = this.traces[n]!;
    trace.completion += text;
    const { detail } = trace;
    Object.assign(detail, { length: trace.completion.length, live: !end, finish: end ? 'stop' : null });
    detail.tokens = end ? Math.round(trace.completion.length / 3.3) : null;
    this.#annotations.delete(detail.trace);
    const index = Number(detail.trace.split('/').at(-1));
    const base = { v: 1 as const, seq: 0, t: 0, trace: index };
    const event: StageEvent = end
      ? { ...base, type: 'trace_end', facts: {} }
      : { ...base, type: 'trace_text', part: 1, offset: 0, length: text.length };
    await this.notify('events/batch', batchOf(detail, event));
  }

  /** Adds a trace that is being written, and says so. */
  async begin(trace: FakeTrace): Promise<void> {
    Object.assign(trace.detail, { live: true, finish: null, tokens: null });
    this.traces.push(trace);
    const index = Number(trace.detail.trace.split('/').at(-1));
    await this.notify(
      'events/batch',
      batchOf(trace.detail, {
        v: 1,
        seq: 0,
        t: 0,
        type: 'trace_begin',
        trace: index,
        problem: trace.detail.problem,
        prompt: null,
        sample: 0,
      }),
    );
  }

  #find(id: string): FakeTrace {
    const found = this.traces.find(({ detail }) => detail.trace === id);
    if (!found) throw new LonghandError('not_found', `There is no trace ${id}.`);
    return found;
  }

  #handlers(): PeerHandlers<Served> {
    const handlers: PeerHandlers<Served> = {
      'host/ready': () => this.init,
      'host/open': () => ({}),
      'host/viewChanged': () => ({}),
      'host/settings': () => ({}),
      'host/openText': () => ({}),
      'host/saveFile': (file) => {
        this.data.saved?.push(file);
        return { saved: true };
      },
      'host/copy': () => ({}),
      'host/copyLink': () => ({ link: '' }),
      'host/command': () => ({}),
      'host/savedViews': () => ({ views: this.savedViews }),
      'host/changeSavedViews': (change) => ({ views: (this.savedViews = changedViews(this.savedViews, change)) }),
      'runs/get': () => this.#need(this.data.run),
      'runs/list': () => ({ runs: this.data.run ? [this.data.run] : [] }),
      'runs/table': () => ({ rows: this.data.table ?? [], seconds: {}, secondsTotal: 0 }),
      'metrics/snapshot': ({ run }) => this.data.metrics ?? { run, series: [], evaluations: [], epochSteps: {} },
      'metrics/budgets': () => ({ budgets: [] }),
      'traces/page': (params) => this.pageOf(params),
      'traces/readTexts': () => ({ unread: (this.unread = Math.max(0, this.unread - this.readAtOnce)) }),
      'traces/search': (params, context) => {
        const rows = searched(this.traces, params);
        return fakeSearch(rows, params, context, { pace: this.searchPace, unread: this.unread });
      },
      'traces/get': ({ trace }) => this.#find(trace).detail,
      'traces/slice': ({ trace, in: name, start, end }) => {
        const found = this.#find(trace);
        const text = name === 'prompt' ? found.prompt : found.completion;
        const stop = Math.min(end, start + 256 * 1024, text.length);
        return { text: text.slice(start, stop), start, end: stop, length: text.length, live: found.detail.live };
      },
      'traces/tokens': ({ trace, start, end }) => {
        const { tokens } = this.#find(trace);
        return tokens
          ? { slice: sliceTokens(tokens.positions, tokens.scores, { start, end }), why: null }
          : { slice: null, why: 'no_ids' };
      },
      'traces/annotations': ({ trace, from }) =>
        this.#judged(this.labels.shown(annotationPage(this.#annotate(trace), from))),
      'judge/agreement': (params) => {
        const { judge } = this.data;
        if (!judge) return { agreement: null, judges: [] };
        const all = this.traces.map(({ completion, detail }) => {
          return { text: completion, annotations: this.#annotate(detail.trace) };
        });
        return judgeAgreement(all, params, judge);
      },
      'labels/get': ({ trace }) => this.labels.get(trace),
      'labels/edit': (params) => this.labels.edit(params),
      'labels/agreement': () => this.labels.agreement(),
      'labels/queue': () => this.labels.queue(),
      'traces/group': ({ trace }) => {
        const { detail } = this.#find(trace);
        const rows = this.traces.map((one) => rowOf(one.detail));
        return { rows: detail.group === null ? [rowOf(detail)] : rows.filter(({ group }) => group === detail.group) };
      },
      'metrics/figures': () => ({ version: '1', sets: [], waiting: 0, more: 0 }),
      'traces/figures': ({ trace }) => figuresOf(this.#find(trace)),
      'metrics/behaviours': () => this.data.behaviours ?? { detector: { ...DETECTOR }, sets: [], waiting: 0, more: 0 },
      'traces/sets': () => ({ sets: this.data.sets ?? [] }),
      'traces/pairs': (params) =>
        this.data.service?.('traces/pairs', params) ?? this.data.pairs ?? { pairs: [], onlyBefore: 0, onlyAfter: 0 },
      'metrics/paired': (params) => fakePaired(this.traces, params),
      'overview/series': (params) => this.#service('overview/series', params),
      'overview/matrix': (params) => this.#service('overview/matrix', params),
      'overview/difficulty': (params) => this.#service('overview/difficulty', params),
      'overview/budgets': (params) => this.#service('overview/budgets', params),
      'overview/problems': (params) => this.#service('overview/problems', params),
      'overview/behaviours': (params) => this.#service('overview/behaviours', params),
      'overview/scatter': (params) => this.#service('overview/scatter', params),
      'metrics/advisories': () => this.data.advisories ?? { advisories: [], read: 0, n: 0, unread: [] },
      'metrics/rewardChange': (params) => this.data.rewardChange?.(params) ?? null,
      'traces/judge': ({ trace, verdict }) => {
        const { result, batch } = judge(this.#find(trace), verdict);
        void this.notify('events/batch', batch);
        return result;
      },
      'traces/answers': ({ trace }) => answersOf(this.#find(trace)),
      'audit/queue': () => this.#need(this.data.audit),
      'audit/rescore': (wish) => this.#need(this.data.rescore?.(wish)),
      'audit/apply': ({ changes }) => ({ rescore: 7, changes }),
      'audit/undo': () => ({ changes: 1 }),
      'audit/rescores': () => ({ rescores: this.data.rescores ?? [] }),
      'stages/log': () => ({ text: '', offset: 0, end: 0, size: 0 }),
      'stages/report': () => ({ report: this.data.report ?? null, attempt: this.data.report ? 1 : null }),
      'stages/rows': ({ table, where, text, sort, cursor, limit = 100, parts = true }) => {
        const all = this.data.tables?.[table] ?? [];
        const fits = fitting({ ...(where && { where }), ...(text && { text }) });
        const fit = all.map((row, at) => ({ row, at })).filter(({ row }) => fits(row));
        if (sort) {
          const key = ({ row }: (typeof fit)[number]) => row.cells[sort.key] as string | number;
          fit.sort((a, b) => (sort.descending ? -1 : 1) * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
        }
        const from =
          cursor === undefined ? 0 : fit.findIndex(({ at }) => (sort ? at === Number(cursor) : at >= Number(cursor)));
        const found = from < 0 ? [] : fit.slice(from);
        const shown = found.slice(0, limit);
        return {
          rows: shown.map(({ row: { parts: own, ...row } }) => (parts && own ? { ...row, parts: own } : row)),
          total: sort ? fit.length : where || text ? null : all.length,
          ...(found.length > limit ? { next: String(found[limit]!.at) } : {}),
          ...(parts ? {} : { cursors: shown.map(({ at }) => String(at)) }),
        };
      },
      'stages/whatIf': ({ run: _run, stage: _stage, attempt: _attempt, ...asked }) => {
        const { whatIf } = this.data;
        return whatIf ? compareWhatIf(whatIf.samples, whatIf.settings, asked) : null;
      },
      // In two pieces, as the service gives what is long.
      'stages/text': ({ extent: { part, offset, length } }) => {
        const text = (this.data.parts?.[part] ?? '').slice(offset, offset + length);
        const half = Math.ceil(text.length / 2);
        if (text.length < 1000) return { text, rest: null };
        return { text: text.slice(0, half), rest: { part, offset: offset + half, length: length - half } };
      },
      'groups/problems': ({ text, cursor = 0, limit = 100 }) => {
        const all = (this.data.groups?.problems ?? []).filter(({ label }) => label.includes(text ?? ''));
        const next = cursor + limit < all.length ? { next: cursor + limit } : {};
        return { problems: all.slice(cursor, cursor + limit), total: all.length, ...next };
      },
      'groups/steps': ({ problem }) => ({ groups: this.data.groups?.steps[problem] ?? [], more: 0 }),
      'groups/get': ({ trace }) => this.#need(this.data.groups?.details[trace]),
      'metrics/groups': ({ stepFrom = 0 }) => ({
        steps: (this.data.groups?.health ?? []).filter(({ step }) => step >= stepFrom),
      }),
    };
    // Each answer may be late or an error.
    for (const [method, handler] of Object.entries(handlers)) {
      (handlers as Record<string, unknown>)[method] = async (params: never, context: never) => {
        if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
        await this.held.get(method);
        const error = this.failing.get(method);
        if (error) throw error;
        return (handler as (params: never, context: never) => unknown)(params, context);
      };
    }
    return handlers;
  }

  async #service<M extends SlicedMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.#need(await this.data.service?.(method, params));
  }

  #need<T>(value: T | undefined): T {
    if (value === undefined) throw new LonghandError('not_found', 'This host has no run.');
    return value;
  }

  /** With the judge's layer, where the test has a judge. */
  #judged(annotations: Annotations): Annotations {
    const { judge: rule } = this.data;
    if (!rule) return annotations;
    const layer = judgeLayer(this.#find(annotations.trace).completion, rule);
    return { ...annotations, layers: [...(annotations.layers ?? []), layer] };
  }

  #annotate(id: string): Annotations {
    const known = this.#annotations.get(id);
    if (known) return known;
    const { completion, prompt, detail } = this.#find(id);
    const spans = [
      ...detect(prompt, { in: 'prompt' }),
      ...detect(completion, { problem: detail.problemText || undefined }),
    ];
    const made: Annotations = {
      trace: id,
      length: completion.length,
      spans,
      counts: countSpans(spans),
      sections: sections(completion),
      steps: stepStarts(completion),
    };
    this.#annotations.set(id, made);
    return made;
  }

  /** Answers `traces/page`; a bench puts another source in its place. */
  pageOf: (params: Params<'traces/page'>) => Result<'traces/page'> | Promise<Result<'traces/page'>> = (params) =>
    pageOf(this.traces, params, this.unread);
}

function batchOf(detail: TraceDetail, event: StageEvent): EventBatch {
  return { stream: `${detail.run}/${detail.stage}/${detail.attempt}`, events: [event] };
}
