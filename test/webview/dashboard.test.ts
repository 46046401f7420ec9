import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Advisory } from '../../core/metrics/advisories.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { View } from '../../core/protocol/webview.ts';
import { budgetLines, evaluationPoints, stageCharts } from '../../webview/dashboard/figures.ts';
import { axe } from './axe.ts';
import { FakeHost } from './fake-host.ts';
import { madeMetrics, madeRun, madeTable, RUN } from './made-run.ts';
import { setTheme, shot } from './page.ts';
import { suitePages } from './suite.ts';
import { themeKinds } from './themes.ts';

const view: View = { page: 'dashboard', run: RUN };
const data = () => ({ traces: [], run: madeRun(), metrics: madeMetrics(), table: madeTable() });

describe('figures of a run', () => {
  it('put evaluations in the order of training, and leave out what is superseded', () => {
    const metrics = madeMetrics();
    const old = { ...metrics.evaluations[3]!, accuracy: 0.01, superseded: true };
    metrics.evaluations.unshift(metrics.evaluations.pop()!, old);
    const points = evaluationPoints(metrics, madeRun(), 'test');
    assert.deepEqual(
      points.map(({ label }) => label),
      ['base', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7', 'e8', 'e9', 'e10', 'grpo 30'],
    );
    assert.ok(points.every(({ accuracy }) => accuracy !== 0.01));
  });

  it('draw each reward as a line of one chart, and what no chart knows apart', () => {
    const grpo = stageCharts(madeMetrics(), 'grpo');
    const rewards = grpo.charts.find(({ title }) => title === 'Rewards')!;
    assert.deepEqual(
      rewards.lines.map(({ name }) => name),
      ['format', 'cosine', 'length'],
    );
    assert.deepEqual(
      stageCharts(madeMetrics(), 'sft').others.map(({ title }) => title),
      ['grad_norm'],
    );
    assert.ok(!grpo.charts.some(({ title }) => title === 'KL'), 'no KL, no chart of it');
  });

  it('keep places where a value was not finite', () => {
    const metrics = madeMetrics();
    const loss = metrics.series.find(({ stage, name }) => stage === 'sft' && name === 'loss')!;
    loss.value[3] = null;
    const chart = stageCharts(metrics, 'sft').charts.find(({ title }) => title === 'Loss')!;
    assert.equal(chart.lines[0]!.values[3], null);
    assert.equal(chart.x.length, loss.step.length);
  });

  it('name the first, the last of a stage and the last line of the budgets', () => {
    const { x, lines } = budgetLines(evaluationPoints(madeMetrics(), madeRun(), 'test'));
    assert.deepEqual(x, [96, 128, 192, 256, 320]);
    assert.deepEqual(
      lines.map(({ label }) => label).filter((label) => label !== ''),
      ['base', 'e10', 'grpo 30'],
    );
    assert.equal(lines.filter(({ low }) => low !== undefined).length, 1);
  });
});

describe('dashboard', () => {
  const { open, close } = suitePages({ bundle: 'dashboard', width: 1400, height: 1200 });

  it('shows stages, charts and the table, clean for axe in all four themes', async () => {
    const page = await open(new FakeHost(data(), view));
    await page.locator('.chart canvas').nth(8).waitFor();
    assert.match(await page.locator('.stages').innerText(), /12 of 30 steps[\s\S]*1 min 36 s left/);
    assert.equal(await page.locator('.stage-table tbody tr').count(), 12);
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(100);
      assert.deepEqual(await axe(page), [], theme);
      await shot(page, `dashboard-${theme}`);
    }
  });

  it('draws in the colours of the theme, also after it changed', async () => {
    const page = await open(new FakeHost(data(), view));
    await page.locator('.chart canvas').first().waitFor();
    await page.waitForTimeout(300);
    const has = (color: [number, number, number]) =>
      page
        .locator('.chart canvas')
        .first()
        .evaluate((canvas, [r, g, b]) => {
          const { data: pixels } = (canvas as HTMLCanvasElement)
            .getContext('2d')!
            .getImageData(0, 0, (canvas as HTMLCanvasElement).width, (canvas as HTMLCanvasElement).height);
          for (let i = 0; i < pixels.length; i += 4) {
            if (pixels[i] === r && pixels[i + 1] === g && pixels[i + 2] === b && pixels[i + 3] === 255) return true;
          }
          return false;
        }, color);
    assert.ok(await has([0x52, 0xd4, 0x95]));
    await setTheme(page, 'vscode-light');
    await page.waitForTimeout(300);
    assert.ok(await has([0x2a, 0x80, 0x49]));
    assert.ok(!(await has([0x52, 0xd4, 0x95])));
  });

  it('reads values by keys and as a table', async () => {
    const host = new FakeHost(data(), view);
    const page = await open(host);
    const chart = page.getByRole('figure', { name: /^Accuracy, %/ });
    await chart.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    assert.match(await chart.locator('.chart-value').innerText(), /e1\s+31\.0 \[28\.0–34\.0\]/);
    await page.keyboard.press('Enter');
    await page.waitForTimeout(50);
    assert.deepEqual(host.calls.at(-1), {
      method: 'host/open',
      params: {
        view: {
          page: 'inspector',
          title: 'two-stage-tiny · e1',
          filter: { run: RUN, stage: 'eval-sft', step: 25, set: 'test' },
        },
      },
    });
    await chart.getByRole('button', { name: 'Accuracy as a table' }).click();
    assert.match(await chart.locator('table').innerText(), /base\s+42\.0 \[39\.0–45\.0\]/);
  });

  it('says in the table which figures count by a reader, and opens their traces', async () => {
    const host = new FakeHost(
      { ...data(), table: madeTable().map((row, i) => ({ ...row, ...(i === 1 && { relabelled: 3 }) })) },
      view,
    );
    const page = await open(host);
    const mark = page.getByRole('button', { name: /^3 verdicts of it are by a reader or a re-score/ });
    await mark.waitFor();
    assert.equal(await page.locator('.stage-table button', { hasText: '*' }).count(), 1);
    await mark.click();
    await page.waitForTimeout(50);
    assert.equal(host.calls.at(-1)!.method, 'host/open');
  });

  it('opens the traces of an evaluation by a click on its point', async () => {
    const host = new FakeHost(data(), view);
    const page = await open(host);
    const over = page.getByRole('figure', { name: /^Mean tokens/ }).locator('.u-over');
    await over.waitFor();
    const box = (await over.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.97, box.y + 30);
    await page.waitForTimeout(50);
    await page.mouse.click(box.x + box.width * 0.97, box.y + 30);
    await page.waitForTimeout(50);
    const { method, params } = host.calls.at(-1)!;
    assert.equal(method, 'host/open');
    assert.equal((params as { view: { filter: { stage: string } } }).view.filter.stage, 'eval-grpo');
  });

  it('pulls whole snapshots when something happens, at most two a second', async () => {
    const host = new FakeHost(data(), view);
    const page = await open(host);
    await page.locator('.chart canvas').first().waitFor();
    const before = host.count('metrics/snapshot');
    const started = Date.now();
    for (let i = 0; i < 60; i += 1) {
      host.data.run!.stages[2]!.progress!.done = 13 + (i >> 3);
      await host.notify('events/batch', {
        stream: `${RUN}/grpo/1`,
        events: [{ v: 1, seq: i, t: 0, type: 'metrics', step: 13, epoch: null, values: { loss: 1 } }],
      });
      await page.waitForTimeout(20);
    }
    await page.locator('.stages', { hasText: '20 of 30 steps' }).waitFor();
    const pulls = host.count('metrics/snapshot') - before;
    const most = Math.ceil((Date.now() - started) / 500) + 1;
    assert.ok(pulls >= 2 && pulls <= most, `${pulls} pulls, at most ${most}`);
    // A run that goes on is read again now and then as well.
    host.data.run!.state = 'completed';
    await host.notify('events/batch', {
      stream: `${RUN}/grpo/1`,
      events: [{ v: 1, seq: 98, t: 0, type: 'metrics', step: 14, epoch: null, values: { loss: 1 } }],
    });
    const quiet = await host.settled('metrics/snapshot');
    await host.notify('events/batch', {
      stream: `${RUN}/grpo/1`,
      events: [{ v: 1, seq: 99, t: 0, type: 'trace_text', trace: 1, part: 1, offset: 0, length: 1 }],
    });
    await page.waitForTimeout(700);
    assert.equal(host.count('metrics/snapshot'), quiet);
  });

  it('asks from the reward of a GRPO stage why it changed', async () => {
    const host = new FakeHost(data(), view);
    const page = await open(host);
    const training = page.getByRole('region', { name: 'Training of grpo' });
    await training.getByRole('button', { name: 'Why did the reward change?' }).click();
    assert.equal(await page.getByRole('button', { name: 'Why did the reward change?' }).count(), 1);
    await page.waitForTimeout(50);
    const { params } = host.calls.findLast(({ method }) => method === 'host/open')!;
    assert.deepEqual(params, { view: { page: 'report', run: RUN, stage: 'grpo', why: {} } });
  });

  it('reads texts of the last steps for loops by itself: enough to say something, and a few at a time', async () => {
    const window = { stage: 'grpo', of: null, set: 'sums', marker: null, from: 25, to: 30 };
    const advisories = {
      advisories: [],
      read: 0,
      n: 384,
      unread: [
        { ...window, n: 200 },
        { ...window, set: 'x', n: 90 },
      ],
    };
    const host = new FakeHost({ ...data(), advisories }, view);
    host.unread = 200;
    host.readAtOnce = 60;
    await open(host);
    const calls = await host.settled('traces/readTexts');
    const asked = host.calls.filter(({ method }) => method === 'traces/readTexts').map(({ params }) => params);
    // Two bring the first above 100 of its 200; the other one is read as a whole.
    assert.equal(calls, 4);
    const filter = { run: RUN, stage: 'grpo', of: null, set: 'sums', marker: null, stepFrom: 25, stepTo: 30 };
    const sort = { key: 'lost', descending: true };
    assert.deepEqual(asked, [
      { filter, sort },
      { filter, sort },
      { filter: { ...filter, set: 'x' }, sort },
      { filter: { ...filter, set: 'x' }, sort },
    ]);
    await close();

    const slow = new FakeHost({ ...data(), advisories }, view);
    slow.unread = 200;
    slow.readAtOnce = 1;
    await open(slow);
    assert.equal(await slow.settled('traces/readTexts'), 4, 'not more after one look at the traces');
  });

  it('says alarms before advice with their evidence, opens the traces behind each, and does not open by itself later', async () => {
    const share = (name: string, value: number, n: number) => ({ name, value, n, unit: 'share' as const });
    const place = { stage: 'grpo', of: null, set: null, marker: null, from: 25, to: 30 };
    const advisories: Advisory[] = [
      {
        ...{ kind: 'truncated', level: 'alarm', ...place, threshold: 0.25 },
        evidence: [share('completions cut at the maximum length', 0.412, 384)],
      },
      {
        ...{ kind: 'loops', level: 'advice', ...place, threshold: 0.03 },
        evidence: [share('completions with a loop', 0.05, 200)],
      },
    ];
    const host = new FakeHost({ ...data(), advisories: { advisories, read: 200, n: 384, unread: [] } }, view);
    const page = await open(host);
    const section = page.getByRole('region', { name: 'Alarms and advice' });
    await section.getByText('Many completions are cut off').waitFor();
    assert.match(
      await section.innerText(),
      /1 alarm, 1 piece of advice[\s\S]*200 of 384 texts read for loops[\s\S]*grpo · steps 25–30[\s\S]*41\.2 % of 384 completions cut at the maximum length \(said from 25 %\)\./,
    );
    for (const theme of themeKinds) {
      await setTheme(page, theme);
      await page.waitForTimeout(50);
      assert.deepEqual(await axe(page), [], theme);
    }
    await shot(page, 'dashboard-advisories');
    await section.getByRole('button', { name: 'Show the cut ones' }).click();
    await page.waitForTimeout(50);
    const opened = host.calls.findLast(({ method }) => method === 'host/open')!;
    assert.deepEqual(opened.params, {
      view: {
        ...{ page: 'inspector', title: 'grpo · cut' },
        filter: {
          run: RUN,
          stage: 'grpo',
          of: null,
          set: null,
          marker: null,
          stepFrom: 25,
          stepTo: 30,
          finish: ['length'],
        },
      },
    });
    await close();

    const later = new FakeHost({ ...data(), advisories: { advisories: [], read: 0, n: 0, unread: [] } }, view);
    const second = await open(later);
    const line = second.getByRole('region', { name: 'Alarms and advice' });
    await line.getByText('No alarms, no advice').waitFor();
    later.data.advisories = { advisories, read: 0, n: 384, unread: [] };
    later.failing.set('metrics/advisories', new LonghandError('internal', 'The disk is gone.'));
    await later.notify('host/backend', { ...later.init.backend, state: 'disconnected' });
    await later.notify('host/backend', { ...later.init.backend, state: 'connected' });
    await second.waitForTimeout(200);
    assert.match(await line.innerText(), /No alarms/, 'what was found stays');
    later.failing.clear();
    await later.notify('host/backend', { ...later.init.backend, state: 'disconnected' });
    await later.notify('host/backend', { ...later.init.backend, state: 'connected' });
    await line.getByText('1 alarm, 1 piece of advice').waitFor();
    assert.equal(await line.getByRole('listitem').count(), 0);
    await line.getByRole('button', { name: '1 alarm, 1 piece of advice' }).click();
    assert.equal(await line.getByRole('listitem').count(), 2);
  });

  it('stops, resumes and shows logs through the host', async () => {
    const host = new FakeHost(data(), view);
    host.data.run!.stages[1]!.state = 'stopped';
    const page = await open(host);
    await page.getByRole('button', { name: 'Stop grpo' }).click();
    await page.getByRole('button', { name: 'Resume sft' }).click();
    await page.getByRole('button', { name: 'Log of sft' }).click();
    await page.getByText('Stop run').click();
    await page.waitForTimeout(50);
    assert.deepEqual(
      host.calls.filter(({ method }) => method === 'host/command').map(({ params }) => params),
      [
        { command: 'longhand.stopStage', run: RUN, stage: 'grpo' },
        { command: 'longhand.resumeStage', run: RUN, stage: 'sft' },
        { command: 'longhand.showStageLog', run: RUN, stage: 'sft' },
        { command: 'longhand.stopRun', run: RUN },
      ],
    );
  });

  it('says what is not there yet, and what failed', async () => {
    const empty = { run: RUN, series: [], evaluations: [], epochSteps: {} };
    const host = new FakeHost({ ...data(), metrics: empty, table: [] }, view);
    const page = await open(host);
    await page.getByRole('heading', { name: 'No figures yet' }).waitFor();
    await close();
    const failing = new FakeHost(data(), view);
    failing.failing.set('runs/get', new LonghandError('not_found', `There is no run ${RUN}.`));
    const second = await open(failing);
    assert.match(await second.getByRole('alert').innerText(), /The run cannot be shown[\s\S]*There is no run/);
    failing.failing.clear();
    await second.getByText('Try again').click();
    await second.locator('.chart canvas').first().waitFor();
  });
});
