/**
 * Lets code of the extension be read outside VS Code: `import 'vscode'` finds the few things that such code uses when it is made. Import
 * this first, then the code itself by `await import`. What needs more of VS Code is tested in VS Code.
 */
import { registerHooks } from 'node:module';

const source = `
export const Uri = { joinPath: (uri, ...parts) => ({ path: [uri.path, ...parts].join('/'), toString() { return this.path; } }) };
export const env = { language: 'en' };
`;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vscode'
      ? { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
      : next(specifier, context),
});
