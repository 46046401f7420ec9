/** The source of a worker, bundled from the module that is named: see `workerSource` in scripts/build.mjs. */
declare module '*?worker' {
  const source: string;
  export default source;
}
