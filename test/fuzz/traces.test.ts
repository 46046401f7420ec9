import assert from 'node:assert/strict';
import fc from 'fast-check';
import { detect } from '../../core/behaviours/detect.ts';
import { labels } from '../../core/behaviours/spans.ts';
import { BLOCK_LIMIT, blocks } from '../../core/traces/blocks.ts';
import { findAll } from '../../core/traces/find.ts';
import { regions } from '../../core/traces/math.ts';
import { sections } from '../../core/traces/sections.ts';
import { steps } from '../../core/traces/steps.ts';
import { splitsPair, texts } from './texts.ts';

const RUNS = { numRuns: 250 };

function inOrder(text: string, spans: readonly { start: number; end: number }[]): void {
  let last = 0;
  for (const { start, end } of spans) {
    assert.ok(start >= last && end > start && end <= text.length, `${start}…${end} after ${last} of ${text.length}`);
    assert.ok(!splitsPair(text, start) && !splitsPair(text, end), `a pair is split at ${start} or ${end}`);
    last = end;
  }
}

describe('any text', function () {
  this.timeout(300_000);

  it('has formulas, code and tokens in order, and none in another', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const found = regions(text);
        inOrder(text, found.math);
        inOrder(
          text,
          [...found.math, ...found.code, ...found.tokens].sort((a, b) => a.start - b.start),
        );
        for (const { start, end, contentStart, contentEnd } of found.math)
          assert.ok(start <= contentStart && contentStart < contentEnd && contentEnd <= end);
      }),
      RUNS,
    );
  });

  it('has steps in order that hold all but white space and tokens', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const all = steps(text);
        inOrder(text, all);
        const tokens = regions(text).tokens;
        const rest = [...all, ...tokens].sort((a, b) => a.start - b.start);
        let last = 0;
        for (const { start, end } of rest) {
          assert.equal(text.slice(last, start).trim(), '');
          last = end;
        }
        assert.equal(text.slice(last).trim(), '');
      }),
      RUNS,
    );
  });

  it('is the sum of its blocks', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const all = blocks(text);
        inOrder(text, all);
        assert.equal(all.map(({ start, end }) => text.slice(start, end)).join(''), text);
        assert.ok(all.every(({ start, end }) => end - start <= BLOCK_LIMIT));
      }),
      RUNS,
    );
  });

  it('has spans inside it, by start, of known labels', () => {
    fc.assert(
      fc.property(
        texts,
        fc.array(fc.string({ maxLength: 6 }), { maxLength: 3 }),
        fc.option(texts, { nil: undefined }),
        (text, markers, problem) => {
          let last = 0;
          for (const span of detect(text, { markers, ...(problem === undefined ? {} : { problem }) })) {
            assert.ok(span.start >= last && span.end > span.start && span.end <= text.length);
            assert.ok(!splitsPair(text, span.start) || markers.length > 0);
            assert.ok(labels.includes(span.label));
            last = span.start;
          }
        },
      ),
      RUNS,
    );
  });

  it('has sections inside it', () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (text, assumed) => {
        for (const { start, end } of sections(text, assumed))
          assert.ok(start >= 0 && end >= start && end <= text.length);
      }),
      RUNS,
    );
  });

  it('is found again by its own pieces', () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.integer({ min: 1, max: 12 }), (text, from, length) => {
        const start = text.length === 0 ? 0 : from % text.length;
        const needle = text.slice(start, start + length);
        if (needle === '' || splitsPair(text, start) || splitsPair(text, start + length)) return;
        const { hits } = findAll(text, needle, { matchCase: true });
        assert.ok(hits.length > 0);
        for (const hit of hits) assert.equal(text.slice(hit.start, hit.end), needle);
      }),
      RUNS,
    );
  });
});
