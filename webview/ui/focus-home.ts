/**
 * Gives the focus back where it came from when what had it is gone: a panel that closes, a list that is folded away. The pages'
 * own code moves it where it knows better; this is for the rest.
 */

/** Places that are remembered. */
const MEMORY = 20;

/** To be called once a page. */
export function keepFocus(): void {
  const past: HTMLElement[] = [];
  const usable = (element: HTMLElement) =>
    element.isConnected && !element.closest('[inert]') && element.checkVisibility({ visibilityProperty: true });
  document.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement) || target === document.body || past.at(-1) === target) return;
    past.push(target);
    if (past.length > MEMORY) past.shift();
  });
  let waiting = false;
  const look = () => {
    waiting = false;
    const last = past.at(-1);
    if (!last || (document.activeElement ?? document.body) !== document.body || usable(last)) return;
    while (past.length > 0 && !usable(past.at(-1)!)) past.pop();
    past.at(-1)?.focus({ preventScroll: true });
  };
  // What was done is drawn by then.
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => requestAnimationFrame(look));
  };
  for (const event of ['keydown', 'click'] as const) document.addEventListener(event, soon, true);
  window.addEventListener('message', soon);
}
