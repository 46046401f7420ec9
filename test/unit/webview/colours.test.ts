import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { paper } from '../../../webview/charts/palette.ts';

type Three = [number, number, number];

/** Linear RGB as people see it who lack a kind of cone (Machado, Oliveira and Fernandes 2009, IEEE TVCG 15:1291, severity 1.0). */
const sights: Record<string, [Three, Three, Three]> = {
  all: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'no red': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linear(hex: string): Three {
  return [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Three;
}

function contrast(a: string, b: string): number {
  const [low, high] = [a, b]
    .map(linear)
    .map(([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue)
    .toSorted((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** CIE L*a*b*, D65, of a colour as it is seen. */
function seen(hex: string, sight: string): Three {
  const colour = linear(hex);
  const [red, green, blue] = sights[sight]!.map((row) =>
    Math.min(1, Math.max(0, row[0] * colour[0] + row[1] * colour[1] + row[2] * colour[2])),
  ) as Three;
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047);
  const y = f(0.2126 * red + 0.7152 * green + 0.0722 * blue);
  const z = f((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** Values of `--lh-…` by name: of the first block (dark) and of the one for grounds that are light. */
function variables(file: string): Record<'dark' | 'light', Record<string, string>> {
  const css = readFileSync(new URL(`../../../webview/ui/${file}`, import.meta.url), 'utf8');
  const at = css.indexOf('@container style(--lh-palette: light)');
  const read = (part: string) =>
    Object.fromEntries(
      [...part.matchAll(/--lh-([\w-]+): (#[\da-f]{6});/g)].map(([, name, value]) => [name!, value!] as const),
    );
  return { dark: read(css.slice(0, at)), light: read(css.slice(at)) };
}

const families = {
  'labels.css': ['verification', 'backtracking', 'subgoal', 'backward_reasoning', 'uncertainty'],
  'base.css': ['right', 'wrong', 'cut'],
};
const grounds = { dark: ['#1f1f1f', '#252526'], light: ['#ffffff', '#f8f8f8'] };
/** CIE76 distance: about 2.3 can be told apart side by side, thin marks far from each other need several times that. */
const APART = 14;

describe('colours', () => {
  it('on paper are those of the light themes', () => {
    for (const file of Object.keys(families))
      for (const [name, colour] of Object.entries(variables(file).light))
        assert.equal(paper.color(`--lh-${name}`), colour);
  });

  for (const [file, names] of Object.entries(families)) {
    for (const theme of ['dark', 'light'] as const) {
      it(`of ${file} in ${theme} themes stand out from the ground, and from each other for every kind of sight`, () => {
        const found = variables(file)[theme];
        const colours = names.map((name) => found[name] ?? assert.fail(`no colour of ${name}`));
        for (const [i, colour] of colours.entries()) {
          for (const ground of grounds[theme]) {
            const value = contrast(colour, ground);
            assert.ok(value >= 4.5, `${names[i]} on ${ground}: ${value.toFixed(2)}`);
          }
        }
        for (const sight of Object.keys(sights)) {
          const places = colours.map((colour) => seen(colour, sight));
          for (const [i, a] of places.entries()) {
            for (const [j, b] of places.slice(0, i).entries()) {
              const away = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
              assert.ok(away >= APART, `${names[i]} and ${names[j]}, sight: ${sight}: ${away.toFixed(1)}`);
            }
          }
        }
      });
    }
  }
});
