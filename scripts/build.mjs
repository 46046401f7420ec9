/**
 * Builds everything that ships, into dist/: the extension host (CommonJS, `vscode` external), the service with its store
 * worker (ESM for Node), and the three webview pages. `--watch` rebuilds on change; `--meta` writes dist/meta/*.json, from
 * which the bench reads sizes.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const watch = process.argv.includes('--watch');
const meta = process.argv.includes('--meta');
const production = !watch;

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: meta,
  define: { 'process.env.NODE_ENV': '"production"' },
};

/** CommonJS packages inside an ES module bundle still call `require` for Node's own modules. */
const requireShim =
  "import { createRequire as longhandCreateRequire } from 'node:module'; const require = longhandCreateRequire(import.meta.url);";

/** @type {Record<string, import('esbuild').BuildOptions>} */
const targets = {
  extension: {
    ...common,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.cjs',
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode', 'bufferutil', 'utf-8-validate'],
  },
  service: {
    ...common,
    entryPoints: {
      longhand: 'server/main.ts',
      'store-worker': 'server/store/store-worker.ts',
      'parquet-worker': 'server/importers/parquet-worker.ts',
    },
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: ['bufferutil', 'utf-8-validate'],
    banner: { js: requireShim },
    // Names of errors and classes appear in logs.
    keepNames: true,
  },
  webview: {
    ...common,
    entryPoints: {
      inspector: 'webview/inspector/main.tsx',
      dashboard: 'webview/dashboard/main.tsx',
      report: 'webview/report/main.tsx',
    },
    outdir: 'dist/webview',
    platform: 'browser',
    format: 'iife',
    target: 'chrome120',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    alias: { react: 'preact/compat', 'react-dom': 'preact/compat' },
    loader: { '.woff2': 'file', '.woff': 'empty', '.ttf': 'file' },
    assetNames: 'fonts/[name]',
  },
};

if (!watch) rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
for (const [name, options] of Object.entries(targets)) {
  if (watch) {
    await (await context(options)).watch();
    continue;
  }
  const result = await build(options);
  if (meta) {
    mkdirSync(join(dist, 'meta'), { recursive: true });
    writeFileSync(join(dist, 'meta', `${name}.json`), JSON.stringify(result.metafile));
  }
}
