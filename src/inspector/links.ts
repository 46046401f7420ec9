/** Links to places in traces: `vscode://longhand.longhand/trace?…`. Written, and read with suspicion. Pure. */
import { isAnchor } from '../../core/traces/anchor.ts';

export interface TraceLink {
  /** `run/stage/attempt/n` */
  trace: string;
  at: { in: 'prompt' | 'completion'; start: number; end: number } | null;
  /** The first words of the stretch, as `core/traces/anchor.ts` makes them. */
  words: string;
}

/** Longest link that is read, in UTF-16 units. */
const MOST = 2_000;
/** No text is longer. */
const FARTHEST = 2 ** 31;
const ID = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,119}$/;
const NUMBER = /^(?:0|[1-9]\d{0,9})$/;
const keys = ['run', 'stage', 'attempt', 'n', 'in', 'start', 'end', 'text'] as const;
type Key = (typeof keys)[number];

/**
 * The link as text. The whole query is percent-encoded, `=` and `&` too, as VS Code writes its own: a terminal takes no part of it for
 * something else.
 *
 * @param base scheme and authority, such as `vscode://longhand.longhand`
 */
export function writeLink(base: string, { trace, at, words }: TraceLink): string {
  const [run, stage, attempt, n] = trace.split('/');
  const values: Partial<Record<Key, string | number>> = { run: run!, stage: stage!, attempt: attempt!, n: n! };
  if (at) Object.assign(values, { in: at.in, start: at.start, end: at.end });
  if (words !== '') values.text = words;
  const query = Object.entries(values).map(([key, value]) => `${key}=${value}`);
  return `${base}/trace?${encodeURIComponent(query.join('&'))}`;
}

/**
 * What a link says, from its path and its query (decoded or not: what lies between has decoded it once, or not at all).
 *
 * @returns the link, or in words what is wrong with it
 */
export function readLink(path: string, query: string): TraceLink | string {
  if (path.replace(/\/$/, '') !== '/trace') return `it leads to “${short(path)}”; only traces can be opened by a link`;
  if (query.length > MOST) return `it is longer than ${MOST} characters`;
  const text = decoded(query);
  if (text === null) return 'its encoding is broken';
  const values = new Map<Key, string>();
  for (const pair of text.split('&').filter((one) => one !== '')) {
    const [key = '', ...rest] = pair.split('=');
    if (!isKey(key)) return `it has a part “${short(key)}” that no link to a trace has`;
    if (values.has(key)) return `it says “${key}” twice`;
    values.set(key, rest.join('='));
  }
  const ids = (['run', 'stage'] as const).map((key) => values.get(key) ?? '');
  const numbers = (['attempt', 'n'] as const).map((key) => values.get(key) ?? '');
  const [run, stage] = ids;
  if (!ids.every((id) => ID.test(id))) return `it names no ${ID.test(run!) ? 'stage' : 'run'}`;
  if (!numbers.every((number) => NUMBER.test(number))) return 'it names no trace of the stage';
  const trace = `${run}/${stage}/${numbers.join('/')}`;
  const words = values.get('text') ?? '';
  if (words !== '' && !isAnchor(words)) return 'its words are no words of a text';
  const [from, to] = [values.get('start'), values.get('end')];
  const part = values.get('in') ?? 'completion';
  if (part !== 'prompt' && part !== 'completion') return 'it names neither the prompt nor the completion';
  if (from === undefined && to === undefined) return { trace, at: null, words };
  const [start, end] = [from, to ?? from].map((value) => (NUMBER.test(value ?? '') ? Number(value) : -1)) as [
    number,
    number,
  ];
  if (start < 0 || end < start || end > FARTHEST) return 'its place is no stretch of a text';
  return { trace, at: { in: part, start, end }, words };
}

/** The address in what was pasted: without quotes, brackets, and the line ends that a mail or a terminal has put into it. */
export function pastedLink(text: string): string {
  return text
    .slice(0, 2 * MOST)
    .replace(/\s+/g, '')
    .replace(/^["'`<([]+|["'`>)\].,;]+$/g, '');
}

const isKey = (text: string): text is Key => (keys as readonly string[]).includes(text);

function decoded(query: string): string | null {
  let text = query;
  try {
    for (let times = 0; times < 2 && text.includes('%'); times += 1) text = decodeURIComponent(text);
  } catch {
    return null;
  }
  return text;
}

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
