/** Where a text goes over to another writing system. Mathematics, code and chat tokens are no language. */
import { regions } from '../traces/math.ts';
import { atOnce } from './slices.ts';

export type Script = 'latin' | 'cyrillic' | 'hebrew' | 'arabic' | 'devanagari' | 'thai' | 'hangul' | 'cjk';

export interface LanguageSwitch {
  /** UTF-16 units of the stretch in the other script, end exclusive. */
  start: number;
  end: number;
  script: Script;
}

export interface Languages {
  /** The script of most letters; null: there is no letter. */
  main: Script | null;
  /** Letters outside mathematics and code, and those of them in another script than the main one. */
  letters: number;
  others: number;
  /** Stretches in another script than the main one. */
  switches: LanguageSwitch[];
}

const RANGES: readonly [first: number, last: number, script: Script][] = [
  [0x41, 0x5a, 'latin'],
  [0x61, 0x7a, 'latin'],
  [0xc0, 0x24f, 'latin'],
  [0x400, 0x52f, 'cyrillic'],
  [0x590, 0x5ff, 'hebrew'],
  [0x600, 0x6ff, 'arabic'],
  [0x900, 0x97f, 'devanagari'],
  [0xe00, 0xe7f, 'thai'],
  [0x1100, 0x11ff, 'hangul'],
  [0x3040, 0x30ff, 'cjk'],
  [0x3400, 0x9fff, 'cjk'],
  [0xac00, 0xd7a3, 'hangul'],
  [0xf900, 0xfaff, 'cjk'],
];
const MOST_SWITCHES = 200;
/** Units between two yields. */
const SLICE = 65_536;

const scripts: (Script | null)[] = [null, ...new Set(RANGES.map(([, , script]) => script))];
/** The script of each code unit, as its place in `scripts`. */
const codes = new Uint8Array(65_536);
for (const [first, last, script] of RANGES) codes.fill(scripts.indexOf(script), first, last + 1);

/**
 * Scripts of the letters outside mathematics, code and tokens; Han and Kana are one, Greek is none (it is mathematics). A switch is a maximal stretch
 * of words in another script than most of the text: of at least 2 signs in `cjk`, of a word of at least 3 letters otherwise, so that variables
 * are none. Two languages in one script (English and German) are not told apart.
 */
export function languages(text: string): Languages {
  return atOnce(languageSteps(text));
}

/** {@link languages}, in slices of some milliseconds. */
export function* languageSteps(text: string): Generator<void, Languages> {
  const words = yield* wordsOf(text);
  const counts = new Map<Script, number>();
  for (const { start, end, script } of words) counts.set(script, (counts.get(script) ?? 0) + end - start);
  const letters = [...counts.values()].reduce((sum, n) => sum + n, 0);
  const main = [...counts.entries()].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
  const others = letters - (main === null ? 0 : counts.get(main)!);
  const switches: LanguageSwitch[] = [];
  if (others > 0) {
    let open = false;
    for (const { start, end, script } of words) {
      const last = switches.at(-1);
      if (script === main) open = false;
      else if (open && last?.script === script) last.end = end;
      else if (switches.length < MOST_SWITCHES) {
        switches.push({ start, end, script });
        open = true;
      } else break;
    }
  }
  return { main, letters, others, switches };
}

/** Words of one script each, outside mathematics, code and tokens, that are long enough to be words. */
function* wordsOf(text: string): Generator<void, LanguageSwitch[]> {
  const { math, code, tokens } = regions(text);
  const cuts = [...math, ...code, ...tokens].sort((a, b) => a.start - b.start);
  const words: LanguageSwitch[] = [];
  let cut = 0;
  let yielded = 0;
  for (let i = 0; i < text.length;) {
    if (i - yielded > SLICE) {
      yielded = i;
      yield;
    }
    while (cut < cuts.length && cuts[cut]!.end <= i) cut += 1;
    if (cut < cuts.length && cuts[cut]!.start <= i) {
      i = cuts[cut]!.end;
      continue;
    }
    const kind = codes[text.charCodeAt(i)]!;
    if (kind === 0) {
      i += 1;
      continue;
    }
    const start = i;
    const limit = cuts[cut]?.start ?? text.length;
    while (i < limit && codes[text.charCodeAt(i)] === kind) i += 1;
    const script = scripts[kind]!;
    if (i - start >= (script === 'cjk' ? 2 : 3)) words.push({ start, end: i, script });
  }
  return words;
}
