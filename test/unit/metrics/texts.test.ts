import assert from 'node:assert/strict';
import { garbling } from '../../../core/metrics/garbling.ts';
import { languages } from '../../../core/metrics/language.ts';
import { loops, unitsLost } from '../../../core/metrics/loops.ts';
import { alikeNeighbours, ngramRepetition } from '../../../core/metrics/repetition.ts';
import { random } from '../../../core/metrics/bootstrap.ts';

/** Every maximal run by brute force: all starts and periods. */
function bruteLoops(text: string): Set<string> {
  const found = new Set<string>();
  for (let start = 0; start < text.length; start += 1)
    for (let period = 1; start + 3 * period <= text.length; period += 1) {
      if (start > 0 && text[start - 1] === text[start - 1 + period]) continue;
      let end = start + period;
      while (end < text.length && text[end] === text[end - period]) end += 1;
      if (end - start < Math.max(60, 3 * period)) continue;
      // The smallest period alone: a multiple of it says nothing more.
      const unit = text.slice(start, start + period);
      const primitive = (unit + unit).indexOf(unit, 1) === period;
      if (primitive) found.add(`${start} ${end} ${period}`);
    }
  return found;
}

describe('loops', () => {
  it('say where they begin, their period and what is lost', () => {
    const unit = 'Wait, let me check that once more. ';
    const text = `It is 4:\n${unit.repeat(5)}Done`;
    const [loop, ...more] = loops(text);
    assert.deepEqual([loop, more], [{ start: 9, end: 9 + 5 * unit.length, period: unit.length }, []]);
    assert.equal(unitsLost([loop!]), 4 * unit.length);
  });

  it('are those that brute force finds, where a text has one at a time', () => {
    const draw = random(7);
    const pick = (n: number) => Math.floor(draw() * n);
    for (let round = 0; round < 60; round += 1) {
      const noise = (n: number) => Array.from({ length: n }, () => String.fromCharCode(97 + pick(26))).join('');
      const unit = noise(1 + pick(40));
      const text =
        noise(pick(80)) +
        unit.repeat(Math.ceil(66 / unit.length) + 3) +
        unit.slice(0, pick(unit.length)) +
        noise(pick(80));
      const ours = new Set(loops(text).map(({ start, end, period }) => `${start} ${end} ${period}`));
      assert.deepEqual(ours, bruteLoops(text), text);
    }
  });

  it('are three whole copies at least, with a letter or a digit', () => {
    assert.deepEqual(loops('abcdefghijklmnopqrstuvwxyz0123456789'.repeat(2)), []);
    assert.deepEqual(loops('-'.repeat(500)), []);
    assert.deepEqual(loops(''), []);
    assert.equal(loops('7'.repeat(60))[0]?.period, 1);
  });

  it('take time in proportion to the text', () => {
    // Two long copies, again and again tried and too few; and a text of one letter.
    const half = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(97 + ((i * i) % 26))).join('');
    const began = performance.now();
    loops(half + half);
    loops('ab'.repeat(250_000));
    assert.ok(performance.now() - began < 2000);
  });
});

describe('repetition', () => {
  it('is 1 − distinct / all word trigrams', () => {
    assert.equal(ngramRepetition('a b c a b c'), 0.25);
    assert.equal(ngramRepetition('a b c d'), 0);
    assert.equal(ngramRepetition('a a a a'), 0.5);
    assert.equal(ngramRepetition('a b'), null);
    assert.ok(Math.abs(ngramRepetition('a b a b', 2)! - 1 / 3) < 1e-12);
  });

  it('counts neighbouring pieces that are nearly the same', () => {
    const piece = 'so the sum of the digits is nine';
    assert.equal(alikeNeighbours(`${piece}\n${piece}\nand now for something quite different`), 0.5);
    assert.equal(alikeNeighbours('short. too short.'), null);
  });
});

describe('languages', () => {
  it('finds a stretch in another script, outside mathematics and code', () => {
    const text = 'We add the numbers 然后我们得到 and so $x_\\text{最}$ the sum `代码` is clear';
    const { main, switches, letters, others } = languages(text);
    assert.equal(main, 'latin');
    assert.deepEqual(switches.map(({ start, end, script }) => [text.slice(start, end), script]), [['然后我们得到', 'cjk']]); // prettier-ignore
    assert.deepEqual([others, letters > 30], [6, true]);
  });

  it('takes no variable and no Greek letter for a language', () => {
    assert.deepEqual(languages('设 x 为 AB 的长度，角 θ 等于 α').switches, []);
    assert.deepEqual(languages('12 + 30').main, null);
    assert.deepEqual(languages('').switches, []);
  });

  it('joins what belongs together and parts what does not', () => {
    const text = '我们先计算这个数 then we add 再计算那个数 and finally 得到答案就是这个';
    assert.deepEqual(languages(text).switches.map(({ start, end }) => text.slice(start, end)), ['then we add', 'and finally']); // prettier-ignore
  });
});

describe('garbling', () => {
  const kinds = (text: string) => garbling(text).found.map(({ start, end, kind }) => [text.slice(start, end), kind]);

  it('finds each kind where it stands', () => {
    assert.deepEqual(kinds('a\ufffd\ufffdb'), [['\ufffd\ufffd', 'replacement']]);
    assert.deepEqual(kinds('a\u0007b'), [['\u0007', 'control']]);
    assert.deepEqual(kinds('a\ue000b'), [['\ue000', 'private']]);
    assert.deepEqual(kinds('caf\u00c3\u00a9 it\u00e2\u20ac\u2122s'), [['\u00c3\u00a9', 'mojibake'], ['\u00e2\u20ac\u2122', 'mojibake']]); // prettier-ignore
    assert.deepEqual(kinds('the \u0441os of x'), [['\u0441os', 'mixed_word']]);
    assert.deepEqual(kinds('x'.repeat(60)), [['x'.repeat(60), 'endless_word']]);
    assert.equal(garbling('a\ufffdb\ufffd').units, 2);
  });

  it('finds none in text, mathematics, Chinese, Russian, Greek and emoji', () => {
    for (const text of [
      'cosθ = 3√2 – “fine” ½ × 4 °',
      '然后我们得到',
      'Привет, мир',
      'Ça va, naïve café, Â la',
      '✓ 👍🏽',
      '\t\r\n',
      '',
    ])
      assert.deepEqual(kinds(text), [], text);
  });

  it('reads a long run of letters in little time', () => {
    const began = performance.now();
    garbling('x'.repeat(300_000) + '\u0416' + 'y'.repeat(300_000));
    assert.ok(performance.now() - began < 2000);
  });
});
