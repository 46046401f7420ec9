/** Of what the pages are made, as their sources say: for the question whether a state shows each part of them. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..', '..');

/** The names of all pages: each has its entry, `webview/<page>/main.tsx`. */
export const pages = (): string[] =>
  globSync('webview/*/main.tsx', { cwd: root }).map((path) => path.split(/[\\/]/)[1]!);

/**
 * The components of which `html`, all that the states show, has nothing: each is known by the classes that it alone gives, and
 * where it gives none, by the words that it alone says.
 */
export function neverSeen(html: string): string[] {
  const shown = new Set([...html.matchAll(/ class="([^"]*)"/g)].flatMap(([, names]) => names!.split(' ')));
  const isShown = (name: string) =>
    name.endsWith('-') ? [...shown].some((one) => one.startsWith(name)) : shown.has(name);
  const files = globSync('webview/**/*.tsx', { cwd: root })
    .filter((path) => !path.endsWith('main.tsx'))
    .map((path) => {
      const source = readFileSync(join(root, path), 'utf8');
      return { path, classes: classesIn(source), words: wordsIn(source) };
    });
  return files
    .filter((file) => {
      const own = (kind: 'classes' | 'words') =>
        [...file[kind]].filter((one) => files.every((other) => other === file || !other[kind].has(one)));
      const [names, words] = [own('classes'), own('words')];
      if (names.length > 0) return !names.some(isShown);
      // What has nothing of its own is a part of what has.
      return words.length > 0 && !words.some((one) => html.includes(one));
    })
    .map(({ path }) => path)
    .sort();
}

/** The names in the `class` attributes of a source, but those of icons and labels; of one that is put together, what it begins with: `tone-`. */
const classesIn = (source: string): Set<string> =>
  new Set(
    [...source.matchAll(/\bclass=(?:"([^"]*)"|\{(.*?)\}(?=[\s/>]))/g)]
      .flatMap(
        ([, plain, computed]) =>
          plain?.split(' ') ??
          [...computed!.matchAll(/['`]([^'`]*)['`]/g)].flatMap(([, text]) => text!.match(/[a-z][\w-]+/g) ?? []),
      )
      .filter((name) => !/^(codicon|label)-/.test(name)),
  );

/** What a source says to the reader: in attributes, and between tags. */
const wordsIn = (source: string): Set<string> =>
  new Set(
    [...source.matchAll(/\b(?:label|title|what)="([^"]{8,})"|>\s*([A-Z][\w ,.’%-]{7,}?)\s*</g)].map(
      ([, attribute, text]) => attribute ?? text!,
    ),
  );
