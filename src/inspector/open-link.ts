/** Opens links to traces, pasted or followed from outside, and writes them. A link opens a trace and does nothing else. */
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import { SLICE_LIMIT } from '../../core/protocol/methods.ts';
import { anchorOf, findAnchor } from '../../core/traces/anchor.ts';
import type { Backends } from '../backends/backends.ts';
import { ActionableError } from '../errors.ts';
import { runCommand } from '../commands.ts';
import { ids } from '../contributions.ts';
import type { RunStore } from '../runs/store.ts';
import { pastedLink, readLink, writeLink, type TraceLink } from './links.ts';
import type { Panels } from './panels.ts';

export interface LinkParts {
  backends: Backends;
  store: RunStore;
  panels: Panels;
}

/** Texts are read up to here to find the words of a link again. UTF-16 units. */
const READ_LIMIT = 32 * 1024 * 1024;
/** Milliseconds that a window which has just begun gets for its connection. */
const PATIENCE = 4_000;

/** Asks for a link, with what is on the clipboard where that is one. */
export async function askForLink(parts: LinkParts): Promise<void> {
  const clipboard = pastedLink(await vscode.env.clipboard.readText());
  const value = isRead(clipboard) ? clipboard : '';
  const typed = await vscode.window.showInputBox({
    title: 'Open Link to a Trace',
    prompt: 'A link that “Copy Link” made in the inspector',
    placeHolder: `${vscode.env.uriScheme}://…/trace?…`,
    value,
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (text.trim() === '') return null;
      const found = read(pastedLink(text));
      return typeof found === 'string' ? `This is not such a link: ${found}.` : null;
    },
  });
  if (typed?.trim()) await openLink(parts, vscode.Uri.parse(pastedLink(typed)));
}

/** @throws LonghandError, ActionableError: why it cannot be opened */
export async function openLink(parts: LinkParts, uri: vscode.Uri): Promise<void> {
  const link = readLink(uri.path, uri.query);
  if (typeof link === 'string') throw new LonghandError('invalid_params', `This link is not opened: ${link}.`);
  const { backends, store, panels } = parts;
  if (!(await connected(backends, link))) return;
  const [run = ''] = link.trace.split('/');
  try {
    await backends.call('traces/get', { trace: link.trace });
  } catch (error) {
    if (!LonghandError.is(error, 'not_found')) throw error;
    const where = backends.active.url === null ? 'this machine' : backends.active.name;
    throw new ActionableError(
      `The backend of ${where} has no trace ${link.trace}. It may be on another backend, or its run was deleted.`,
      'Connect to Backend…',
      () => runCommand('longhand.connectBackend'),
    );
  }
  const summary = store.get(run) ?? (await store.refresh(run).catch(() => null));
  const at = await placeOf(backends, link);
  await panels.open({
    page: 'inspector',
    title: summary?.name ?? run,
    filter: { run },
    trace: link.trace,
    ...(at && { at }),
  });
}

/** A link to a place, or to the whole trace, on the clipboard. */
export async function copyLink(backends: Backends, trace: string, at: TraceLink['at']): Promise<string> {
  const slice = at && (await backends.call('traces/slice', { trace, in: at.in, start: at.start, end: at.start + 400 }));
  const base = `${vscode.env.uriScheme}://${ids.extension}`;
  const link = writeLink(base, { trace, at, words: slice ? anchorOf(slice.text, 0) : '' });
  await vscode.env.clipboard.writeText(link);
  return link;
}

/** Whether there is a connection; a link from outside starts nothing without a question. */
async function connected(backends: Backends, { trace }: TraceLink): Promise<boolean> {
  const began = Date.now();
  // A window that the link has opened is about to connect.
  while (!isConnected(backends) && Date.now() - began < PATIENCE) {
    if (backends.state === 'refused') break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  if (isConnected(backends)) return true;
  const [run] = trace.split('/');
  const isLocal = backends.active.url === null;
  const name = isLocal ? 'The backend of this machine is not running' : `${backends.active.name} is not connected`;
  const start = isLocal ? 'Start Backend' : 'Connect';
  const other = 'Connect to Another…';
  const chosen = await vscode.window.showWarningMessage(`${name}. The link leads to a trace of ${run}.`, start, other);
  if (chosen === other) await runCommand('longhand.connectBackend');
  if (chosen === start) await (isLocal ? backends.start() : backends.need());
  return chosen !== undefined && isConnected(backends);
}

const isConnected = ({ state }: Backends): boolean => state === 'connected';

/** The place of a link in the text as it is now: where its words are. */
async function placeOf(backends: Backends, { trace, at, words }: TraceLink): Promise<TraceLink['at']> {
  if (!at) return null;
  const first = await backends.call('traces/slice', { trace, in: at.in, start: at.start, end: at.start + 2_000 });
  const length = at.end - at.start;
  const placed = (start: number) => ({ in: at.in, start, end: Math.min(start + length, first.length) });
  if (words === '' && at.start < first.length) return placed(at.start);
  if (words !== '' && findAnchor(first.text, words, 0) === 0) return placed(at.start);
  const text = words === '' ? '' : await wholeText(backends, trace, at.in);
  const found = words === '' ? null : findAnchor(text, words, at.start);
  if (found !== null) return placed(found);
  const said =
    'The words of this link are not in the text of its trace. It is opened at the place that the link names.';
  void vscode.window.showWarningMessage(at.start < first.length ? said : said.replace(/ It is .*/, ''));
  return at.start < first.length ? placed(at.start) : null;
}

async function wholeText(backends: Backends, trace: string, part: 'prompt' | 'completion'): Promise<string> {
  let text = '';
  for (;;) {
    const start = text.length;
    const slice = await backends.call('traces/slice', { trace, in: part, start, end: start + SLICE_LIMIT });
    text += slice.text;
    if (slice.text === '' || text.length >= Math.min(slice.length, READ_LIMIT)) return text;
  }
}

const isRead = (text: string): boolean => typeof read(text) !== 'string';

function read(text: string): TraceLink | string {
  try {
    const { scheme, path, query } = vscode.Uri.parse(text, true);
    return scheme === 'http' || scheme === 'https' ? 'it leads to a web page' : readLink(path, query);
  } catch {
    return 'it is no address';
  }
}
