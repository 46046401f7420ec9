/** What the entry of every page does. */
import { render, type ComponentChild } from 'preact';
import { connectHost } from '../host.ts';
import { startPage, type Page } from '../inspector/page.ts';
import { registerControls } from './controls.ts';

/** Connects to the host, begins the page, and draws it. */
export async function mountPage(draw: (page: Page) => ComponentChild): Promise<void> {
  registerControls();
  const page = await startPage(connectHost());
  render(draw(page), document.getElementById('app')!);
}
