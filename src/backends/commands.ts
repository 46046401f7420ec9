/** Connect to Backend…, Stop Backend, Forget Backend: the dialogs. */
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import { at, textAt } from '../shape.ts';
import { rootFolder } from '../settings.ts';
import { parseAddress } from './address.ts';
import type { Backends } from './backends.ts';
import type { Tokens } from './tokens.ts';

/** Asks for an address (or takes one that is known) and a token, and connects. `argument`: an address, or a row of the tree. */
export async function connectBackend(backends: Backends, tokens: Tokens, argument: unknown): Promise<void> {
  const given = at(argument, 'backend') === undefined ? argument : at(argument, 'backend', 'url');
  // Null is this machine.
  const chosen = typeof given === 'string' || given === null ? given : await pickBackend(backends);
  if (chosen === undefined) return;
  if (chosen === null) {
    await backends.activate(null);
    await backends.need();
    return;
  }
  const address = parseAddress(chosen);
  // A token in SecretStorage is tried first; a wrong one is asked for again.
  let token = address.token ?? (await tokens.get(address.url)) ?? (await askToken(address.url, false));
  while (token) {
    if (await tryToken(backends, address.url, token)) return;
    token = await askToken(address.url, true);
  }
}

/** False when the backend does not take the token. */
async function tryToken(backends: Backends, url: string, token: string): Promise<boolean> {
  try {
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Longhand: connecting to ${url}` },
      () => backends.connect(url, token),
    );
    return true;
  } catch (error) {
    if (LonghandError.is(error, 'unauthorized')) return false;
    throw error;
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
  let url = textAt(argument, 'backend', 'url');
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
