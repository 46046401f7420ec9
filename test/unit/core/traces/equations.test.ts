import assert from 'node:assert/strict';
import { equationsOf, plainFormulas } from '../../../../core/traces/equations.ts';

const one = (formula: string) => equationsOf(formula).equations;

describe('equations in one spelling', () => {
  it('takes fractions, products, spaces and the order of sides for the same', () => {
    assert.deepEqual(one('\\frac{a}{b} = c'), ['a/b=c']);
    assert.deepEqual(one('c = a / b'), ['a/b=c']);
    assert.deepEqual(one('\\dfrac{a+1}{b} = c'), one('(a + 1)/b=c'));
    assert.deepEqual(one('3 \\cdot 4 = 12'), one('12 = 3 \\times 4'));
    assert.deepEqual(one('2*x = 6'), one('6 = 2x'));
    assert.deepEqual(one('x^{2} + 1 = \\tfrac12'), ['1/2=x^2+1']);
    assert.deepEqual(one('1{,}000 = n'), one('n = 1000'));
  });

  it('turns inequalities round, and keeps sides that are none', () => {
    assert.deepEqual(one('b > a'), one('a < b'));
    assert.deepEqual(one('x \\geq 5'), one('5 \\leqslant x'));
    assert.notDeepEqual(one('a < b'), one('b < a'));
    assert.deepEqual(one('x \\neq y'), one('y \\ne x'));
  });

  it('gives each equation of a chain, of an alignment and of a list', () => {
    assert.deepEqual(one('a = b = c'), ['a=b', 'b=c', 'a=c']);
    assert.deepEqual(one('a = b < c'), ['a=b', 'b<c']);
    assert.deepEqual(one('\\begin{aligned} x &= 1 \\\\ y &= 2 \\end{aligned}'), ['1=x', '2=y']);
    assert.deepEqual(one('x = 1, y = 2'), ['1=x', '2=y']);
    assert.deepEqual(equationsOf('n'), { equations: [], expressions: ['n'] });
    assert.deepEqual(equationsOf('= n + 1'), { equations: [], expressions: ['n+1'] });
  });

  it('finds calculations in prose, and no prose in calculations', () => {
    const calculations = (prose: string) => plainFormulas(prose).map(({ start, end }) => prose.slice(start, end));
    assert.deepEqual(calculations('So 3 * 4 = 12, and x > 2.'), ['3 * 4 = 12', 'x > 2']);
    assert.deepEqual(calculations('Then AB = CD holds.'), ['AB = CD']);
    assert.deepEqual(calculations('Let me think. It is 5 or so.'), []);
    assert.deepEqual(calculations('a <think> b'), []);
    assert.deepEqual(calculations('x = y z so'), ['x = y z']);
  });

  it('stays linear on what is no mathematics', () => {
    for (const text of ['='.repeat(200_000), '1 '.repeat(100_000), 'a=b'.repeat(60_000), '{'.repeat(100_000)]) {
      const from = performance.now();
      for (const { start, end } of plainFormulas(text)) equationsOf(text.slice(start, end));
      equationsOf(text);
      assert.ok(performance.now() - from < 1000);
    }
  });
});
