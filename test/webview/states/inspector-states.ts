/** The inspector around its text: one trace, and what is opened over and beside it. */
import type { Page } from 'playwright-core';
import { fromEnds } from '../../../core/metrics/token-position.ts';
import { LonghandError } from '../../../core/protocol/errors.ts';
import type { View } from '../../../core/protocol/webview.ts';
import { FakeHost, fakeTrace, type FakeTrace } from '../fake-host.ts';
import { longCompletion } from '../made-trace.ts';
import { gone, press, seen, type PageState } from './state.ts';

type InspectorView = Extract<View, { page: 'inspector' }>;
export const inspector: InspectorView = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };

/** Six attempts of a group, the first with what was recorded of its tokens; then others. */
export function traces(): FakeTrace[] {
  const group = Array.from({ length: 6 }, (_, sample) => {
    const completion = longCompletion(6000 + 3000 * sample, 20).replace('{42}', sample % 2 ? '{41}' : '{42}');
    const facts = { entropy: 0.412, logprob: -0.731 };
    const wish = { sample, group: 'g', reward: sample % 2 ? 0 : 1, advantage: sample % 2 ? -1 : 1, facts };
    return fakeTrace(sample, { completion, gold: '42', problem: 'p', problemLabel: 'aime24/63', ...wish });
  });
  const first = group[0]!;
  const ends = Int32Array.from([...first.completion.matchAll(/\s?[^\s]{1,6}|\s/g)], ({ index, 0: one }) => index + one.length); // prettier-ignore
  const logprobs = Float32Array.from(ends, (_, i) => (i % 7 === 3 ? -3.5 : -0.01));
  const entropies = Float32Array.from(ends, (_, i) => (i % 7 === 3 ? 2 : i % 5 === 2 ? 0.7 : 0.05));
  first.tokens = { positions: fromEnds(ends), scores: { logprobs, entropies, top: 0 } };
  Object.assign(first.detail, { tokens: ends.length, tokensExact: true });
  const others = Array.from({ length: 40 }, (_, i) => {
    const finish = i % 6 === 5 ? ('length' as const) : ('stop' as const);
    const answer = i % 3 === 0 ? '3' : '4';
    return fakeTrace(6 + i, {
      completion: `So $a = ${answer}$. Let me check that. The answer is \\boxed{${answer}}.`,
      ...{ gold: '3', problemLabel: `aime25/${i}`, finish },
    });
  });
  return [...group, ...others];
}

/** A state of the inspector; without a host of its own, one that begins with a trace that is read. */
export const inspected = (name: string, reach: (page: Page) => Promise<void>, host?: () => FakeHost): PageState => ({
  ...{ name: `inspector, ${name}`, bundle: 'inspector' },
  host: host ?? (() => new FakeHost({ traces: traces() }, inspector)),
  async reach(page) {
    if (!host) await page.locator('.path-facts').waitFor();
    await reach(page);
  },
});

export const inspectorStates: readonly PageState[] = [
  inspected('a trace', async () => undefined),
  inspected('keys', async (page) => {
    await press(page, '?');
    await page.locator('dialog[open]').waitFor();
  }),
  inspected('rulers of the group', async (page) => {
    await press(page, 'R');
    await page.locator('.strips-state', { hasText: /^$/ }).waitFor({ state: 'attached' });
  }),
  inspected('outline and the field for places', async (page) => {
    await press(page, 'L');
    await page.locator('.outline-row').first().waitFor();
    await press(page, ':');
    await page.locator('.go-to').waitFor();
  }),
  inspected('find with hits', async (page) => {
    await press(page, '/');
    await page.locator('.find-field').fill('the');
    await page.locator('.find-count', { hasText: ' of ' }).waitFor();
  }),
  inspected('lines under tokens', async (page) => {
    await press(page, 'H');
    await page.locator('.token-key').waitFor();
  }),
  inspected('passages folded away', seen('.fold-kinds', '.fold-open'), folded),
  inspected('labels edited', async (page) => {
    await press(page, 'E');
    await page.locator('.edit-bar').waitFor();
    await press(page, 'Enter', 'M', 'ArrowDown', 'o');
    await page.locator('.queue-row').first().waitFor();
  }),
  inspected(
    'a second opinion',
    async (page) => {
      const shown = page.getByRole('group', { name: 'Whose spans are shown' });
      await shown.getByRole('button', { name: 'Judge' }).click();
      await page.getByRole('region', { name: 'Second opinion' }).getByText('over').first().waitFor();
    },
    () => new FakeHost({ traces: traces(), judge: (step) => (/check/.test(step) ? ['verification'] : []) }, inspector),
  ),
  inspected('the connection lost', seen('.banner', '.path-facts'), () => {
    return new FakeHost({ traces: traces() }, inspector, gone);
  }),
  inspected('a text that cannot be read', seen('.text-column [role=alert]', '.facts:empty'), () => {
    const host = new FakeHost({ traces: traces() }, inspector);
    host.failing.set('traces/get', new LonghandError('not_found', 'The files of this attempt are gone.'));
    return host;
  }),
];

/** Code and a check that holds, both folded away. */
function folded(): FakeHost {
  const code = Array.from({ length: 12 }, (_, i) => `print(${i} + 2)`).join('\n');
  const sums = 'We put x into the first equation, so that 3 times 4 plus 5 makes 17 as it should be here. '.repeat(3);
  const completion = `<think>\n\nSo x = 4. Let me check that. ${sums}\n\n${sums} So it works.\n\n\`\`\`python\n${code}\n\`\`\`\n\nThe answer is \\boxed{4}.`;
  const host = new FakeHost({ traces: [fakeTrace(0, { completion, gold: '4' })] }, inspector);
  host.init.settings.folded = ['code', 'check'];
  return host;
}
