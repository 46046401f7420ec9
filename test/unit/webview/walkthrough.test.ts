import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { keyLines } from '../../../webview/inspector/keys.ts';

describe('walkthrough', () => {
  it('names keys that the inspector has', () => {
    const file = new URL('../../../media/walkthrough/own.md', import.meta.url);
    const rows = readFileSync(file, 'utf8').matchAll(/^\| (`.+`) \|/gm);
    const named = [...rows].flatMap(([, keys = '']) => [...keys.matchAll(/`(.)`/g)].map(([, key]) => key));
    assert.ok(named.length > 6);
    const known = new Set(keyLines.flatMap(({ keys }) => keys));
    for (const key of named) assert.ok(known.has(key!), `the key ${key}`);
  });
});
