import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LonghandError } from '../../../../core/protocol/errors.ts';
import { parseAddress } from '../../../../src/backends/address.ts';

const refused = (input: string, words: RegExp) =>
  assert.throws(
    () => parseAddress(input),
    (error) => LonghandError.is(error, 'invalid_params') && words.test(error.message),
    input,
  );

describe('parseAddress', () => {
  it('takes this machine without encryption', () => {
    assert.deepEqual(parseAddress(' ws://127.0.0.1:4711/ '), {
      url: 'ws://127.0.0.1:4711',
      token: null,
      secure: false,
    });
    assert.equal(parseAddress('ws://localhost:4711').url, 'ws://localhost:4711');
    assert.equal(parseAddress('ws://[::1]:4711').url, 'ws://[::1]:4711');
    assert.equal(parseAddress('127.0.0.1:4711').url, 'ws://127.0.0.1:4711');
    assert.equal(parseAddress('4711').url, 'ws://127.0.0.1:4711');
  });

  it('takes another machine with encryption', () => {
    assert.deepEqual(parseAddress('wss://gpu.example'), { url: 'wss://gpu.example', token: null, secure: true });
    assert.equal(parseAddress('wss://gpu.example:8443/path').url, 'wss://gpu.example:8443');
  });

  it('takes a token off the address', () => {
    assert.deepEqual(parseAddress('ws://127.0.0.1:1?token=abc'), {
      url: 'ws://127.0.0.1:1',
      token: 'abc',
      secure: false,
    });
  });

  it('refuses another machine without encryption, and says how to tunnel', () => {
    refused('ws://gpu.example:4711', /ssh -L 4711:127\.0\.0\.1:4711 gpu\.example/);
    refused('gpu.example:4711', /ssh -L/);
    refused('ws://10.0.0.7:4711', /ssh -L/);
    // Addresses that only look like this machine's.
    refused('ws://127.0.0.1.example:4711', /ssh -L/);
    refused('ws://localhost.example:4711', /ssh -L/);
    refused('ws://0.0.0.0:4711', /ssh -L/);
  });

  it('refuses what is no address, in words', () => {
    refused('', /Give the address/);
    refused('http://127.0.0.1:4711', /ws:\/\/ or wss:\/\//);
    refused('file:///etc/passwd', /ws:\/\/ or wss:\/\//);
    refused('ws://127.0.0.1', /port is missing/);
    refused('ws://user:secret@127.0.0.1:4711', /token is asked for/);
    refused('ws://', /not an address/);
  });
});
