import assert from 'node:assert/strict';
import { mathRegions, regions } from '../../../../core/traces/math.ts';

/** Each formula as it stands in the text, with its kind. */
const found = (text: string) => mathRegions(text).map((region) => [region.kind, text.slice(region.start, region.end)]);
const contents = (text: string) =>
  mathRegions(text).map((region) => text.slice(region.contentStart, region.contentEnd));

describe('mathRegions', () => {
  it('finds each kind of delimiter', () => {
    const text = String.raw`a $x+1$ b $$y$$ c \(z\) d \[w\] e \begin{align*}u&=1\end{align*} f \boxed{\frac{1}{2}}`;
    assert.deepEqual(found(text), [
      ['dollar', '$x+1$'],
      ['dollars', '$$y$$'],
      ['paren', String.raw`\(z\)`],
      ['bracket', String.raw`\[w\]`],
      ['environment', String.raw`\begin{align*}u&=1\end{align*}`],
      ['boxed', String.raw`\boxed{\frac{1}{2}}`],
    ]);
    assert.deepEqual(
      mathRegions(text).map(({ display }) => display),
      [false, true, false, true, true, false],
    );
    assert.deepEqual(contents(text).slice(0, 4), ['x+1', 'y', 'z', 'w']);
  });

  it('takes money for money', () => {
    assert.deepEqual(found('It costs $5 and $6.'), []);
    assert.deepEqual(found('$5 per apple and 3 for $x$'), [['dollar', '$x$']]);
    assert.deepEqual(found('He has $12,000 in the bank and earns $300 a month'), []);
    assert.deepEqual(found('pay $5, then $n$ times $7 more'), [['dollar', '$n$']]);
    assert.deepEqual(found('so $5$ and $6$'), [
      ['dollar', '$5$'],
      ['dollar', '$6$'],
    ]);
    assert.deepEqual(found(String.raw`a price of \$5 is $5x$`), [['dollar', '$5x$']]);
  });

  it('leaves what is not closed as text', () => {
    for (const text of [
      String.raw`so \(x + 1`,
      '$$ x + 1',
      String.raw`\[ a = b`,
      String.raw`\boxed{1`,
      String.raw`\begin{align} x`,
      '$x + 1',
    ]) {
      assert.deepEqual(found(text), [], text);
    }
    assert.deepEqual(found(String.raw`\( a \( b \)`), [['paren', String.raw`\( b \)`]]);
    assert.deepEqual(found('$x\n\ny$'), []);
  });

  it('never crosses a token', () => {
    assert.deepEqual(found('$x </think> y$'), []);
    assert.deepEqual(found(String.raw`\[ x <|im_end|> \]`), []);
  });

  it('leaves code alone', () => {
    const text = 'a `$x$` b\n```python\n$y$\n```\nand $z$';
    assert.deepEqual(found(text), [['dollar', '$z$']]);
    assert.deepEqual(
      regions(text).code.map(({ start, end, fence }) => [text.slice(start, end), fence]),
      [
        ['`$x$`', false],
        ['```python\n$y$\n```', true],
      ],
    );
    assert.equal(regions('```\n$x$ </think> $y$').math.length, 1, 'an open fence ends with the thought');
  });

  it('keeps rows of a matrix and escaped delimiters apart from openers', () => {
    const text = String.raw`\[\begin{pmatrix}1\\[2pt]2\end{pmatrix}\]`;
    assert.deepEqual(found(text), [['bracket', text]]);
    assert.deepEqual(found(String.raw`a \\( b \\) c`), []);
  });

  it('finds tokens', () => {
    const text = '<think>a</think><|im_start|>assistant\nb<|channel|>analysis<|message|>c<|end|>';
    assert.deepEqual(
      regions(text).tokens.map(({ start, end }) => text.slice(start, end)),
      ['<think>', '</think>', '<|im_start|>assistant', '<|channel|>analysis', '<|message|>', '<|end|>'],
    );
  });

  it('ends on text that only opens', function () {
    // Work that grows with the square of these would take hours.
    this.timeout(30_000);
    for (const opener of [
      String.raw`\(`,
      String.raw`\[`,
      '$',
      '$$',
      '`',
      '```\n',
      String.raw`\boxed{`,
      String.raw`\begin{align}`,
      '<|',
    ]) {
      const text = opener.repeat(1_000_000 / opener.length);
      assert.ok(
        mathRegions(text).every(({ start, end }) => start < end),
        opener,
      );
    }
  });

  it('counts the braces of boxes, not escaped ones', () => {
    const box = String.raw`\boxed{`;
    for (const [text, expected] of [
      [`${box}a{b}c}d`, [`${box}a{b}c}`]],
      [String.raw`\boxed{a\}b}`, [String.raw`\boxed{a\}b}`]],
      [`${box}a{b}`, []],
      [`${box}${box}a}`, [`${box}a}`]],
      [`${box}${'a'.repeat(3_000)}} ${box}7}`, [`${box}7}`]],
      [`${box.repeat(700)}7}${'x'.repeat(5_000)}${box}8}`, [`${box}7}`, `${box}8}`]],
    ] as const)
      assert.deepEqual(
        found(text).map(([, one]) => one),
        expected,
      );
  });

  it('reads millions of signs once, however many are open and however long they are', function () {
    this.timeout(5_000);
    const fences = Array.from({ length: 16_000 }, (_, i) => '`'.repeat(3 + (i % 500)));
    assert.equal(regions(fences.join('\n')).code.length, 8_000);
    assert.deepEqual(found(`${String.raw`\boxed{`.repeat(1_200_000)}7}`), [['boxed', String.raw`\boxed{7}`]]);
  });
});
