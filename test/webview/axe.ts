/** axe over an open page: what it finds, in short. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/** One line a violation: its rule and its first elements; empty when the page is clean. `rules`: only these. */
export async function axe(page: Page, rules: readonly string[] | null = null): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  const { violations } = await page.evaluate((only) => {
    const { axe: tool } = window as unknown as { axe: { run(options: object): Promise<AxeResult> } };
    // What is left out here is what takes most of its time, and is not read.
    const quick = { resultTypes: ['violations'], selectors: false, preload: false, iframes: false };
    return tool.run({ ...quick, ...(only && { runOnly: only }) });
  }, rules);
  return violations.map(
    ({ id, nodes }) =>
      `${id} (${nodes.length}): ${nodes
        .slice(0, 3)
        .map(
          ({ html, failureSummary }) =>
            `${html.slice(0, 160)} ${failureSummary?.replace(/\s+/g, ' ').slice(0, 200) ?? ''}`,
        )
        .join(' | ')}`,
  );
}
