import assert from 'node:assert/strict';
import { BLOCK_LIMIT, blocks } from '../../../../core/traces/blocks.ts';
import { regions } from '../../../../core/traces/math.ts';

const cut = (text: string) => blocks(text).map(({ kind, start, end }) => [kind, text.slice(start, end)]);

describe('blocks', () => {
  it('cuts at blank lines, displays, fences, tokens and entries of lists', () => {
    const text = '<think>\nOne.\nTwo.\n\nThree:\n- a\n- b\n$$x$$\n```\ncode\n```\nEnd.\n</think>\n\nAnswer.';
    assert.deepEqual(cut(text), [
      ['token', '<think>\n'],
      ['paragraph', 'One.\nTwo.\n\n'],
      ['paragraph', 'Three:\n'],
      ['list', '- a\n'],
      ['list', '- b\n'],
      ['display', '$$x$$\n'],
      ['code', '```\ncode\n```\n'],
      ['paragraph', 'End.\n'],
      ['token', '</think>\n\n'],
      ['paragraph', 'Answer.'],
    ]);
  });

  it('knows headings, quotes, tables and rules by their lines', () => {
    const text =
      '## Step 1\nWe see:\n> a\n> b\nnow\n| n | f |\n|---|--:|\n| 1 | 2 |\nso\n---\n|x| + |y|\n#hash\n***\n1) one\n  two';
    assert.deepEqual(cut(text), [
      ['heading', '## Step 1\n'],
      ['paragraph', 'We see:\n'],
      ['quote', '> a\n> b\n'],
      ['paragraph', 'now\n'],
      ['table', '| n | f |\n|---|--:|\n| 1 | 2 |\n'],
      ['paragraph', 'so\n'],
      ['rule', '---\n'],
      ['paragraph', '|x| + |y|\n#hash\n'],
      ['rule', '***\n'],
      ['list', '1) one\n  two'],
    ]);
  });

  it('bounds a block, however long its line is', () => {
    for (const text of ['x'.repeat(50_000), 'word '.repeat(10_000), 'a\n'.repeat(9_000), '𝒳'.repeat(9_001)]) {
      const all = blocks(text);
      assert.equal(all.map(({ start, end }) => text.slice(start, end)).join(''), text);
      assert.ok(all.every(({ start, end }) => end - start <= BLOCK_LIMIT));
      assert.ok(
        all.every(
          ({ start }) => !/[\udc00-\udfff]/.test(text.charAt(start)) || !/[\ud800-\udbff]/.test(text.charAt(start - 1)),
        ),
      );
    }
  });

  it('cuts a line that is crowded with formulas before one of them, and loses nothing', () => {
    const text = `Some words. ${'$x_1$ '.repeat(1_000)}`;
    const found = blocks(text);
    assert.equal(found.map(({ start, end }) => text.slice(start, end)).join(''), text);
    for (const { start, end } of found) {
      const own = text.slice(start, end);
      assert.ok(own.split('$x_1$').length - 1 <= 150, own.slice(0, 80));
      assert.match(own, /^(?:Some words\. )?(?:\$x_1\$ )+$/);
    }
  });

  it('takes no longer for each block of a line of megabytes than for one of a short line', () => {
    for (const sign of ['a', '$$x$$ word and ', '<think>a ']) {
      const text = sign.repeat(6_000_000 / sign.length);
      const known = regions(text);
      const from = process.cpuUsage();
      assert.equal(blocks(text, known).at(-1)!.end, text.length);
      const { user } = process.cpuUsage(from);
      // Looking through the line for each block takes more than three seconds.
      assert.ok(user < 1_500_000, `${sign}: ${user / 1000} ms`);
    }
  });

  it('does not cut inside a formula of moderate length', () => {
    const text = `${'word '.repeat(790)}$a + ${'b + '.repeat(40)}c$ end`;
    const formula = text.indexOf('$a');
    assert.ok(
      blocks(text).every(({ start, end }) => !(start < formula && end > formula && end < text.indexOf(' end'))),
    );
  });

  it('has nothing for nothing', () => {
    assert.deepEqual(blocks(''), []);
    assert.equal(
      blocks('\n \n')
        .map(({ start, end }) => '\n \n'.slice(start, end))
        .join(''),
      '\n \n',
    );
  });
});
