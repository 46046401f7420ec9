/** Connect to Backend…, Stop Backend, Forget Backend: the dialogs. */
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import { rootFolder } from '../settings.ts';
import { parseAddress } from './address.ts';
import type { Backends } from './backends.ts';
import type { Tokens } from './tokens.ts';

/** Asks for an address (or takes one that is known) and a token, and connects. `argument`: an address to take unasked. */
export async function connectBackend(backends: Backends, tokens: Tokens, argument: unknown): Promise<void> {
  // Rows of the tree give an address, or null for this machine.
  const chosen = typeof argument === 'string' || argument === null ? argument : await pickBackend(backends);
  if (chosen === undefined) return;
  if (chosen === null) {
    await backends.activate(null);
    await backends.need();
    return;
  }
  const address = parseAddress(chosen);
  // A token in SecretStorage is tried first; a wrong one is asked for again.
  let token = address.token ?? (await tokens.get(address.url));
  for (let wrong = false; ; wrong = true) {
    if (!token || wrong) token = await askToken(address.url, wrong);
    if (!token) return;
    try {
      await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: `Longhand: connecting to ${address.url}` },
        () => backends.connect(address.url, token as string),
      );
      return;
    } catch (error) {
      if (!LonghandError.is(error, 'unauthorized')) throw error;
    }
  }
}

async function pickBackend(backends: Backends): Promise<string | null | undefined> {
  const others = backends.known.filter(({ url }) => url !== null);
  const local = { label: '$(device-desktop) This machine', description: rootFolder(), url: null as string | null };
  const items = [
    local,
    ...others.map(({ url, name }) => ({ label: `$(remote) ${name}`, description: '', url })),
    { label: '$(add) Another address…', description: 'also at the end of ssh -L', url: undefined },
  ];
  if (others.length === 0) return askAddress();
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Connect to Backend',
    placeHolder: 'Which backend?',
  });
  if (!picked) return undefined;
  return picked.url === undefined ? askAddress() : picked.url;
}

/** Takes a backend out of the list, and its token out of SecretStorage. */
export async function forgetBackend(backends: Backends, argument: unknown): Promise<void> {
  const node = argument as { backend?: { url?: unknown } } | undefined;
  let url = typeof node?.backend?.url === 'string' ? node.backend.url : undefined;
  if (!url) {
    const items = backends.known.flatMap((known) => (known.url ? [{ label: known.url, url: known.url }] : []));
    if (items.length === 0)
      throw new LonghandError('not_runnable', 'There is no backend to forget: this machine is always there.');
    url = (await vscode.window.showQuickPick(items, { title: 'Forget Backend', placeHolder: 'Which backend?' }))?.url;
  }
  if (url) await backends.forget(url);
}

function askAddress(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: 'Connect to Backend',
    prompt:
      'Address of a backend: one on this machine, or the end of a tunnel (ssh -L 4711:127.0.0.1:4711 gpu-machine)',
    placeHolder: 'ws://127.0.0.1:4711',
    ignoreFocusOut: true,
    validateInput(text) {
      if (!text.trim()) return null;
      try {
        parseAddress(text);
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  });
}

function askToken(url: string, wrong: boolean): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: `Token of ${url}`,
    prompt: `${wrong ? 'The backend does not take that token. ' : ''}It is in service.json under the backend's root folder. It is kept in this editor's secret storage.`,
    password: true,
    ignoreFocusOut: true,
  });
}
