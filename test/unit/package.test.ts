/** What ships. The suite builds before it runs. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..');

describe('the package', () => {
  it('has every program that the build makes, workers too', () => {
    const shipped = readFileSync(join(root, '.vscodeignore'), 'utf8').split('\n');
    const made = readdirSync(join(root, 'dist')).filter((name) => /\.[cm]js$/.test(name));
    assert.ok(made.length > 0, 'nothing is built');
    for (const name of made) assert.ok(shipped.includes(`!dist/${name}`), `${name} does not ship`);
  });
});
