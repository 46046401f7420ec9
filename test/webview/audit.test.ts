import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { AuditItem, AuditQueue, RescorePreview } from '../../core/protocol/audit.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { View } from '../../core/protocol/webview.ts';
import { axe } from './axe.ts';
import { FakeHost, fakeTrace, type FakeTrace } from './fake-host.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: Extract<View, { page: 'inspector' }> = {
  page: 'inspector',
  title: 'two-stage',
  filter: { run: 'run-00000000' },
};

function some(): FakeTrace[] {
  const think = (before: string, after: string) =>
    `<think>\nFirst, we add up: $6 + 7 = 13$. The answer is \\boxed{${before}}.\n\nWait, let me check this.\n</think>\nSo the answer is \\boxed{${after}}.`;
  return [
    fakeTrace(0, { completion: think('12', '12'), gold: '12', problemLabel: 'aime/1' }),
    fakeTrace(1, { completion: think('12', '13'), gold: '12', problemLabel: 'aime/2' }),
    fakeTrace(2, { completion: think('0.5', '\\frac{1}{2}'), gold: '50\\%', problemLabel: 'aime/3', verdict: 'wrong' }),
    fakeTrace(3, { completion: think('13', '12'), gold: '12', problemLabel: 'aime/4' }),
    ...Array.from({ length: 30 }, (_, i) =>
      fakeTrace(4 + i, { completion: think('1', '2'), gold: '3', problemLabel: `aime/${5 + i}` }),
    ),
  ];
}

function queueOf(traces: readonly FakeTrace[]): AuditQueue {
  const item = (n: number, suspect: AuditItem['suspect'], ...reasons: AuditItem['reasons']): AuditItem => {
    const { detail } = traces[n]!;
    return { row: detail, suspect, reasons };
  };
  const at = traces[1]!.completion.indexOf('12');
  return {
    items: [
      item(2, 'false_negative', {
        reason: 'checkers_differ',
        detail: 'Math-Verify says wrong, the quick check right: the same value modulo three primes.',
      }),
      item(
        1,
        'false_negative',
        {
          reason: 'gold_in_text',
          detail: '“12” in the reasoning equals the gold answer; the answer taken is “13”.',
          at: { start: at, end: at + 2 },
        },
        { reason: 'answers_differ', detail: 'The last answer of the reasoning is “12”, the last one after it “13”.' },
      ),
      item(3, 'false_positive', { reason: 'answers_differ', detail: 'The last answer of the reasoning is “13”.' }),
      ...Array.from({ length: 30 }, (_, i) =>
        item(4 + i, 'unclear', { reason: 'weak_rule' as const, detail: 'Found by a weak rule.' }),
      ),
    ],
    total: 33,
    reasons: { checkers_differ: 1, gold_in_text: 1, answers_differ: 2, weak_rule: 30 },
    ...{ looked: 34, done: 2, waiting: 0, unreadable: 0, cut: 1, beyond: 0 },
  };
}

function previewOf(traces: readonly FakeTrace[], waiting = 0): RescorePreview {
  const estimate = (mean: number, low: number, high: number) => ({ mean, ci95: [low, high] as [number, number] });
  return {
    ...{ checker: 'quick', version: '2', policy: 'default', done: waiting > 0 ? 1200 : 4000, waiting, beyond: 0 },
    moves: [
      { from: 'wrong', to: 'right', n: 2 },
      { from: 'right', to: 'wrong', n: 1 },
    ],
    kept: { undecided: 7, reader: 2 },
    sets: [
      {
        ...{ stage: 'eval', of: 'sft', step: 40, set: 'math-500', marker: null, problems: 500, n: 4000 },
        ...{ before: estimate(0.612, 0.58, 0.64), after: estimate(0.63, 0.6, 0.66) },
        difference: estimate(0.018, 0.004, 0.03),
      },
    ],
    moreSets: 0,
    changes: [1, 2, 3].map((n) => ({
      ...{ row: traces[n]!.detail, from: n === 3 ? ('right' as const) : ('wrong' as const) },
      ...{ to: n === 3 ? ('wrong' as const) : ('right' as const), gold: '12', reason: 'the same value' },
    })),
    total: 3,
  };
}

function host(initial: View = view): FakeHost {
  const traces = some();
  return new FakeHost({ traces, audit: queueOf(traces), rescore: () => previewOf(traces) }, initial);
}

const facts = (page: Page) => page.locator('.audit-facts');

describe('audit', () => {
  const { open, close } = suitePages();

  it('is clean for axe in all four themes, queue, folds and re-score', async () => {
    for (const theme of themeKinds) {
      const page = await open(host({ ...view, mode: 'audit' }), { theme });
      await page.getByRole('grid', { name: 'Audit' }).waitFor();
      for (const name of ['Candidates', 'How the answer', 'How the gold'])
        await page.locator('.fold-head', { hasText: name }).click();
      await page.locator('.audit-candidate').first().waitFor();
      await page.keyboard.press('=');
      await page.locator('.audit-words', { hasText: 'anna' }).waitFor();
      await shot(page, `audit-${theme}`);
      assert.deepEqual(await axe(page), [], theme);
      await page.getByRole('tab', { name: 'Re-score' }).click();
      await page.locator('.rescore-sets').waitFor();
      await shot(page, `rescore-${theme}`);
      assert.deepEqual(await axe(page), [], `${theme}, re-score`);
      if (theme !== themeKinds.at(-1)) await close();
    }
  });

  it('takes a reader’s verdict by one key, shows it beside the checkers’, and undoes it', async () => {
    const fake = host();
    const page = await open(fake);
    await facts(page).locator('.audit-words').waitFor();
    const words = () => facts(page).locator('.audit-words tbody tr').allInnerTexts();
    assert.deepEqual(
      (await words()).map((line) => line.split(/\s+/)[1]),
      ['right', 'right'],
    );
    const first = page.locator('#trace-0 .cell-verdict');
    const height = () => facts(page).evaluate((one) => one.getBoundingClientRect().height);
    await page.keyboard.press('-');
    await page.locator('.audit-words', { hasText: 'anna' }).waitFor();
    assert.match((await words())[0]!, /wrong.*anna reader 1.*before: right by Math-Verify/s);
    assert.equal((await words()).length, 3);
    await page.locator('#trace-0 .cell-verdict', { hasText: '✗' }).waitFor();
    assert.match(await page.locator('.outcome').innerText(), /✗/);
    const before = await height();
    await page.keyboard.press('.');
    await page.locator('.audit-words', { hasText: 'reader 2' }).waitFor();
    assert.equal(await height(), before, 'another word moves nothing');
    assert.equal(await first.innerText(), '?');
    // The last word, then the one before it.
    await page.keyboard.press('z');
    await page.locator('#trace-0 .cell-verdict', { hasText: '✗' }).waitFor();
    await page.keyboard.press('j');
    await page.locator('.head .problem', { hasText: 'aime/2' }).waitFor();
    await page.locator('.audit-words', { hasText: 'Math-Verify' }).waitFor();
    await page.keyboard.press('z');
    await page.locator('.head .problem', { hasText: 'aime/1' }).waitFor();
    await page.locator('#trace-0 .cell-verdict', { hasText: '✓' }).waitFor();
    assert.ok(await page.locator('.chip', { hasText: 'undo' }).isDisabled());
    await page.locator('.chip', { hasText: 'undecided' }).last().click();
    await page.locator('.audit-words', { hasText: 'anna' }).waitFor();
    await page.keyboard.press('0');
    await page.locator('.audit-words:not(:has-text("anna"))').waitFor();
    assert.deepEqual(
      fake.calls
        .filter(({ method }) => method === 'traces/judge')
        .map(({ params }) => (params as { verdict: unknown }).verdict),
      ['wrong', 'undecided', 'wrong', null, 'undecided', null],
    );
    // A command of the editor does the same.
    await fake.notify('host/key', { action: 'judgeWrong' });
    await page.locator('#trace-0 .cell-verdict', { hasText: '✗' }).waitFor();
  });

  it('keeps what was said elsewhere live, and says why a word could not be taken', async () => {
    const fake = host();
    const page = await open(fake);
    await page.locator('.audit-words').waitFor();
    Object.assign(fake.traces[0]!.detail, {
      verdict: 'wrong',
      reader: { value: 'wrong', checker: 'reader', version: '1', by: 'ben', t: 1, before: null },
    });
    const base = { v: 1 as const, seq: 9, t: 1, run: 'run-00000000', stage: 'grpo', attempt: 1 };
    await fake.notify('events/batch', {
      stream: 'journal',
      events: [{ ...base, type: 'verdict_given', trace: 0, verdict: 'wrong', by: 'ben', before: null }],
    });
    await page.locator('.audit-words', { hasText: 'ben' }).waitFor();
    await page.locator('#trace-0 .cell-verdict', { hasText: '✗' }).waitFor();
    fake.failing.set('traces/judge', new LonghandError('disk_full', 'No room for the journal.'));
    await page.keyboard.press('=');
    await page.locator('.audit-facts [role=alert]', { hasText: 'No room' }).waitFor();
    assert.equal(await page.locator('.audit-words tbody tr').count(), 3);
  });

  it('goes through the queue in its order, shows each place, and moves nothing when a verdict is given', async () => {
    const fake = host({ ...view, mode: 'audit' });
    const page = await open(fake);
    await page.locator('.head .problem', { hasText: 'aime/3' }).waitFor();
    assert.match(await page.locator('.audit-why').innerText(), /1 of 33 .*Math-Verify says wrong/s);
    // A verdict is given over a trace that is there, not over one that is still being read.
    await page.locator('.audit-facts').waitFor();
    await page.locator('.scroller .block').first().waitFor();
    await page.keyboard.press('=');
    await page.locator('#audit-0.audit-done').waitFor();
    await page.keyboard.press('j');
    await page.locator('.head .problem', { hasText: 'aime/2' }).waitFor();
    assert.equal(
      await page
        .locator('#audit-0')
        .innerText()
        .then((text) => text.split('\n')[1]),
      'aime/3',
    );
    await page.locator('.audit-why .link').click();
    // A formula is outlined whole.
    const target = (box: string) => page.locator(`.math.lh-target[aria-label="\\\\boxed{${box}}"]`).waitFor();
    await target('12');
    // All candidates by key, the one that counts first.
    await page.keyboard.press('t');
    await target('13');
    await page.keyboard.press('t');
    await target('12');
    await page.keyboard.press('q');
    await target('13');
    // Both are marked in the text, each by what it is.
    assert.ok((await page.locator('.scroller .tone-right').count()) > 0);
    await page.locator('.fold-head', { hasText: 'Candidates' }).click();
    const heights = async () => page.locator('.audit-facts').evaluate((one) => one.getBoundingClientRect().height);
    await page.locator('.audit-candidate').nth(1).waitFor();
    const height = await heights();
    await page.keyboard.press('j');
    await page.locator('.head .problem', { hasText: 'aime/4' }).waitFor();
    await page.locator('.audit-candidate').nth(1).waitFor();
    assert.equal(await heights(), height);
    await page.locator('.chip', { hasText: 'wrong?' }).click();
    const last = () => fake.calls.findLast(({ method }) => method === 'audit/queue')!.params as { suspect?: string };
    await page.waitForFunction(() =>
      document.querySelector('.chip[aria-pressed=true]')?.textContent?.includes('wrong?'),
    );
    assert.equal(last().suspect, 'false_positive');
    await page.keyboard.press('i');
    await page.getByRole('grid', { name: 'Traces' }).waitFor();
  });

  it('says how far the reading is, shows what is found so far when asked, and keeps that in its order', async () => {
    const fake = host({ ...view, mode: 'audit' });
    const whole = fake.data.audit!;
    fake.delay = 30;
    fake.data.audit = { ...whole, items: whole.items.slice(1, 3), waiting: 20 };
    const page = await open(fake);
    await page.locator('.state', { hasText: '14 of 34' }).waitFor();
    assert.equal(await page.getByRole('grid', { name: 'Audit' }).count(), 0);
    await page.getByText('Show what is found so far').click();
    await page.getByRole('grid', { name: 'Audit' }).waitFor();
    await page.locator('.note', { hasText: '20 texts still to be read' }).waitFor();
    fake.data.audit = whole;
    await page.getByText('Show the whole queue').waitFor();
    assert.equal(
      await page
        .locator('#audit-0')
        .innerText()
        .then((text) => text.split('\n')[1]),
      'aime/2',
    );
    const asked = fake.count('audit/queue');
    await page.waitForTimeout(150);
    assert.equal(fake.count('audit/queue'), asked, 'nothing is asked once all is read');
    await page.getByText('Show the whole queue').click();
    await page.locator('#audit-0', { hasText: 'aime/3' }).waitFor();
    await page.locator('#said', { hasText: '33 of 34 verdicts to look at' }).waitFor({ state: 'attached' });
  });

  it('previews other rules, can be stopped, applies after a question, and takes back', async () => {
    const fake = host({ ...view, mode: 'rescore' });
    fake.delay = 20;
    fake.data.rescore = () => previewOf(fake.traces, 2800);
    const page = await open(fake);
    await page.locator('.rescore-run', { hasText: '1,200 of 4,000' }).waitFor();
    await page.locator('.rescore-run').getByText('Cancel').click();
    await page.getByText('Stopped after 1,200').waitFor();
    await page.waitForTimeout(100);
    const asked = fake.count('audit/rescore');
    await page.waitForTimeout(150);
    assert.equal(fake.count('audit/rescore'), asked);
    fake.data.rescore = () => previewOf(fake.traces);
    await page.getByText('Go on').click();
    await page.locator('.rescore-moves', { hasText: '2 wrong → right' }).waitFor();
    assert.match(
      await page.locator('.rescore-sets tbody').innerText(),
      /sft · step 40 · math-500\s+61\.2\s+63\.0\s+\+1\.8/,
    );
    await page.locator('.head .problem', { hasText: 'aime/2' }).waitFor();
    await page.keyboard.press('j');
    await page.locator('.head .problem', { hasText: 'aime/3' }).waitFor();

    await page.locator('vscode-dropdown[aria-label="Change a rule"]').click();
    await page.locator('vscode-option', { hasText: 'Order of lists' }).click();
    await page.locator('.rescore-rule').waitFor();
    const wish = () => fake.calls.findLast(({ method }) => method === 'audit/rescore')!.params as { policy: string };
    assert.equal(wish().policy, 'order=written');
    await page.locator('vscode-button', { hasText: 'Apply…' }).click();
    assert.equal(fake.count('audit/apply'), 0, 'it asks first');
    fake.data.rescores = [
      {
        ...{ rescore: 7, t: 1, by: 'anna', checker: 'quick', version: '2' },
        policy: 'order=written',
        changes: 3,
        undone: false,
      },
    ];
    await page.locator('vscode-button', { hasText: 'Let 3 verdicts count anew' }).click();
    await page
      .locator('.rescore-applied', { hasText: '3 verdicts count by the quick check (Order of lists: counts)' })
      .waitFor();
    const applied = fake.calls.find(({ method }) => method === 'audit/apply')!.params;
    assert.deepEqual(applied, {
      filter: view.filter,
      policy: 'order=written',
      changes: 3,
    });
    // Math-Verify has no switches, and no engine is an answer too.
    fake.failing.set('audit/rescore', new LonghandError('engine_missing', 'There is no engine.'));
    await page.locator('vscode-dropdown[aria-label="Who judges"]').click();
    await page.locator('vscode-option', { hasText: 'Math-Verify' }).click();
    await page.locator('[role=alert]', { hasText: 'There is no engine' }).waitFor();
    assert.deepEqual(wish(), { filter: view.filter, policy: 'default', checker: 'engine', limit: 200 });
    assert.equal(await page.locator('.rescore-rule').count(), 0);
    fake.failing.clear();
    await page.getByText('Try again').click();
    await page.locator('.rescore-sets').waitFor();
    await page.locator('.rescore-applied').getByText('Take back').click();
    await page.waitForFunction(() => document.querySelector('.rescore-head')?.textContent?.includes('as it was'));
    assert.equal(fake.count('audit/undo'), 1);
  });
});
