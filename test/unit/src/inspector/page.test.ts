import '../../../support/vscode-module.ts';
import 'vscode-jsonrpc/node';
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { MessageChannel, type MessagePort as Channel } from 'node:worker_threads';
import { after, describe, it } from 'mocha';
import type * as vscode from 'vscode';
import {
  openPeer,
  type MessagePort,
  type Peer,
  type PeerCallContext,
  type PeerHandlers,
} from '../../../../core/protocol/connection.ts';
import { LonghandError } from '../../../../core/protocol/errors.ts';
import type { Methods } from '../../../../core/protocol/methods.ts';
import type { SearchProgress, SearchTotals } from '../../../../core/protocol/search.ts';
import type { HostMethods, HostNotifications, View } from '../../../../core/protocol/webview.ts';
import type { PageParts } from '../../../../src/inspector/page.ts';

const { Page } = await import('../../../../src/inspector/page.ts');

type Service = Pick<Methods, 'traces/search' | 'traces/page'>;
type Search = PeerCallContext<Methods['traces/search']>;
type Calls = Service & HostMethods;

const view: View = { page: 'inspector', title: 'r', filter: { run: 'r' } };
const ask = { filter: { run: 'r' }, query: 'wait' };
const counts = {
  ...{ searched: 0, total: 3, hits: 0, traces: 0, seconds: 0 },
  leftOut: { unreadable: 0, cut: 0, slow: 0, givenUp: 0 },
};
const progressOf = (searched: number): SearchProgress => ({ ...counts, searched, found: [] });
const totals: SearchTotals = { ...counts, searched: 3, listed: 0 };

/** One end of a channel as the port of a peer: messages are copied, and come later, as between a page and its host. */
const portOf = (end: Channel): MessagePort => ({
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no origin
  send: (message) => end.postMessage(message),
  onMessage: (listener) => end.on('message', listener),
  onClose: () => undefined,
  close: () => end.close(),
});

/** A page behind a webview that is a channel, and a backend behind another one, with a service that a test writes. */
function opened(service: PeerHandlers<Service>) {
  const backend = new MessageChannel();
  const server = openPeer<Record<never, never>, object, object, Service>(portOf(backend.port2), { handlers: service });
  const client = openPeer<Service>(portOf(backend.port1));
  const webview = new MessageChannel();
  let receive: (message: unknown) => void = () => undefined;
  webview.port1.on('message', (message) => receive(message));
  const panel = {
    ...{ title: '', visible: true },
    webview: {
      ...{ options: {}, html: '', cspSource: 'https://webview' },
      asWebviewUri: (uri: unknown) => uri,
      onDidReceiveMessage: (listener: typeof receive) => {
        receive = listener;
        return { dispose: () => (receive = () => undefined) };
      },
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no origin
      postMessage: async (message: unknown) => (webview.port1.postMessage(message), true),
    },
  };
  const problems: string[] = [];
  const parts = {
    extension: { path: '/extension' },
    backends: { state: 'connected', active: { name: 'here', url: null }, error: null, call: client.call.bind(client) },
    memory: { reading: {} },
    log: { error: (text: string) => problems.push(text) },
    titleOf: () => 'title',
    viewChanged: () => undefined,
  };
  const page = new Page(panel as unknown as vscode.WebviewPanel, view, parts as unknown as PageParts);
  const life = (): Peer<Calls, HostNotifications> => {
    webview.port2.removeAllListeners('message');
    return openPeer<Calls, HostNotifications>({ ...portOf(webview.port2), close: () => undefined });
  };
  closing.push(() => {
    page.dispose();
    server.close();
    client.close();
    webview.port1.close();
  });
  return { page, life, problems };
}
const closing: (() => void)[] = [];

/** A service whose search says one thing and goes on until it is cancelled. */
function endless() {
  const seen: Search[] = [];
  const service: PeerHandlers<Service> = {
    'traces/page': () => ({ rows: [], total: 0 }),
    'traces/search': async (_, context) => {
      seen.push(context);
      await context.progress(progressOf(1));
      return new Promise((_resolve, reject) =>
        context.signal.addEventListener('abort', () => reject(context.signal.reason as Error)),
      );
    },
  };
  return { service, seen };
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i += 1) {
    if (what()) return;
    await pause(5);
  }
  assert.fail('It did not happen.');
}

describe('page of the inspector', () => {
  after(() => closing.forEach((close) => close()));

  it('passes on what a search says on its way, in its order, and its end', async () => {
    const { life, problems } = opened({
      'traces/page': () => ({ rows: [], total: 0 }),
      'traces/search': async (params, { progress }) => {
        assert.deepEqual(params, ask);
        for (let i = 1; i <= 3; i += 1) await progress(progressOf(i));
        return totals;
      },
    });
    const peer = life();
    assert.deepEqual((await peer.call('host/ready', {})).view, view);
    const said: number[] = [];
    const end = await peer.call('traces/search', ask, { onProgress: ({ searched }) => said.push(searched) });
    assert.deepEqual(said, [1, 2, 3]);
    assert.deepEqual(end, totals);
    assert.deepEqual(problems, []);
  });

  it('passes the cancelling on to the service, and nothing that it says afterwards', async () => {
    const { service, seen } = endless();
    const { life, problems } = opened(service);
    const peer = life();
    await peer.call('host/ready', {});
    const controller = new AbortController();
    const said: number[] = [];
    const search = peer.call('traces/search', ask, {
      signal: controller.signal,
      onProgress: ({ searched }) => said.push(searched),
    });
    await until(() => said.length === 1);
    assert.equal(seen[0]!.signal.aborted, false);
    controller.abort();
    await assert.rejects(search, (error) => LonghandError.is(error, 'cancelled'));
    await until(() => seen[0]!.signal.aborted);
    void seen[0]!.progress(progressOf(2));
    assert.deepEqual(await peer.call('traces/page', { filter: {} }), { rows: [], total: 0 });
    assert.deepEqual(said, [1]);
    assert.deepEqual(problems, []);
  });

  it('cancels what a page had asked that is loaded again, or closed', async () => {
    const { service, seen } = endless();
    const { page, life } = opened(service);
    const first = life();
    await first.call('host/ready', {});
    void first.call('traces/search', ask).catch(() => undefined);
    await until(() => seen.length === 1);
    const second = life();
    assert.deepEqual((await second.call('host/ready', {})).view, view);
    await until(() => seen[0]!.signal.aborted);
    void second.call('traces/search', ask).catch(() => undefined);
    await until(() => seen.length === 2);
    assert.equal(seen[1]!.signal.aborted, false);
    page.dispose();
    await until(() => seen[1]!.signal.aborted);
  });
});
