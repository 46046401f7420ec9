/** One of VS Code's own icons, by its name in `@vscode/codicons`. */
export function Icon({ name }: { name: string }) {
  return <span class={`codicon codicon-${name}`} aria-hidden="true" />;
}
