import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { all, axTree, readOut } from './ax-tree.ts';
import { FakeHost, fakeTrace } from './fake-host.ts';
import { reportData, STAGE } from './made-report.ts';
import { madeMetrics, madeRun, madeTable, RUN } from './made-run.ts';
import { suitePages } from './suite.ts';

const completion =
  'First $x = \\frac{1}{2}$. Let me check that: it holds.\n\n$$y^2 = 4$$\n\nWait, no: `code`.\n\nThe answer is \\boxed{42}.';
const traces = () =>
  Array.from({ length: 300 }, (_, sample) => {
    const answer = sample % 2 === 0 ? '42' : '41';
    const text = completion.replace('42', answer);
    return fakeTrace(sample, { completion: text, gold: '42', problem: 'p', problemLabel: 'aime24/63', sample });
  });
const inspector = () =>
  new FakeHost(
    { traces: traces() },
    { page: 'inspector', title: 'two-stage', filter: { run: 'run-00000000' }, trace: 'run-00000000/grpo/1/0' },
  );

describe('what a screen reader meets', () => {
  const { open } = suitePages({ width: 1400, height: 800 }, 20_000);

  it('the text in its order, formulas as they were written, passages with their labels', async () => {
    const page = await open(inspector());
    await page.locator('.path-facts').waitFor();
    await page.locator('.math').nth(2).waitFor();
    const tree = await axTree(page, '.scroller');
    assert.match(
      readOut(tree),
      /^First x = \\frac\{1\}\{2\} ?\. Let me check that: it holds\..*y\^2 = 4 Wait ?, no: ?`code` ?\. ✓ check holds The answer is \\boxed\{42\}/,
    );
    const marks = all(tree).filter(({ role }) => role === 'mark');
    const saying = (label: string) => marks.filter(({ properties }) => properties['roledescription'] === label);
    assert.match(saying('Verification').map(readOut).join(' '), /Let me check that/);
    assert.match(saying('Backtracking').map(readOut).join(' '), /Wait/);
  });

  it('rows with their place in all of the list, the chosen one, and verdicts in words', async () => {
    const page = await open(inspector());
    await page.locator('.path-facts').waitFor();
    const grid = page.getByRole('grid', { name: 'Traces' });
    await grid.focus();
    await grid.press('End');
    const chosen = page.locator('.grid-row[aria-selected=true]');
    await chosen.and(page.locator('[aria-rowindex="301"]')).waitFor();
    assert.equal(await grid.getAttribute('aria-rowcount'), '301');
    assert.equal(await grid.getAttribute('aria-activedescendant'), await chosen.getAttribute('id'));
    const row = all(await axTree(page, '.list-column .grid')).find(({ properties }) => properties['selected'] === true);
    assert.match(row!.name, /aime24\/63.*wrong/);
    const head = all(await axTree(page, '.head'));
    assert.ok(head.some(({ role, name }) => role === 'image' && name === 'wrong'));
    assert.ok(head.some(({ name, properties }) => name.startsWith('List') && properties['expanded'] === true));
  });

  it('the ruler as a slider that says where the text is, the rulers of a group with words', async () => {
    const page = await open(inspector());
    await page.locator('.path-facts').waitFor();
    // Chromium's tree has no text of a value: it is the attribute that is handed on.
    const ruler = page.getByRole('slider', { name: 'Ruler of the trace' });
    assert.match((await ruler.getAttribute('aria-valuetext'))!, /^tok ~1 to tok ~\d+$/);
    await page.keyboard.press('R');
    await page.getByRole('option').first().waitFor();
    const [first] = all(await axTree(page, '.strips-list')).filter(({ role }) => role === 'option');
    assert.match(first!.name, /Verdict: right/);
  });

  it('a chart with what it comes to, its values by key, and all of them as a table', async () => {
    const host = new FakeHost({ traces: [], run: madeRun(), metrics: madeMetrics(), table: madeTable() }, { page: 'dashboard', run: RUN }); // prettier-ignore
    const page = await open(host, { bundle: 'dashboard' });
    const chart = page.getByRole('figure', { name: /^Accuracy, %/ });
    await chart.locator('canvas').waitFor();
    const figure = all(await axTree(page, 'main')).find(({ name }) => name.startsWith('Accuracy, %'))!;
    assert.match(figure.description, /^From base: [\d.]+.*, to grpo 30: 69\.0 \[66\.0–72\.0\]/);
    await chart.focus();
    await chart.press('Home');
    await page.locator('#said', { hasText: 'base: 42.0' }).waitFor();
    await chart.getByRole('button', { name: 'Accuracy as a table' }).click();
    assert.match(readOut(await axTree(page, '.chart-table')), /grpo 30 69\.0 \[66\.0–72\.0\]/);
  });

  it('the flows and the bars of a report as tables', async () => {
    const host = new FakeHost(reportData(60), { page: 'report', run: RUN, stage: STAGE });
    const page = await open(host, { bundle: 'report' });
    await page.locator('.sankey').waitFor();
    const tables = page.getByRole('button', { name: / as a table$/ });
    const titles = await tables.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')!));
    assert.ok(titles.length >= 3, titles.join(', '));
    for (let i = 0; i < titles.length; i += 1) await tables.nth(i).click();
    const read = readOut(await axTree(page, 'main'));
    assert.match(read, /from to n first right RR 15 .*WR kept 15 WW dropped 15/);
    assert.equal(await page.locator('.chart-table').count(), titles.length);
    for (let i = 0; i < titles.length; i += 1) await tables.nth(i).click();
    await page.locator('.sankey').waitFor();
  });

  it('a dialog of its own name, out of which the focus goes back', async () => {
    const page = await open(inspector());
    await page.locator('.path-facts').waitFor();
    await page.getByRole('document', { name: 'Trace, text' }).focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    const outside = all(await axTree(page, 'html')).filter(({ name }) => name === 'Trace, text');
    assert.deepEqual(outside, []);
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Trace, text');
  });
});
