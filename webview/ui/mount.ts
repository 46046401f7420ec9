/** What the entry of every page does. */
import { render, type ComponentChild } from 'preact';
import { connectHost } from '../host.ts';
import { startPage, type Page } from '../inspector/page.ts';
import { registerControls } from './controls.ts';
import { startSaying } from './say.ts';

/** Connects to the host, begins the page, and draws it. */
export async function mountPage(draw: (page: Page) => ComponentChild): Promise<void> {
  registerControls();
  startSaying();
  const page = await startPage(connectHost());
  render(draw(page), document.getElementById('app')!);
}
