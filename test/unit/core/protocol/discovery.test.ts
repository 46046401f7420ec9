import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDiscovery, type Discovery } from '../../../../core/protocol/discovery.ts';

const written: Discovery = {
  v: 1,
  url: 'ws://127.0.0.1:4321',
  port: 4321,
  token: 'abc',
  pid: 77,
  version: '0.1.0',
  major: 1,
  started: 1_790_000_000_000.5,
};

describe('the discovery file', () => {
  it('is read as it was written, without what a later version adds', () => {
    assert.deepEqual(parseDiscovery(JSON.stringify({ ...written, later: true })), written);
  });

  it('is none where half of it is there, or it holds something else', () => {
    const text = JSON.stringify(written);
    for (let length = 0; length < text.length; length++) assert.equal(parseDiscovery(text.slice(0, length)), null);
    for (const other of ['null', '1', '"v"', '[]', '{}', `[${text}]`]) assert.equal(parseDiscovery(other), null, other);
  });

  it('is none where a field is missing or of another kind', () => {
    for (const key of Object.keys(written) as (keyof Discovery)[]) {
      const { [key]: value, ...rest } = written;
      assert.equal(parseDiscovery(JSON.stringify(rest)), null, `without ${key}`);
      const others = [null, typeof value === 'string' ? 5 : String(value), [value]];
      for (const other of others) {
        assert.equal(parseDiscovery(JSON.stringify({ ...written, [key]: other })), null, `${key}: ${String(other)}`);
      }
    }
    for (const key of ['v', 'port', 'pid', 'major'] as const)
      assert.equal(parseDiscovery(JSON.stringify({ ...written, [key]: 1.5 })), null, key);
    assert.equal(parseDiscovery(JSON.stringify({ ...written, v: 2 })), null);
  });
});
