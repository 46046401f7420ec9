/** The theme's colours for what is drawn on a canvas: read from CSS, read again when the theme changes. */

/** The system's own colours take the place of the theme's. */
const forced = () => matchMedia('(forced-colors: active)');
const dark = () => matchMedia('(prefers-color-scheme: dark)');

/** The value of a CSS variable, as it stands in the theme now. */
export function cssColor(name: string): string {
  // What the system calls its colours means something else on a canvas.
  if (forced().matches) return resolvedColor(name);
  const page = document.getElementById('app') ?? document.body;
  return getComputedStyle(page).getPropertyValue(name).trim() || 'gray';
}

/** The colour of a CSS variable in figures. It may be made of others (`color-mix`), which only a property resolves. */
export function resolvedColor(name: string): string {
  const probe = document.createElement('span');
  probe.hidden = true;
  probe.style.color = `var(${name}, gray)`;
  probe.style.setProperty('forced-color-adjust', 'none');
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Calls `listener` after the theme has changed. Returns the function that ends it. */
export function onThemeChange(listener: () => void): () => void {
  const soon = () => requestAnimationFrame(listener);
  const observer = new MutationObserver(soon);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-kind'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  const system = [forced(), dark()];
  for (const media of system) media.addEventListener('change', soon);
  return () => {
    observer.disconnect();
    for (const media of system) media.removeEventListener('change', soon);
  };
}
