/**
 * The extension's second file, dist/on-demand.cjs: all that needs the recipe schema, zod or the YAML parser. They are the larger half of
 * the code and most windows need none of it, so VS Code does not read them at its start: they come with the first recipe that is opened, or
 * the first command on label files. Always `import()` this module; scripts/build.mjs makes each such import one of the built file.
 *
 * A module that both files use (`format.ts`, `contributions.ts`) is in both. So hand values over, keep no state in such a module, and let
 * no `LonghandError` out that was made here: the other file's class is another one.
 */
export { exportLabels, importLabels } from './inspector/labels.ts';
export { readPairs } from '../core/recipes/pair.ts';
export { startRecipeLanguage } from './recipes/start.ts';
