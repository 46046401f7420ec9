/** The theme's colours for what is drawn on a canvas: read from CSS, read again when the theme changes. */

/** The value of a CSS variable, as it stands in the theme now. */
export function cssColor(name: string): string {
  return getComputedStyle(document.body).getPropertyValue(name).trim() || 'gray';
}

/** Calls `listener` after the theme has changed. Returns the function that ends it. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(() => requestAnimationFrame(listener));
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-kind'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  return () => observer.disconnect();
}
