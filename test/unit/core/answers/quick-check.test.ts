import assert from 'node:assert/strict';
import { quickCheck, QUICK_CHECK_VERSION } from '../../../../core/answers/quick-check.ts';

function expect(value: string, pairs: readonly (readonly [string, string])[]): void {
  for (const [gold, pred] of pairs) {
    const verdict = quickCheck(gold, pred);
    assert.equal(verdict.value, value, `${gold} against ${pred}: ${verdict.value}, ${verdict.reason}`);
    assert.equal(verdict.version, QUICK_CHECK_VERSION);
  }
}
const r = String.raw;

describe('quickCheck', () => {
  it('compares whole numbers exactly, however long', () => {
    expect('right', [['42', '42'], ['042', '42'], ['-5', '−5'], ['7,425,000', '7425000'], ['42', '42.0'], ['9'.repeat(5000), '9'.repeat(5000)], ['$12$', '12']]); // prettier-ignore
    expect('wrong', [['42', '43'], ['-5', '5'], [`${'9'.repeat(5000)}1`, `${'9'.repeat(5000)}2`], ['9007199254740993', '9007199254740992']]); // prettier-ignore
  });

  it('finds a text right against itself, also one whose gold is read by its box', () => {
    expect('right', [[r`Alternatively,\boxed{7}`, r`Alternatively,\boxed{7}`], [r`so \boxed{7}`, '7'], [r` a \boxed{7}`, r`a \boxed{7} `]]); // prettier-ignore
  });

  it('compares formulas by value', () => {
    expect('right', [
      [r`\frac{1}{2}`, '0.5'], [r`\frac12`, '1/2'], [r`\sqrt{8}/2`, r`\sqrt2`], [r`\tan^2(y)+1`, r`\sec^2 y`], ['(r+5)^2', '(r+5)(r+5)'],
      [r`x^2+2x+1`, 'x^2 + 2*x + 1'], [r`918\frac{1}{2}`, '918.5'], [r`2^{1/4}`, r`\sqrt{\sqrt{2}}`], [r`\frac34i`, r`\frac{3}{4}i`],
      ['0', 'x^2 - x^2'], [r`\log_2 8`, '3'], [r`\cos 60^\circ`, '1/2'], [r`10\sqrt3`, r`\sqrt{300}`], [r`\binom{5}{2}`, '10'],
    ]); // prettier-ignore
    expect('wrong', [[r`\frac{1}{2}`, '0.51'], ['4', r`4\sqrt{2}`], ['x+2n+1', 'x+1'], [r`\sqrt{2}`, '1.5'], ['x', '2x'], ['(a+5)(b+2)', '5(b+2)']]); // prettier-ignore
  });

  it('says undecided where only positive values agree', () => {
    assert.equal(quickCheck('|x|', 'x').value, 'undecided');
  });

  it('compares numbers that are too large for arithmetic modulo primes', () => {
    expect('right', [[r`2024^{4046}`, r`2024^{4045}\cdot 2024`], ['1/2004!', '1/(2004!)'], [r`2^{5000}-2^{4999}`, r`2^{4999}`]]); // prettier-ignore
    expect('wrong', [['3^{2025}', '2^{2025}'], ['1/2004!', '1/2006!'], [r`1/2^{99}`, r`1/2^{98}`], [r`2^{5000}`, r`2^{5000}+1`]]); // prettier-ignore
  });

  it('takes a decimal literal for rounded to six places', () => {
    expect('right', [[r`\frac{1}{3}`, '0.3333333333'], [r`\frac{1}{12}`, '0.0833333333']]); // prettier-ignore
    expect('wrong', [[r`\frac{1}{3}`, '0.333'], ['5.001', '5']]); // prettier-ignore
  });

  it('takes a percentage for its number and for its hundredth', () => {
    expect('right', [[r`28\%`, '28'], ['0.335', r`33.5\%`], [r`28\%`, '28 percent'], ['10', '10%']]); // prettier-ignore
    expect('wrong', [[r`28\%`, '2.8']]);
  });

  it('compares lists in any order, tuples in order', () => {
    expect('right', [['1, 2', '2, 1'], [r`\{3,2,1\}`, r`\{1,2,3\}`], ['(1,2)', '(1, 2)'], [r`1 \pm \sqrt{5}`, r`1-\sqrt5, 1+\sqrt5`], ['1 and 2', '1, 2'], ['(11,7)or(7,11)', '(7,11), (11,7)'], ['(0;1)', '(0,1)']]); // prettier-ignore
    expect('wrong', [['1, 2', '1, 3'], ['1, 2', '1'], ['(1,2)', '(2,1)'], ['(1,2)', '(1,2,3)'], [r`\pm 2`, '2']]); // prettier-ignore
  });

  it('compares intervals with their brackets, and unions', () => {
    expect('right', [[r`(-\infty,-8)\cup(8,\infty)`, r`(8,\infty)\cup(-\infty,-8)`], [r`x \in [-2,7]`, '[-2,7]'], [r`-2 \le x \le 7`, '[-2,7]'], ['x<2', r`(-\infty,2)`]]); // prettier-ignore
    expect('wrong', [['[0,1)', '[0,1]'], ['(0,9)', '[0,9)'], [r`x \le 2`, r`(-\infty,2)`]]); // prettier-ignore
  });

  it('compares relations', () => {
    expect('right', [[r`x \leq 5`, r`5 \geq x`], ['x < 1', '-x > -1'], [r`34x+45y-20z+100=0`, '-34x-45y+20z-100=0'], ['2=x', 'x=2'], ['2x+4y-3=0', r`y=-\frac12x+\frac34`]]); // prettier-ignore
    expect('wrong', [[r`x > 5`, 'x < 5'], ['x < 1', 'x > -1'], ['x+y-z+2=0', '5x-7y+11z+4=0'], ['2x + z = 1', '1']]); // prettier-ignore
  });

  it('drops names, units, money and approximations', () => {
    expect('right', [['5', 'x=5'], ['5', 'f(x) = 5'], ['10', r`10\text{ cm}`], ['15000', r`\$15,\!000`], [r`\frac13`, r`k = \frac13 \approx 0.33`], [r`74^\circ`, '74°'], ['125 miles', r`125\textnormal{ miles}`], ['(3,2)', '(p,q)=(3,2)'], ['2', 'x = 1 + 1 = 2']]); // prettier-ignore
    expect('wrong', [['7 = 11a+c', '11a+c']]);
  });

  it('compares matrices and ratios', () => {
    expect('right', [[r`\begin{pmatrix}1&2\\3&4\end{pmatrix}`, r`\begin{bmatrix} 1 & 2 \\ 3 & \frac{8}{2} \end{bmatrix}`], ['7:32', '7 : 32']]); // prettier-ignore
    expect('wrong', [[r`\begin{pmatrix}1&2\\3&4\end{pmatrix}`, r`\begin{pmatrix}1&2\\3&5\end{pmatrix}`], ['12:00', '1:00']]); // prettier-ignore
  });

  it('compares words, case aside', () => {
    expect('right', [[r`\text{Evelyn}`, 'evelyn'], [r`\text{(C)}`, 'C'], [r`\textbf{A}`, 'A'], ['odd', r`\text{odd}`]]); // prettier-ignore
    expect('wrong', [[r`\text{Evelyn}`, 'Briana'], ['odd', '3']]); // prettier-ignore
    expect('undecided', [['the points on the unit circle', 'all points of the circle of radius one']]);
  });

  it('compares sums, integrals and limits by their form, and says undecided of their value', () => {
    expect('right', [[r`F_n = \sum_{k=0}^{n-1} F_k F_{n-k-1}`, r`F_n = \sum_{k=0}^{n-1} F_{n-k-1} F_k`], [r`\int_0^1 2x`, r`\int_0^1 (x+x)`]]); // prettier-ignore
    expect('undecided', [[r`\sum_{k=1}^{3} k`, '6'], [r`\sum_{k=1}^{3} k`, r`\sum_{k=1}^{4} k`]]); // prettier-ignore
  });

  it('takes what is written alike for the same, though it has no value', () => {
    expect('right', [[r`\binom{2n}{n}`, r`x = \binom{2n}{n}`], [r`\lfloor\log_2 n\rfloor+1`, r`a = \lfloor \log _2 n \rfloor + 1`], [r`1.325 \times 10^{-27}`, r`x = 1.325 \times 10^{-27}`], ["y'", r`y^{\prime}`], [r`\cot x`, r`\cotx`]]); // prettier-ignore
  });

  it('tells apart what is nearly the same', () => {
    expect('wrong', [[r`1.24 \times 10^{-8}`, r`2.24 \times 10^{-8}`], ['x = -11964', 'x = -11963'], ['Evelyn', '-Evelyn'], ['I(0) e^{t}', '-I(0) e^{t}']]); // prettier-ignore
  });

  it('says undecided where a slash may divide by more than one thing', () => {
    expect('undecided', [
      [r`\frac{1}{4} n`, '1/4n'],
      [r`\frac{\pi}{2}`, r`1/2\pi`],
    ]);
    expect('right', [
      ['1/4n', '1/4n'],
      [r`\frac{1}{2}`, '1/2'],
      [r`\frac{x}{2}`, 'x/2'],
    ]);
  });

  it('takes a letter behind a number for a unit only where the other answer has none', () => {
    expect('right', [
      ['5', '5 m'],
      ['1000.99', '1,000.99m²'],
      [r`2 n`, '2n'],
      ['12', r`12^{\text{th}} \text{ grade}`],
    ]);
    expect('wrong', [
      ['2n', '2m'],
      ['5', '6 m'],
      ['5n', '5'],
    ]);
  });

  it('takes a comma before three digits for one of a list where only that is right', () => {
    expect('right', [['1234', '1,234'], ['1, 234', '1,234'], [r`\frac{34}{2}, \frac{0}{2}`, '0/6,102/6']]); // prettier-ignore
    expect('wrong', [['1234', '1,235']]);
  });

  it('finds the answer in a gold that is a solution', () => {
    expect('right', [[r`We get $2$, so \boxed{\frac12}.`, '0.5'], ['12 * 3 = 36\n#### 36', '36'], [r`\(\boxed{1}\) and \(\boxed{-2}\).`, r`$\boxed{-2,1}$.`]]); // prettier-ignore
  });

  it('says undecided and why, never wrong, of what it cannot read', () => {
    for (const pred of [
      r`\mystery{x}`,
      r`\sum_{k=0}^{n} k`,
      '((',
      r`\frac{1}{`.repeat(5000),
      '('.repeat(2000),
      '|'.repeat(2000),
    ]) {
      const verdict = quickCheck('5', pred);
      assert.equal(verdict.value, 'undecided', pred.slice(0, 20));
      assert.ok(verdict.reason.length > 10);
    }
    assert.equal(quickCheck('', '5').value, 'undecided');
    assert.equal(quickCheck('5', '').value, 'wrong');
  });

  it('ends on hostile numbers', () => {
    assert.equal(quickCheck('10^{10^{10}}', '10^{10^{10}}+1').value, 'wrong');
    assert.notEqual(quickCheck(r`2^{2^{2^{2^{2^2}}}}`, '3').value, 'right');
    assert.equal(quickCheck('9'.repeat(1_000_000), `${'9'.repeat(999_999)}8`).value, 'wrong');
    assert.notEqual(quickCheck('20000!'.repeat(400), '1').value, 'right');
  });
});
