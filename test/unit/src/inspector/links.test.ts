import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { anchorOf } from '../../../../core/traces/anchor.ts';
import { pastedLink, readLink, writeLink, type TraceLink } from '../../../../src/inspector/links.ts';

const base = 'vscode://longhand.longhand';
const link: TraceLink = {
  trace: 'two-stage-1a2b/grpo.x/2/1234',
  at: { in: 'completion', start: 18_204, end: 18_260 },
  words: 'Größe-π-is-3',
};
/** Path and query as VS Code gives them: decoded once. */
const arrived = (text: string) => {
  const [, path = '', query = ''] = /^[a-z]+:\/\/[^/]+([^?]*)\??(.*)$/.exec(text)!;
  return [decodeURIComponent(path), decodeURIComponent(query)] as const;
};

describe('links to traces', () => {
  it('say what was written, decoded once, twice or not at all', () => {
    const text = writeLink(base, link);
    const [path, query] = arrived(text);
    assert.deepEqual(readLink(path, query), link);
    assert.deepEqual(readLink(path, text.slice(text.indexOf('?') + 1)), link);
    assert.deepEqual(readLink('/trace/', decodeURIComponent(query)), link);
  });

  it('have no sign that a shell takes for something else, apart from the one question mark', () => {
    assert.match(writeLink(base, link), /^vscode:\/\/longhand\.longhand\/trace\?[A-Za-z0-9%._-]+$/);
  });

  it('are links to a trace alone where there is no place', () => {
    const whole = { ...link, at: null, words: '' };
    assert.deepEqual(readLink(...arrived(writeLink(base, whole))), whole);
  });

  it('survive any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.nat(2 ** 31), (text, start) => {
        const words = anchorOf(text, 0);
        const at = { in: 'prompt' as const, start, end: start };
        const made = { trace: 'a/b/1/0', at, words };
        assert.deepEqual(readLink(...arrived(writeLink(base, made))), made);
      }),
    );
  });

  it('refuse what is hostile or broken, and say why', () => {
    const good = 'run=r&stage=s&attempt=1&n=2';
    const wrong: [string, string, RegExp][] = [
      ['/command', good, /only traces/],
      ['/trace/../x', good, /only traces/],
      ['/trace', 'run=../../etc&stage=s&attempt=1&n=2', /no run/],
      ['/trace', 'run=r&stage=s%2f..&attempt=1&n=2', /no stage/],
      ['/trace', 'run=r&stage=s&attempt=1', /no trace/],
      ['/trace', 'run=r&stage=s&attempt=1&n=-1', /no trace/],
      ['/trace', 'run=r&stage=s&attempt=1&n=1e9', /no trace/],
      ['/trace', `${good}&run=other`, /“run” twice/],
      ['/trace', `${good}&command=workbench.action.quit`, /“command”/],
      ['/trace', `${good}&__proto__=x`, /“__proto__”/],
      ['/trace', `${good}&text=(a%2B)%2B`, /no words/],
      ['/trace', `${good}&text=<img src=x onerror=alert(1)>`, /no words/],
      ['/trace', `${good}&in=source&start=1`, /neither/],
      ['/trace', `${good}&start=9&end=3`, /no stretch/],
      ['/trace', `${good}&start=9999999999&end=9999999999`, /no stretch/],
      ['/trace', `${good}&end=5`, /no stretch/],
      ['/trace', '%E0%A4%A', /encoding/],
      ['/trace', `${good}&text=${'a'.repeat(3000)}`, /longer than/],
      ['/trace', '', /no run/],
    ];
    for (const [path, query, why] of wrong) {
      const found = readLink(path, query);
      assert.ok(typeof found === 'string' && why.test(found), `${path}?${query}: ${JSON.stringify(found)}`);
    }
  });

  it('are found in what was pasted', () => {
    const text = writeLink(base, link);
    for (const pasted of [
      `  ${text}\n`,
      `"${text}"`,
      `<${text}>.`,
      `${text.slice(0, 60)}\n${text.slice(60)}`,
      `'${text}'`,
    ])
      assert.equal(pastedLink(pasted), text);
  });
});
