import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Pair } from '../../core/protocol/comparison.ts';
import type { View } from '../../core/protocol/webview.ts';
import { countChanges, selectPairs } from '../../webview/compare/pairs.ts';
import { accuracySentence, pText } from '../../core/metrics/paired-words.ts';
import { axe } from './axe.ts';
import { FakeHost } from './fake-host.ts';
import { fakePaired } from './fake-paired.ts';
import { madePairs, RUN } from './made-run.ts';
import { madeBehaviours } from './made-stages.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = {
  page: 'compare',
  title: 'sft → grpo',
  before: { run: RUN, stage: 'sft', step: 250 },
  after: { run: RUN, stage: 'grpo', step: 30 },
};

describe('pairs of a comparison', () => {
  const { pairs } = madePairs(40);
  const all = { kinds: [], text: '', sort: 'problem' } as const;

  it('are kept by change and by words', () => {
    const counts = countChanges(pairs);
    const { longer, shorter, ...changes } = counts;
    assert.equal(
      Object.values(changes).reduce((a, b) => a + b),
      40,
    );
    assert.deepEqual([longer, shorter], [0, 0]);
    const long = pairs.map((pair, i) => (i < 3 ? { ...pair, length: 'longer' as const } : pair));
    assert.equal(selectPairs(long, { ...all, kinds: ['longer'] }).length, 3);
    assert.equal(countChanges(long).longer, 3);
    assert.ok(counts.right_to_wrong > 0 && counts.wrong_to_right > 0);
    assert.equal(selectPairs(pairs, { ...all, kinds: ['right_to_wrong'] }).length, counts.right_to_wrong);
    assert.deepEqual(
      selectPairs(pairs, { ...all, text: 'SUMS/7' }).map(({ problem }) => problem),
      ['p7'],
    );
  });

  it('are sorted by problem as numbers, by what broke, by change of length', () => {
    assert.deepEqual(
      selectPairs(pairs, all).map(({ problem }) => problem),
      Array.from({ length: 40 }, (_, i) => `p${i}`),
    );
    assert.equal(selectPairs(pairs, { ...all, sort: 'change' })[0]!.change, 'right_to_wrong');
    const deltas = selectPairs(pairs, { ...all, sort: 'shorter' }).map(({ tokensDelta }) => tokensDelta!);
    assert.deepEqual(
      deltas,
      [...deltas].sort((a, b) => a - b),
    );
  });
});

describe('comparison', () => {
  const { open } = suitePages();
  const host = () => {
    const { traces, pairs } = madePairs(40);
    return new FakeHost({ traces, pairs: { pairs, onlyBefore: 2, onlyAfter: 0 } }, view);
  };

  it('shows two traces of a problem next to each other, and steps through the problems', async () => {
    const page = await open(host());
    const sides = page.locator('.side');
    await sides.nth(1).getByText('The answer is').waitFor();
    assert.match(await sides.nth(0).locator('.side-head').innerText(), /before\s*sft · 250\s*✓/);
    assert.match(await sides.nth(1).locator('.side-head').innerText(), /after\s*grpo · 30/);
    const first = await page.locator('h1').innerText();
    await page.keyboard.press('j');
    await page.waitForFunction((was) => document.querySelector('h1')!.textContent !== was, first);
    await sides.nth(0).getByText('The answer is').waitFor();
    assert.match(await page.locator('.summary').innerText(), /40 problems, 2 only before/);
  });

  it('keeps only a change, and opens another sample', async () => {
    const fake = host();
    const page = await open(fake);
    await page.locator('.side .pill').first().waitFor();
    const chip = page.getByRole('button', { name: /^newly broken/ });
    const n = Number(await chip.locator('.num').innerText());
    await chip.click();
    await page.locator('.summary', { hasText: `${n} problem` }).waitFor();
    assert.equal(await page.locator('.grid-row').count(), n);
    const sample = page.locator('.side').first().locator('vscode-dropdown');
    await sample.click();
    const other = sample.locator('vscode-option').nth(3);
    const wanted = await other.evaluate((option) => (option as HTMLOptionElement).value);
    await other.click();
    await page.waitForTimeout(200);
    const asked = fake.calls
      .filter(({ method }) => method === 'traces/get')
      .map(({ params }) => (params as { trace: string }).trace);
    assert.equal(asked.at(-1), wanted);
  });

  it('says what changed over all problems, whether it could be chance, and keeps what a number counts', async () => {
    const fake = host();
    const page = await open(fake);
    const head = page.getByRole('region', { name: 'Before and after' });
    await head.getByText('Accuracy', { exact: true }).waitFor();
    const figures = fakePaired(fake.traces, { before: view.before, after: view.after });
    const words = (await head.innerText()).replaceAll(/\s+/g, ' ');
    assert.ok(words.includes(accuracySentence(figures)), words);
    assert.ok(words.includes(`p = ${pText(figures.accuracy!.chance.p)}`), words);
    assert.ok(words.includes('40 problems on both sides, 160 and 160 completions'), words);
    await head.getByRole('button', { name: /points/ }).click();
    const changed = figures.changes.right_to_wrong + figures.changes.wrong_to_right;
    await page.locator('.summary', { hasText: `${changed} problem` }).waitFor();
    assert.equal(await page.locator('.grid-row').count(), changed);
    await head.getByTitle('Newly solved: show them').click();
    assert.equal(await page.locator('.grid-row').count(), figures.changes.wrong_to_right);
    await head.getByTitle('After: show its traces').first().click();
    await page.waitForTimeout(50);
    const opening = fake.calls.findLast(({ method }) => method === 'host/open')!.params as {
      view: { filter: unknown };
    };
    assert.deepEqual(opening.view.filter, { run: RUN, stage: 'grpo', step: 30 });
  });

  it('asks again from another length on, names problems of one side, and opens them', async () => {
    const fake = host();
    const gone = fake.traces.filter(({ detail }) => detail.problem === 'p7' && detail.stage === 'grpo');
    for (const one of gone) fake.traces.splice(fake.traces.indexOf(one), 1);
    const page = await open(fake);
    const factor = page.getByLabel('From how many times the length');
    await factor.click();
    await factor.locator('vscode-option').last().click();
    await page.waitForTimeout(100);
    for (const method of ['traces/pairs', 'metrics/paired']) {
      const asked = fake.calls.findLast((call) => call.method === method)!.params as { factor: number };
      assert.equal(asked.factor, 5);
    }
    const only = page.getByRole('button', { name: '1 problem only before' });
    assert.equal(await only.getAttribute('aria-expanded'), 'false');
    await only.focus();
    await page.keyboard.press('Enter');
    await page.getByTitle('Show its traces', { exact: true }).last().click();
    await page.waitForTimeout(50);
    const opening = fake.calls.findLast(({ method }) => method === 'host/open')!.params as {
      view: { filter: unknown };
    };
    assert.deepEqual(opening.view.filter, { run: RUN, stage: 'sft', step: 250, problem: 'p7' });
  });

  it('says that nothing is known without a gold answer, and never 0 %', async () => {
    const fake = host();
    for (const { detail } of fake.traces) detail.verdict = 'none';
    const ungraded = (side: Pair['before']) => ({ ...side, right: 0 });
    fake.data.pairs!.pairs = fake.data.pairs!.pairs.map((pair) => ({
      ...pair,
      ...{ change: 'unknown' as const, before: ungraded(pair.before), after: ungraded(pair.after) },
    }));
    const page = await open(fake);
    await page.locator('.grid-row').first().waitFor();
    assert.match(await page.locator('.grid-row').first().innerText(), /–→–/, 'and no problem is called wrong');
    const head = page.getByRole('region', { name: 'Before and after' });
    await head.getByText('nothing can be said of accuracy').waitFor();
    assert.match((await head.innerText()).replaceAll(/\s+/g, ' '), /Accuracy not known/);
    assert.doesNotMatch(await head.innerText(), /\d %(?! interval)/);
  });

  it('lets the sides change places, and chooses others', async () => {
    const fake = host();
    const set = (stage: string, step: number, label: string) => ({
      run: RUN,
      stage,
      step,
      label,
      traces: 160,
      marker: null,
    });
    fake.data.sets = [
      set('sft', 50, 'sft · step 50'),
      set('sft', 250, 'sft · step 250'),
      set('grpo', 30, 'grpo · step 30'),
    ];
    const page = await open(fake);
    await page.getByRole('button', { name: 'Swap before and after' }).click();
    await page.locator('.side .pill').first().waitFor();
    const told = () => fake.calls.findLast(({ method }) => method === 'host/viewChanged')!.params as { view: View };
    const shown = () => {
      const { view: now } = told();
      return now.page === 'compare' ? [now.title, now.before.stage, now.after.stage, now.after.step] : null;
    };
    await page.waitForTimeout(300);
    assert.deepEqual(shown(), ['grpo · step 30 → sft · step 250', 'grpo', 'sft', 250]);
    const after = page.getByRole('combobox', { name: 'After', exact: true });
    await after.click();
    await after.locator('vscode-option').first().click();
    await page.waitForTimeout(300);
    assert.deepEqual(shown(), ['grpo · step 30 → sft · step 50', 'grpo', 'sft', 50]);
  });

  it('opens a trace in the inspector', async () => {
    const fake = host();
    const page = await open(fake);
    await page.locator('.side .pill').first().waitFor();
    await page.getByRole('button', { name: 'Open in the inspector, after' }).click();
    await page.waitForTimeout(50);
    const opening = fake.calls.findLast(({ method }) => method === 'host/open')!.params as {
      view: { filter: unknown };
    };
    assert.deepEqual(opening.view.filter, { run: RUN, stage: 'grpo', step: 30 });
  });

  it('opens the two that are shown side by side, by button and by key', async () => {
    const fake = host();
    const page = await open(fake);
    await page.locator('.side .pill').nth(1).waitFor();
    const shown = fake.calls
      .filter(({ method }) => method === 'traces/figures')
      .map(({ params }) => (params as { trace: string }).trace);
    await page.getByRole('button', { name: 'Side by side' }).click();
    await page.keyboard.press('2');
    await page.waitForTimeout(50);
    const opened = fake.calls.filter(({ method }) => method === 'host/open').map(({ params }) => params);
    assert.equal(opened.length, 2);
    assert.deepEqual(opened[0], opened[1]);
    const { view: sides } = opened[0] as { view: { page: string; left: string; right: string } };
    assert.equal(sides.page, 'sides');
    assert.match(sides.left, /\/sft\//);
    assert.match(sides.right, /\/grpo\//);
    assert.ok(shown.includes(sides.left) && shown.includes(sides.right));
  });

  it('shows lengths and behaviours once all texts are read, and opens the traces behind a number', async () => {
    const fake = host();
    const whole = madeBehaviours();
    fake.data.behaviours = {
      ...whole,
      sets: whole.sets.map((set) => ({ ...set, base: null, labels: null })),
      waiting: 12,
    };
    const page = await open(fake);
    await page.getByRole('button', { name: 'Figures' }).click();
    const figures = page.getByRole('region', { name: 'Lengths and behaviours' });
    await figures.getByText('12 completions are still to be read').waitFor();
    fake.data.behaviours = whole;
    await figures.getByText('Verification').waitFor();
    const rows = await figures.locator('tr').allInnerTexts();
    assert.deepEqual(
      rows.slice(1).map((row) => row.replace(/\s+/g, ' ')),
      [
        'Mean tokens 400 [380, 420] 200 [190, 210] × 0.50 [0.48, 0.53]',
        'Verification 2.00 [1.50, 2.50] 5.00 [4.50, 5.50] +3.00 [2.50, 3.50]',
      ],
    );
    assert.match(await figures.locator('caption').innerText(), /test\s*40 problems, the text of 1 completion is gone/);
    await figures.locator('tr', { hasText: 'Verification' }).getByRole('button').nth(1).click();
    await page.waitForTimeout(50);
    const opening = fake.calls.findLast(({ method }) => method === 'host/open')!.params as { view: unknown };
    assert.deepEqual(opening.view, {
      page: 'inspector',
      title: 'grpo · 30 · with verification',
      filter: { run: RUN, stage: 'grpo', marker: null, step: 30, set: 'test', behaviour: 'verification' },
    });
    const asked = fake.calls.findLast(({ method }) => method === 'metrics/behaviours')!.params;
    assert.deepEqual(asked, { of: { sides: [view.before, view.after] }, base: [view.before] });
  });

  it('is clean for axe in all four themes', async () => {
    const fake = host();
    fake.data.behaviours = madeBehaviours();
    const page = await open(fake);
    await page.locator('.side .pill').first().waitFor();
    await page.getByRole('button', { name: 'Figures' }).click();
    await page.locator('.behaviours caption').waitFor();
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(100);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `compare-${theme}`);
    }
    await page.getByRole('button', { name: 'Figures' }).click();
    for (const width of [420, 700, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await page.waitForTimeout(100);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      assert.equal(over, false, `${width} px wide`);
      await shot(page, `compare-${width}`);
    }
  });
});
