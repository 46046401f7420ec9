/**
 * Builds everything that ships, into dist/: the extension host (CommonJS, `vscode` external) in two files, of which VS Code
 * reads the second when it is needed (src/on-demand.ts), the service with its store worker (ESM for Node), and the
 * webview pages. `--watch` rebuilds on change; `--meta` writes dist/meta/*.json, which say what is in each file.
 */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

/** Leaves src/on-demand.ts out of the file that imports it: it is a file of its own beside it. @type {import('esbuild').Plugin} */
const onDemand = {
  name: 'on-demand',
  setup(build) {
    build.onResolve({ filter: /\/on-demand\.ts$/ }, ({ kind, importer }) => {
      if (kind === 'entry-point') return undefined;
      if (kind === 'dynamic-import') return { path: './on-demand.cjs', external: true };
      return { errors: [{ text: `${importer} must load on-demand.ts by import(): else it is read at the start.` }] };
    });
  },
};

/**
 * `import source from './some-worker.ts?worker'` gives the source of that module with all that it needs, as text: a page makes a worker
 * of it by a blob, the one address from which VS Code lets pages load one. @type {import('esbuild').Plugin}
 */
const workerSource = {
  name: 'worker-source',
  setup(plugin) {
    plugin.onResolve({ filter: /\?worker$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace('?worker', '')),
      namespace: 'worker',
    }));
    plugin.onLoad({ filter: /./, namespace: 'worker' }, async ({ path }) => {
      const { outputFiles, metafile } = await build({
        ...common,
        entryPoints: [path],
        write: false,
        sourcemap: false,
        metafile: true,
        platform: 'browser',
        format: 'iife',
        target: 'chrome120',
      });
      const watchFiles = Object.keys(metafile.inputs).map((name) => join(root, name));
      return { contents: outputFiles[0]?.text ?? '', loader: 'text', watchFiles };
    });
  },
};

/**
 * Bytes above which the build fails. VS Code reads and compiles the file in every window that it opens; zod or the YAML parser do
 * not fit under this.
 */
const EXTENSION_LIMIT = 300_000;

/** @type {Record<string, import('esbuild').BuildOptions>} */
const targets = {
  extension: {
    ...common,
    entryPoints: { extension: 'src/extension.ts', 'on-demand': 'src/on-demand.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode', 'bufferutil', 'utf-8-validate'],
    plugins: [onDemand],
    // `import()` becomes `require`: the one way to load a file in which VS Code answers for `vscode`.
    supported: { 'dynamic-import': false },
  },
  service: {
    ...common,
    entryPoints: {
      longhand: 'server/main.ts',
      'store-worker': 'server/store/store-worker.ts',
      'parquet-worker': 'server/importers/parquet-worker.ts',
      'search-worker': 'server/search/search-worker.ts',
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
      overview: 'webview/overview/main.tsx',
      report: 'webview/report/main.tsx',
      sides: 'webview/sides/main.tsx',
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
    plugins: [workerSource],
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

if (!watch) {
  const { size } = statSync(join(dist, 'extension.cjs'));
  if (size > EXTENSION_LIMIT) {
    console.error(
      `dist/extension.cjs has ${size} bytes, more than the ${EXTENSION_LIMIT} that VS Code may have to read at its start.\n` +
        'Look in dist/meta/extension.json (made by `node scripts/build.mjs --meta`) for what has come in, and load it from ' +
        'src/on-demand.ts where only some windows need it.',
    );
    process.exit(1);
  }
}
