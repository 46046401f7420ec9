/** What every state of a page has, for what is to hold in all of them: names, contrast, zoom, the keyboard. */
import type { Page } from 'playwright-core';
import type { WebviewInit } from '../../../core/protocol/webview.ts';
import type { TraceStore } from '../../../server/store/trace-store.ts';
import type { FakeHost } from '../fake-host.ts';
import type { PageOptions } from '../page.ts';

export interface PageState {
  name: string;
  bundle: NonNullable<PageOptions['bundle']>;
  /** The store has the run that `fillRun` of made-overview.ts writes. */
  host: (store: TraceStore) => FakeHost;
  /** Waits for the page and brings it into the state. */
  reach: (page: Page) => Promise<void>;
  /** False where Tab is not what goes around: what is open closes when the focus leaves it. */
  walked?: boolean;
}

/** The backend of a host that has lost it. */
export const gone: Partial<WebviewInit> = {
  backend: { state: 'disconnected', name: 'this machine', local: true, message: null },
};

/** Waits for something that says that the state is reached. */
export const seen =
  (...selectors: readonly string[]) =>
  async (page: Page): Promise<void> => {
    for (const selector of selectors) await page.locator(selector).first().waitFor();
  };

export async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}
