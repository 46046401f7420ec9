import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LonghandError } from '../../core/protocol/errors.ts';
import { FakeHost } from './fake-host.ts';
import { shot } from './page.ts';
import { suitePages } from './suite.ts';

import { lastQuery, made, sets, summary, view, write } from './made-list.ts';

describe('searching the list of traces', () => {
  const { open } = suitePages({}, 8000);

  it('finds words and expressions in the texts, streamed, and opens a trace at its first hit with the find bar filled', async () => {
    const host = new FakeHost({ traces: made(300), sets }, view);
    host.searchPace = 250;
    const page = await open(host);
    await summary(page, '300 traces');
    await write(page, 'stage:grpo "let me check"');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.getByRole('progressbar', { name: 'Searched' }).waitFor();
    await page.locator('mark.hit').first().waitFor();
    await summary(page, /60 hits in 30 traces of 150/);
    assert.equal(lastQuery(host, 'traces/search'), 'stage:grpo "let me check"');
    assert.equal(await page.locator('mark.hit').first().innerText(), 'let me check');
    assert.equal(await page.locator('#trace-0 .cell-hits').innerText(), '2');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.locator('#trace-2[aria-selected=true]').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.find-count', { hasText: '1 of 2' }).waitFor();
    assert.equal(await page.getByRole('textbox', { name: 'Find' }).inputValue(), 'let me check');
    await shot(page, 'list-search');
    await write(page, '/once more/');
    await summary(page, /60 hits in 60 traces/);
    await write(page, '');
    await summary(page, '300 traces');
  });

  it('stops a search, keeps what it found and says how far it came', async () => {
    const host = new FakeHost({ traces: made(400) }, view);
    host.searchPace = 250;
    const page = await open(host);
    await summary(page, '400 traces');
    await write(page, 'wait');
    await page.locator('mark.hit').first().waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await summary(page, /Stopped: \d+ of 400 searched/);
    assert.ok((await page.locator('mark.hit').count()) > 0);
    await page.getByText('Search again').waitFor();
  });

  it('says what fails: a list that cannot be read, texts that cannot be searched', async () => {
    const host = new FakeHost({ traces: made(30) }, view);
    host.failing.set('traces/page', new LonghandError('corrupt', 'The index is damaged.'));
    host.failing.set('traces/search', new LonghandError('internal', 'No thread could be started.'));
    const page = await open(host);
    await page.getByRole('heading', { name: 'The list cannot be shown' }).waitFor();
    host.failing.delete('traces/page');
    await page.getByText('Try again').click();
    await summary(page, '30 traces');
    await write(page, 'wait');
    await page.getByRole('heading', { name: 'The texts cannot be searched' }).waitFor();
    host.failing.clear();
    await page.getByText('Try again').click();
    await summary(page, /6 hits in 6 traces/);
  });

  it('counts the texts that are still to be read for what is asked, and reads them', async () => {
    const host = new FakeHost({ traces: made(30) }, view);
    host.unread = 12;
    host.readAtOnce = 3;
    let go = () => {};
    host.held.set('traces/readTexts', new Promise<void>((resolve) => (go = resolve)));
    const page = await open(host);
    await write(page, 'flips:>=0');
    await summary(page, '12 still to be read');
    go();
    await page.waitForFunction(() => !document.querySelector('.summary')?.textContent?.includes('still'));
    assert.ok(host.count('traces/readTexts') >= 4);
  });

  it('says of how many traces a search does not know, reads their texts when it is asked to, and searches again', async () => {
    const host = new FakeHost({ traces: made(30) }, view);
    host.unread = 12;
    host.readAtOnce = 3;
    let go = () => {};
    host.held.set('traces/readTexts', new Promise<void>((resolve) => (go = resolve)));
    const page = await open(host);
    await write(page, 'wait flips:>=0');
    await page.getByText('Not known of 12 traces').waitFor();
    const read = page.getByRole('button', { name: 'Read and search again' });
    await read.focus();
    await page.keyboard.press('Enter');
    await summary(page, '12 still to be read');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.waitForFunction(() => !document.querySelector('.summary')?.textContent?.includes('still'));
    const searches = host.count('traces/search');
    go();
    host.held.clear();
    await read.click();
    await page.getByText('Not known of').waitFor({ state: 'detached' });
    assert.equal(host.unread, 0);
    assert.equal(host.count('traces/search'), searches + 1);
  });
});
