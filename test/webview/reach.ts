/** What a reader cannot get at in an open page: by scrolling, and by the Tab key. */
import type { Page } from 'playwright-core';

/**
 * One line for each control that cannot be brought into view, that something else covers there, or that shares its place with
 * another one; and for a page that scrolls sideways.
 */
export async function lost(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    const { documentElement: root } = document;
    if (root.scrollWidth > root.clientWidth + 1)
      found.push(`the page is ${root.scrollWidth} pixels wide in ${root.clientWidth}`);
    const name = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} “${(element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40)}”`;
    // What lies over the page for as long as it is used is looked at alone.
    const scope = document.querySelector('dialog[open], .popover, .go-to') ?? document.body;
    const controls = [
      ...scope.querySelectorAll<HTMLElement>(
        'button, input, select, a[href], [role=button], [role=tab], [role=slider], vscode-dropdown, vscode-button, vscode-text-field',
      ),
    ].filter(
      (element) =>
        !element.closest('[inert], [hidden]') &&
        element.checkVisibility({ visibilityProperty: true, opacityProperty: false }),
    );
    for (const element of controls) {
      element.scrollIntoView({ block: 'center', inline: 'nearest' });
      const box = element.getBoundingClientRect();
      if (box.width < 1 || box.height < 1) continue;
      const x = box.left + box.width / 2;
      const y = box.top + box.height / 2;
      if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) {
        found.push(`out of reach at ${Math.round(x)}, ${Math.round(y)}: ${name(element)}`);
        continue;
      }
      const top = document.elementFromPoint(x, y);
      if (!top || element.contains(top) || top.contains(element) || top.getRootNode() !== document) continue;
      // A label, an icon over its own field.
      if (top.closest('label') && top.closest('label') === element.closest('label')) continue;
      // What is wrong with a query stands over its chips, so that nothing moves while it is typed.
      if (top.closest('.query-error, .query-offers')) continue;
      found.push(`covered by ${name(top)}: ${name(element)}`);
    }
    return found;
  });
}

const MOST = 400;

/**
 * Goes through the page by Tab until it begins anew: each stop is in view and looks other than without the focus, none holds it, and
 * none keeps the editor's own keys to itself.
 */
export async function walk(page: Page): Promise<string[]> {
  const found = new Set<string>();
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    const parts = (element: Element): Element[] => [
      element,
      ...(element.shadowRoot?.querySelectorAll('*') ?? []),
      ...[...element.querySelectorAll('*')].slice(0, 80),
      ...(element.parentElement ? [element.parentElement] : []),
    ];
    const look = (element: Element) =>
      parts(element)
        .flatMap((one) => ['', '::before', '::after'].map((pseudo) => getComputedStyle(one, pseudo || null)))
        .map(({ outline, boxShadow, borderColor, backgroundColor, stroke, strokeWidth }) =>
          [outline, boxShadow, borderColor, backgroundColor, stroke, strokeWidth].join(),
        )
        .join('|');
    // The editor hears the keys of its webviews at their window.
    const kept = (element: Element) =>
      [{ key: 'F1' }, { key: 'F4', ctrlKey: true }].filter((press) => {
        let heard = false;
        const hear = () => (heard = true);
        addEventListener('keydown', hear);
        element.dispatchEvent(
          new KeyboardEvent('keydown', { ...press, bubbles: true, composed: true, cancelable: true }),
        );
        removeEventListener('keydown', hear);
        return !heard;
      });
    const seen = new Map<Element, number>();
    let last: { element: Element; looked: string; where: string } | null = null;
    // One step of the way: what is wrong with the last stop and with this one, and whether it is the end.
    Object.assign(window, {
      stop() {
        const wrong: string[] = [];
        const element = document.activeElement;
        if (last?.element.isConnected && last.element !== element && look(last.element) === last.looked)
          wrong.push(`does not show its focus: ${last.where}`);
        if (!element || element === document.body) return { wrong, end: true, stops: seen.size };
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const name = (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40);
        const where = `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} “${name}”`;
        if (element === last?.element) wrong.push(`holds the focus: ${where}`);
        const isNew = !seen.has(element);
        seen.set(element, seen.size);
        if (right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight) wrong.push(`out of view: ${where}`);
        last = { element, looked: look(element), where };
        for (const { key } of kept(element)) wrong.push(`keeps ${key} from the editor: ${where}`);
        return { wrong, end: !isNew, stops: seen.size };
      },
    });
  });
  for (let i = 0; i < MOST; i += 1) {
    await page.keyboard.press('Tab');
    const { wrong, end, stops } = await page.evaluate(() =>
      (window as unknown as { stop(): { wrong: string[]; end: boolean; stops: number } }).stop(),
    );
    for (const one of wrong) found.add(one);
    // The way may begin behind the last of them.
    if (end && (stops > 0 || i > 1)) return stops === 0 ? ['nothing takes the focus'] : [...found];
  }
  return [...found, `${MOST} stops and no end`];
}
