import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Span } from '../../core/behaviours/spans.ts';
import { blocks } from '../../core/traces/blocks.ts';
import { mathRegions } from '../../core/traces/math.ts';
import { brief, visible } from '../../webview/text/visible.ts';
import { HeightIndex } from '../../webview/text/height-index.ts';
import { itemsOf } from '../../webview/text/items.ts';
import { TextPart } from '../../webview/text/part.ts';
import { pieces, SpanIndex } from '../../webview/text/pieces.ts';
import { longCompletion } from './made-trace.ts';

function span(start: number, end: number, label: Span['label'] = 'verification'): Span {
  return { in: 'completion', start, end, label, detector: 'd', version: '1', confidence: 1, evidence: '' };
}

describe('text that arrives in slices', () => {
  const text = longCompletion(120_000, 300);

  it('has the blocks and formulas of the whole text, however it is cut', () => {
    for (const size of [64, 997, 32_768]) {
      const part = new TextPart('completion');
      for (let at = 0; at < text.length; at += size) part.append(text.slice(at, at + size));
      assert.equal(part.text, text);
      assert.deepEqual(part.blocks, blocks(text), `slices of ${size}`);
      assert.deepEqual(part.formulas(0, text.length), mathRegions(text), `slices of ${size}`);
    }
  });

  it('has them in long fences, tables, lists and single lines as well', () => {
    const hard = [
      `Before.\n\n\`\`\`python\n${'x = 1  # $a$ and | b |\n'.repeat(4_000)}\`\`\`\n\nAfter $x$.\n`,
      `~~~\n${'- no list\n\n'.repeat(9_000)}`,
      `| a | b |\n|---|:-:|\n${'| $x$ | 1 |\n'.repeat(6_000)}\nEnd.\n`,
      `# One\n${'1. first\n   goes on\n> quoted\n---\n'.repeat(2_500)}`,
      `${'word $x_1$ '.repeat(9_000)}\n`,
      '$'.repeat(100_000),
    ];
    for (const one of hard) {
      for (const size of [1_009, 65_536]) {
        const part = new TextPart('completion');
        for (let at = 0; at < one.length; at += size) part.append(one.slice(at, at + size));
        assert.deepEqual(part.blocks, blocks(one), `${one.slice(0, 20)} in slices of ${size}`);
        assert.deepEqual(part.formulas(0, one.length), mathRegions(one), `${one.slice(0, 20)} in slices of ${size}`);
      }
    }
  });

  it('reads little again, however long a fence is', () => {
    const part = new TextPart('completion');
    part.append(`\`\`\`\n${'let x be 1;\n'.repeat(100_000)}`);
    assert.ok(part.append('more\n') > part.blocks.length - 20);
  });

  it('says which block changed first, so that the others stay', () => {
    const part = new TextPart('completion');
    part.append(text);
    const before = [...part.blocks];
    const first = part.append(' And more.');
    assert.ok(first > before.length - 400 && first < before.length, `${first} of ${before.length}`);
    assert.deepEqual(part.blocks.slice(0, first), before.slice(0, first));
  });

  it('keeps rows that did not change as they are', () => {
    const part = new TextPart('completion');
    const prompt = new TextPart('prompt');
    part.append('One.\n\nTwo.\n\nThree');
    const old = itemsOf([], prompt, part, false);
    part.append(' is longer.\n\nFour.');
    const now = itemsOf(old, prompt, part, false);
    assert.equal(now[0], old[0]);
    assert.equal(now[1], old[1]);
    assert.notEqual(now[2], old[2]);
    assert.equal(now.length, 4);
  });

  it('finds the block of an offset', () => {
    const part = new TextPart('completion');
    part.append(text);
    for (const offset of [0, 1, 5000, 77_777, text.length - 1]) {
      const block = part.blocks[part.blockAt(offset)]!;
      assert.ok(block.start <= offset && offset < block.end);
    }
  });
});

describe('height index', () => {
  it('sums, finds and changes heights', () => {
    const index = new HeightIndex();
    for (let i = 0; i < 1000; i += 1) index.set(i, 10 + (i % 7));
    const naive = (n: number) => Array.from({ length: n }, (_, i) => index.height(i)).reduce((a, b) => a + b, 0);
    assert.equal(index.total, naive(1000));
    index.set(500, 400);
    assert.equal(index.top(501), naive(501));
    for (const y of [0, 9.9, 10, 5000, index.total - 1]) {
      const at = index.at(y);
      assert.ok(index.top(at) <= y && y < index.top(at + 1), `${y}`);
    }
    assert.equal(index.at(-5), 0);
    assert.equal(index.at(1e9), 999);
    index.truncate(3);
    assert.equal(index.total, naive(3));
  });
});

describe('pieces of a block', () => {
  it('cover it whole, in order, and never cut a formula', () => {
    const text = 'Let $a+b$ be, so $c$ is.';
    const formulas = mathRegions(text);
    assert.equal(formulas.length, 2);
    const spans = [span(0, 6), span(7, 20, 'subgoal')];
    const found = pieces(0, text.length, spans, formulas);
    assert.equal(found.map(({ start, end }) => text.slice(start, end)).join(''), text);
    const first = found.find(({ formula }) => formula === formulas[0])!;
    assert.deepEqual(first.spans.map(({ label }) => label).sort(), ['subgoal', 'verification']);
    const second = found.find(({ formula }) => formula === formulas[1])!;
    assert.deepEqual(
      second.spans.map(({ label }) => label),
      ['subgoal'],
    );
  });

  it('finds the spans over a stretch, long ones that began far before included', () => {
    const index = new SpanIndex([span(900, 950), span(0, 1000, 'loop'), span(10, 20)]);
    assert.deepEqual(
      index.within(905, 906).map(({ label }) => label),
      ['loop', 'verification'],
    );
    assert.deepEqual(
      index.within(20, 30).map(({ label }) => label),
      ['loop'],
    );
    assert.deepEqual(index.within(1000, 2000), []);
  });
});

describe('signs that cannot be seen', () => {
  it('are shown, one for one', () => {
    const raw = 'a\0b\u202ec\u200bd\ud800e\x7f\x1b[0m\tf\n';
    const shown = visible(raw);
    assert.equal(shown.length, raw.length);
    assert.equal(shown, 'a␀b⇄c␣d\ufffde␡␛[0m\tf\n');
    assert.equal(visible('a\r\nb\rc\u2028d\u0085e\u0090f\u00adg\u061ch\u{e0041}i'), 'a\r\nb␍c␤d␤e\ufffdf␣g⇄h␣␣i');
    assert.equal(visible('plain text, 中文 and 😀'), 'plain text, 中文 and 😀');
    // Eight accents are drawn on a letter, the others beside it.
    assert.equal(visible(`e${'\u0301'.repeat(11)}!`), `e${'\u0301'.repeat(8)}◌◌◌!`);
    // Eight signs are joined, the others stand beside them; families are families.
    assert.equal(visible('👩\u200d'.repeat(11)), `${'👩\u200d'.repeat(8)}${'👩␣'.repeat(3)}`);
    assert.equal(visible('👩🏽\u200d❤️\u200d💋\u200d👩🏽 '.repeat(20)), '👩🏽\u200d❤️\u200d💋\u200d👩🏽 '.repeat(20));
    assert.equal(visible('Việt नमस्ते שָׁלוֹם'), 'Việt नमस्ते שָׁלוֹם');
    // An answer may be as long as its trace.
    assert.equal(brief(`\u202e${'x'.repeat(100_000)}`), `⇄${'x'.repeat(299)}…`);
  });
});
