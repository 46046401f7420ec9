import assert from 'node:assert/strict';
import { DEFAULT_POLICY, parsePolicy, policyName, type Policy } from '../../../../core/answers/policy.ts';
import { normalisationSteps, quickCheck, quickCheckVersion } from '../../../../core/answers/quick-check.ts';

const r = String.raw;
const word = (gold: string, pred: string, policy: Partial<Policy> = {}) =>
  quickCheck(gold, pred, { ...DEFAULT_POLICY, ...policy }).value;

/** What the default says of a pair, and what one switch makes of it. */
const SWITCHED: [gold: string, pred: string, byDefault: string, policy: Partial<Policy>, then: string][] = [
  ['0.1', r`10\%`, 'right', { percent: 'hundredth' }, 'right'],
  ['10', r`10\%`, 'right', { percent: 'hundredth' }, 'wrong'],
  ['10', r`10\%`, 'right', { percent: 'number' }, 'right'],
  ['0.1', r`10\%`, 'right', { percent: 'number' }, 'wrong'],
  ['1, 2', '2, 1', 'right', { order: 'written' }, 'wrong'],
  [r`\{1, 2\}`, r`\{2, 1\}`, 'right', { order: 'written' }, 'wrong'],
  ['(1, 2)', '(2, 1)', 'wrong', { order: 'any' }, 'wrong'],
  ['1, 1, 2', '1, 2', 'right', { repeats: 'written' }, 'wrong'],
  ['1, 1, 2', '1, 2, 2', 'right', { repeats: 'written' }, 'wrong'],
  ['1, 1, 2', '2, 1, 1', 'right', { repeats: 'written' }, 'right'],
  [r`\frac{1}{3}`, '0.333333', 'right', { tolerance: 0 }, 'wrong'],
  [r`\frac{1}{2}`, '0.5', 'right', { tolerance: 0 }, 'right'],
  [r`\frac{1}{3}`, '0.333', 'wrong', { tolerance: 1e-3 }, 'right'],
  ['1000000', '1000000.5', 'wrong', { relativeTolerance: 1e-6 }, 'right'],
  ['1000000', '1000001', 'wrong', { relativeTolerance: 1e-2 }, 'wrong'],
  ['3.14', r`\pi`, 'wrong', { rounding: 'to-gold' }, 'right'],
  ['3.15', r`\pi`, 'wrong', { rounding: 'to-gold' }, 'wrong'],
  [r`\pi`, '3.14', 'wrong', { rounding: 'to-gold' }, 'wrong'],
  [r`\pi`, '3.14', 'wrong', { rounding: 'to-fewer' }, 'right'],
  ['10', r`10\text{ cm}`, 'right', { units: 'compared' }, 'wrong'],
  ['10', r`10\text{ cm}`, 'right', { units: 'where-both' }, 'right'],
  ['10 miles', r`10\text{ cm}`, 'right', { units: 'where-both' }, 'wrong'],
  [r`10\text{ cm}^2`, '10 cm²', 'right', { units: 'compared' }, 'right'],
  ['5', 'x = 5', 'right', { names: 'compared' }, 'wrong'],
  ['x = 5', 'x=5', 'right', { names: 'compared' }, 'right'],
  [r`\text{Evelyn}`, 'evelyn', 'right', { letterCase: 'compared' }, 'wrong'],
  [r`-2 \le x \le 7`, '[-2, 7]', 'right', { bounds: 'other' }, 'undecided'],
  ['2x + 4y = 6', 'x + 2y = 3', 'right', { multiples: 'other' }, 'wrong'],
  ['1.22', '1,22', 'right', { decimalComma: 'refused' }, 'wrong'],
];

describe('the policy', () => {
  for (const [gold, pred, byDefault, policy, then] of SWITCHED) {
    const name = policyName({ ...DEFAULT_POLICY, ...policy });
    it(`${gold} against ${pred}: ${byDefault}; with ${name} ${then}`, () => {
      assert.equal(word(gold, pred), byDefault);
      assert.equal(word(gold, pred, policy), then);
    });
  }

  it('has a name that says what differs, and is read back from it', () => {
    assert.equal(policyName(DEFAULT_POLICY), 'default');
    const policy: Policy = { ...DEFAULT_POLICY, order: 'written', tolerance: 1e-4 };
    assert.equal(policyName(policy), 'order=written,tolerance=0.0001');
    assert.deepEqual(parsePolicy(policyName(policy)), policy);
    assert.deepEqual(parsePolicy('default'), DEFAULT_POLICY);
    assert.equal(quickCheckVersion(policy), `${quickCheckVersion()} (order=written,tolerance=0.0001)`);
    assert.equal(quickCheck('1', '1', policy).version, quickCheckVersion(policy));
  });

  it('refuses what there is not', () => {
    assert.throws(() => parsePolicy('order=backwards'), /order takes any, written/);
    assert.throws(() => parsePolicy('colour=red'), /no switch “colour”/);
    assert.throws(() => parsePolicy('tolerance='), /from 0 to 1/);
    assert.throws(() => parsePolicy('toString=1'), /no switch/);
  });
});

describe('normalisationSteps', () => {
  const steps = (answer: string) => normalisationSteps(answer).map(({ rule, text }) => [rule, text]);

  it('says every rule that changed the answer, and what it was read as', () => {
    assert.deepEqual(steps(r`$x = \dfrac{1}{2}\text{ cm}.$`), [
      ['as written', r`$x = \dfrac{1}{2}\text{ cm}.$`],
      ['no delimiters, boxes or emphasis around it', r`x = \dfrac{1}{2}\text{ cm}`],
      ['one spelling of each command', r`x = \frac{1}{2}\text{ cm}`],
      ['no unit behind it', r`x = \frac{1}{2}`],
      ['no name before the sign of equality', r`\frac{1}{2}`],
      ['read as a formula', r`\frac{1}{2}`],
    ]);
    assert.deepEqual(steps('1,234'), [['as written', '1,234'], ['no thousands separators', '1234'], ['read as a formula', '1234']]); // prettier-ignore
    assert.deepEqual(steps('3, 4').at(-1), ['read as a list of 2', '3, 4']);
    assert.match(steps('((').at(-1)![0]!, /^not read: /);
  });

  it('shows rows of a matrix as they are written, and says what is too long', () => {
    assert.ok(steps(r`$\begin{pmatrix}1\\2\end{pmatrix}$`).every(([, text]) => text!.includes(r`\\`)));
    assert.match(steps('9'.repeat(5000)).at(-1)![0]!, /more than 4000 characters/);
  });
});
