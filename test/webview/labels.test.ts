import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { comparable } from '../../core/labels/disagreements.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { PageKey, View } from '../../core/protocol/webview.ts';
import { detect } from '../../core/behaviours/detect.ts';
import type { Label } from '../../core/behaviours/spans.ts';
import { steps } from '../../core/traces/steps.ts';
import { axe } from './axe.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { longCompletion } from './made-trace.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' } };
const TEXT =
  'First, we need to find the radius. It is 4. Let me check that: 2 + 2 = 4. Yes, that matches. ' +
  'Since $a^2 = 9$ we get $a = 3$. Hmm, maybe not. The answer is \\boxed{3}.';
const STEPS = steps(TEXT);
const trace = 'run-00000000/grpo/1/0';
const other = 'run-00000000/grpo/1/1';
const words = (i: number) => TEXT.slice(STEPS[i]!.start, STEPS[i]!.end);

const made = () =>
  new FakeHost(
    {
      traces: [
        fakeTrace(0, { completion: TEXT, gold: '3', problemLabel: 'aime/1' }),
        fakeTrace(1, { completion: longCompletion(20_000, 30), gold: '42', problemLabel: 'aime/2' }),
      ],
    },
    view,
  );

const own = (host: FakeHost) =>
  host.labels.get(trace).spans.map(({ start, end, label }) => [TEXT.slice(start, end), label]);
const said = (page: Page, text: string | RegExp) => page.locator('[role=status]', { hasText: text }).waitFor();

/** Opens the first trace and begins to label it, with the keyboard alone. */
async function labelling(page: Page): Promise<void> {
  await page.locator('.span.label-subgoal').first().waitFor();
  await page.keyboard.press('E');
  await said(page, 'You have none here yet');
}

describe('labels', () => {
  const { open, close } = suitePages({}, 10_000);

  it('adds, grows, moves, relabels and removes by keyboard, says each, and undoes it', async () => {
    const host = made();
    const page = await open(host);
    await labelling(page);
    await page.keyboard.press('ArrowDown');
    await said(page, `Step 2 of ${STEPS.length}: ${words(1)}`);
    await page.keyboard.press('Shift+ArrowDown');
    await said(page, `Steps 2–3`);
    await page.keyboard.press('w');
    await said(page, 'Backward reasoning added.');
    const whole = TEXT.slice(STEPS[1]!.start, STEPS[2]!.end);
    assert.deepEqual(own(host), [[whole, 'backward_reasoning']]);
    await page.locator('.span.label-backward_reasoning', { hasText: 'It is 4.' }).first().waitFor();
    await page.keyboard.press('.');
    await said(page, '3 steps');
    assert.deepEqual(own(host), [[TEXT.slice(STEPS[1]!.start, STEPS[3]!.end), 'backward_reasoning']]);
    for (const key of ['>', ',']) await page.keyboard.press(key);
    await said(page, '1 step,');
    assert.deepEqual(own(host), [[words(2), 'backward_reasoning']]);
    await page.keyboard.press('+');
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Shift+ArrowRight');
    await said(page, `${words(3).length - 4} characters`);
    assert.deepEqual(own(host), [[words(3).slice(1, -3), 'backward_reasoning']]);
    await page.keyboard.press('v');
    await said(page, 'Now Verification.');
    assert.equal(own(host)[0]![1], 'verification');
    await page.keyboard.press('Delete');
    await said(page, 'Verification removed.');
    assert.deepEqual(own(host), []);
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('z');
    await page.waitForFunction(() => document.querySelector('[aria-label^="Do again"]:not([disabled])') !== null);
    await page.keyboard.press('Z');
    await said(page, 'Done again.');
    // Removing and the label were undone, and one of the character moves; that one was done again.
    assert.deepEqual(own(host), [[words(3).slice(1, -3), 'backward_reasoning']]);
    for (let i = 0; i < 20; i += 1) await page.keyboard.press('Control+z');
    await said(page, 'There is nothing to undo.');
    assert.deepEqual(own(host), []);
    await page.keyboard.press('Escape');
    await page.locator('.edit-bar').waitFor({ state: 'detached' });
    assert.ok(await page.locator('.span.label-subgoal').first().isVisible(), 'the detector’s spans are shown again');
    assert.equal(host.traces[0]!.completion, TEXT);
  });

  it('begins with the detector’s spans, and measures the detector with every edit over what was reviewed', async () => {
    const host = made();
    const page = await open(host);
    await labelling(page);
    await page.keyboard.press('Enter');
    await said(page, 'as the detector has them');
    const found = comparable(detect(TEXT));
    assert.equal(host.labels.get(trace).spans.length, found.length);
    const row = (name: string) => page.locator('.edit-figures tr', { hasText: name }).locator('td.num');
    assert.deepEqual(await row('All labels').allTextContents(), ['', '', '', '', '']);
    await page.keyboard.press('M');
    await said(page, 'All of the text is reviewed.');
    const n = host.labels.agreement().labels.reduce((sum, { steps: { gold } }) => sum + gold, 0);
    assert.deepEqual(await row('All labels').allTextContents(), [String(n), '1.00', '1.00', '1.00', '1.00']);
    // A step that the detector leaves uncoloured.
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('o');
    await said(page, 'Restart added.');
    assert.deepEqual(await row('Restart').allTextContents(), ['1', '', '0.00', '0.00', '0.00']);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('.edit-note', { hasText: `${STEPS.length} reviewed steps of 1 trace` }).waitFor();
    await page.waitForFunction(
      () => document.querySelectorAll('.edit-figures tr:has(.label-restart) td.num')[2]?.textContent === '0.00',
    );
    await page.getByRole('button', { name: 'Spans', exact: true }).click();
    assert.deepEqual(await row('Restart').allTextContents(), ['1', '', '0.00', '0.00', '']);
    await page.keyboard.press('M');
    await said(page, 'Not reviewed.');
    await page.keyboard.press('m');
    await said(page, /Reviewed up to here, \d+ %/);
    assert.deepEqual(host.labels.get(trace).reviewed, [[0, STEPS[1]!.end]]);
  });

  it('goes from one disagreement to the next, also in another trace, and leaves out what is settled', async () => {
    const host = made();
    const page = await open(host);
    await labelling(page);
    for (const key of ['Enter', 'M', 'ArrowDown', 'o']) await page.keyboard.press(key);
    await said(page, 'Restart added.');
    const settled = () => host.labels.get(trace).settled.length;
    await page.waitForFunction(() => document.querySelector('.queue-row')?.textContent?.includes('missed'));
    await page.keyboard.press('d');
    await said(page, 'Restart: you have it, the detector does not.');
    await page.keyboard.press('q');
    await said(page, 'Settled');
    assert.equal(settled(), 1);
    await page.waitForFunction(() => document.querySelector('.queue-row')?.textContent?.includes('unsure'));
    await page.keyboard.press('d');
    await said(page, 'the detector is not sure');
    await page.waitForFunction(() => document.querySelector('.problem')?.textContent === 'aime/2');
    assert.equal(host.labels.get(other).revision, 0, 'looking changes nothing');
    await page.keyboard.press('v');
    await said(page, 'Verification');
    assert.equal(host.labels.get(other).spans.length, 1);
  });

  it('labels what is selected with the mouse, snapped to steps or as it is', async () => {
    const host = made();
    const page = await open(host);
    await labelling(page);
    const drag = async (from: string, to: string) => {
      const box = await page.evaluate(
        ([a, b]) => {
          const at = (needle: string, end: boolean) => {
            const walker = document.createTreeWalker(document.querySelector('.scroller')!, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
              const i = (node as Text).data.indexOf(needle);
              if (i < 0) continue;
              const range = document.createRange();
              range.setStart(node, end ? i + needle.length - 1 : i);
              range.setEnd(node, end ? i + needle.length : i + 1);
              const rect = range.getBoundingClientRect();
              return { x: end ? rect.right : rect.left, y: rect.top + rect.height / 2 };
            }
            throw new Error(needle);
          };
          return [at(a!, false), at(b!, true)];
        },
        [from, to],
      );
      await page.mouse.move(box[0]!.x + 1, box[0]!.y);
      await page.mouse.down();
      await page.mouse.move(box[1]!.x, box[1]!.y, { steps: 4 });
      await page.mouse.up();
    };
    await drag('is 4', 'check that');
    await said(page, 'Steps 2–3');
    await page.getByRole('button', { name: 'Add Verification (v)' }).click();
    await said(page, 'Verification added.');
    assert.deepEqual(own(host), [[TEXT.slice(STEPS[1]!.start, STEPS[2]!.end), 'verification']]);
    await page.getByRole('button', { name: 'Snap', exact: true }).click();
    await drag('maybe', 'not');
    await said(page, 'characters: maybe not');
    await page.keyboard.press('u');
    await said(page, 'Uncertainty added.');
    assert.deepEqual(own(host)[1], ['maybe not', 'uncertainty']);
    // A click selects the label under it, another one beside it the step.
    await page.locator('.span.label-verification', { hasText: 'check that' }).first().click();
    await said(page, 'Verification: It is 4.');
    await page.getByRole('button', { name: 'Make it Subgoal (s)' }).click();
    await said(page, 'Now Subgoal.');
    assert.equal(own(host)[0]![1], 'subgoal');
  });

  it('takes over what another window did, and says that an edit came too late', async () => {
    const host = made();
    const page = await open(host);
    await labelling(page);
    const add = { op: 'add', start: 0, end: 10, label: 'loop' } as const;
    host.labels.edit({ trace, base: 0, edits: [add] });
    await said(page, 'changed in another window');
    await page.locator('.span.label-loop').first().waitFor();
    // One of which the page has not heard yet.
    const layer = host.labels.get(trace);
    host.labels.layers.set(`Ada ${trace}`, { ...layer, revision: 7, spans: [] });
    await page.keyboard.press('v');
    await said(page, 'do it again');
    assert.deepEqual(own(host), []);
    await page.keyboard.press('v');
    await said(page, 'Verification added.');
    assert.equal(own(host).length, 1);
    host.failing.set('labels/edit', new LonghandError('disk_full', 'no room for the journal'));
    await page.keyboard.press('Delete');
    await page.locator('[role=alert]', { hasText: 'no room for the journal' }).waitFor();
    assert.equal(own(host).length, 1);
    host.failing.clear();
    await page.getByRole('button', { name: 'Read them again' }).click();
    await page.locator('[role=alert]').waitFor({ state: 'detached' });
  });

  it('shows readers’ labels in place of the detector’s spans, or beside them', async () => {
    const host = made();
    host.labels.edit({ trace, by: 'Zoë', base: 0, edits: [{ op: 'add', start: 0, end: 10, label: 'loop' }] });
    const page = await open(host);
    await page.locator('.span.label-subgoal').first().waitFor();
    await page.getByRole('button', { name: 'Readers', exact: true }).click();
    await page.locator('.span.label-loop[title*="Zoë 1"]').first().waitFor();
    assert.equal(await page.locator('.span.label-subgoal').first().isVisible(), true);
    await page.getByRole('button', { name: 'Detector', exact: true }).click();
    await page.waitForFunction(() => !document.querySelector('.scroller .span.label-subgoal'));
    assert.equal(await page.locator('.scroller .span.label-loop').count(), 1);
  });

  it('goes on after the page was hidden, and does what the palette asks for', async () => {
    const host = made();
    const page = await open(host);
    await page.locator('.span.label-subgoal').first().waitFor();
    await host.notify('host/key', { action: 'editLabels' });
    await said(page, 'You have none here yet');
    await page.keyboard.press('v');
    await said(page, 'Verification added.');
    await page.reload();
    await said(page, '1 label of yours');
    await host.notify('host/key', { action: 'nextDisagreement' });
    await said(page, 'the detector is not sure');
    await host.notify('host/key', { action: 'editLabels' });
    await page.locator('.edit-bar').waitFor({ state: 'detached' });
    await page.reload();
    await page.locator('.span.label-subgoal').first().waitFor();
    await page.waitForTimeout(300);
    assert.equal(await page.locator('.edit-bar').count(), 0);
    assert.equal(own(host).length, 1);
  });

  it('is all done by the palette too', async () => {
    const host = made();
    const page = await open(host);
    await page.locator('.span.label-subgoal').first().waitFor();
    const command = (action: PageKey, label?: Label) => host.notify('host/key', { action, ...(label && { label }) });
    await command('nextStep');
    await said(page, 'You have none here yet');
    await command('giveLabel', 'verification');
    await said(page, 'Verification added.');
    await command('endStepLater');
    await said(page, '2 steps');
    await command('giveLabel', 'backtracking');
    await said(page, 'Now Backtracking.');
    await command('removeLabel');
    await command('undoLabel');
    await page.locator('.scroller .span.label-backtracking').waitFor();
    await command('redoLabel');
    await page.locator('.scroller .span.label-backtracking').waitFor({ state: 'detached' });
  });

  it('lists its keys, leaves out those that mean something else now, and is clean for axe', async () => {
    for (const theme of themeKinds)
      for (const width of theme === 'vscode-dark' ? [1500, 760] : [1500]) {
        const page = await open(made(), { theme, width });
        await labelling(page);
        for (const key of ['Enter', 'M', 'ArrowDown', 'o', 'ArrowDown']) await page.keyboard.press(key);
        await said(page, 'Step 3');
        await page.locator('.queue-row').first().waitFor();
        assert.deepEqual(await axe(page), [], `${theme} ${width}`);
        await shot(page, `labels-${theme}${width === 1500 ? '' : '-narrow'}`);
        await page.keyboard.press('?');
        const sheet = await page.locator('dialog[open] .help-groups').innerText();
        assert.match(sheet, /Reviewed up to here/);
        assert.doesNotMatch(sheet, /Next, previous span of any label/);
        assert.deepEqual(await axe(page), [], `${theme} ${width}, keys`);
        await close();
      }
  });
});
