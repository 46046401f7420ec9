/** Pages of one suite of tests. */
import assert from 'node:assert/strict';
import { after, afterEach } from 'mocha';
import type { Page } from 'playwright-core';
import type { FakeHost } from './fake-host.ts';
import { closeBrowser, openPage, type OpenedPage, type PageOptions } from './page.ts';

export interface SuitePages {
  /** Opens a page with the suite's options and those given. */
  open: (host: FakeHost, options?: PageOptions) => Promise<Page>;
  /** Closes the page that is open, where a test opens one after the other. */
  close: () => Promise<void>;
}

/**
 * Called inside `describe`: a page is closed after its test, which fails when something went wrong in it.
 *
 * @param patience milliseconds that the page's own waits take at most; Playwright's default where it is left out
 */
export function suitePages(defaults: PageOptions = {}, patience?: number): SuitePages {
  let opened: OpenedPage | null = null;
  afterEach(async () => {
    const problems = opened?.problems ?? [];
    await opened?.close();
    opened = null;
    assert.deepEqual(problems, []);
  });
  after(closeBrowser);
  return {
    async open(host, options = {}) {
      opened = await openPage(host, { ...defaults, ...options });
      if (patience !== undefined) opened.page.setDefaultTimeout(patience);
      return opened.page;
    },
    close: async () => opened?.close(),
  };
}
