import assert from 'node:assert/strict';
import fc from 'fast-check';
import { candidates, extractAnswer } from '../../core/answers/extract.ts';
import { quickCheck } from '../../core/answers/quick-check.ts';
import { checkRecipe } from '../../core/recipes/check.ts';
import { completionsAt, hoverAt } from '../../core/recipes/describe.ts';
import { texts } from './texts.ts';

/** Formulas with whole numbers, as trees, so that their value is known to be the same however they are written. */
const formulas = fc.letrec<{ formula: string }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: 0, max: 99 }).map(String),
    fc.constantFrom('x', 'y', String.raw`\pi`, String.raw`\sqrt{2}`, 'e'),
    fc
      .tuple(tie('formula'), fc.constantFrom('+', '-', String.raw`\cdot `, '*'), tie('formula'))
      .map(([a, sign, b]) => `(${a})${sign}(${b})`),
    fc.tuple(tie('formula'), tie('formula')).map(([a, b]) => String.raw`\frac{${a}}{${b}}`),
    tie('formula').map((a) => `(${a})^2`),
  ),
})).formula;

const answers = fc.oneof(
  formulas,
  texts,
  fc
    .array(
      fc.constantFrom(
        '\\frac',
        '{',
        '}',
        '(',
        ')',
        '1',
        'x',
        '^',
        '_',
        '\\sqrt',
        '!',
        ',',
        '=',
        '<',
        '|',
        '\\text{',
        '%',
        '\\pm',
        '&',
        '\\\\',
        '\\begin{matrix}',
        '\\end{matrix}',
        ':',
        '²',
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
);

describe('any answer', function () {
  this.timeout(300_000);

  it('gets a verdict and a reason', () => {
    fc.assert(
      fc.property(answers, answers, (gold, pred) => {
        const { value, reason } = quickCheck(gold, pred);
        assert.ok(['right', 'wrong', 'undecided'].includes(value) && reason !== '');
      }),
      { numRuns: 800 },
    );
  });

  it('is never wrong against itself', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        if (answer.trim() !== '') assert.notEqual(quickCheck(answer, answer).value, 'wrong');
      }),
      { numRuns: 400 },
    );
  });

  it('is the same in another writing, and another when one is added', () => {
    fc.assert(
      fc.property(formulas, (formula) => {
        assert.notEqual(quickCheck(formula, `0+1\\cdot (${formula})`).value, 'wrong');
        assert.notEqual(quickCheck(formula, `(${formula})+1`).value, 'right');
      }),
      { numRuns: 400 },
    );
  });

  it('lies where the text says', () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const found of candidates(text)) {
          assert.equal(text.slice(found.start, found.end), found.text);
        }
        const answer = extractAnswer(text);
        if (answer) assert.ok(answer.start >= 0 && answer.end > answer.start && answer.end <= text.length);
      }),
      { numRuns: 400 },
    );
  });
});

/** An answer in two writings that mean the same, and a third that means another. */
interface Writings {
  gold: string;
  same: string;
  other: string;
}

const writings = ((): fc.Arbitrary<Writings> => {
  const number = fc.integer({ min: -9999, max: 9999 });
  const natural = fc.integer({ min: 2, max: 999 });
  const whole = fc.integer({ min: -99_999_999, max: 99_999_999 }).map((n) => ({
    gold: String(n),
    same: n.toLocaleString('en-US'),
    other: String(n + 1),
  }));
  const fraction = fc.tuple(number, natural).map(([a, b]) => ({
    gold: String.raw`\frac{${a}}{${b}}`,
    same: `${a * 3}/${b * 3}`,
    other: String.raw`\frac{${a + 1}}{${b}}`,
  }));
  const decimal = fc.tuple(number, fc.integer({ min: 1, max: 3 })).map(([a, places]) => ({
    gold: (a / 10 ** places).toFixed(places),
    same: String.raw`\dfrac{${a}}{${10 ** places}}`,
    other: ((a + 1) / 10 ** places).toFixed(places),
  }));
  const root = fc.tuple(natural, natural).map(([a, b]) => ({
    gold: String.raw`${a}\sqrt{${b}}`,
    same: String.raw`\sqrt{${a * a * b}}`,
    other: String.raw`${a}\sqrt{${b + 1}}`,
  }));
  const polynomial = fc.tuple(natural, natural).map(([a, b]) => ({
    gold: `(x+${a})(x-${b})`,
    same: `x^2 + ${a - b}x - ${a * b}`.replace('+ -', '- '),
    other: `x^2 + ${a - b}x - ${a * b + 1}`.replace('+ -', '- '),
  }));
  const percent = natural.map((a) => ({
    gold: String.raw`${a}\%`,
    same: String(a / 100),
    other: String.raw`${a + 1}\%`,
  }));
  const single = fc.oneof(whole, fraction, decimal, root, polynomial, percent);
  const joined = (open: string, close: string, turned: boolean) =>
    fc.array(fc.oneof(fraction, root), { minLength: 2, maxLength: 4 }).map((items) => ({
      gold: open + items.map(({ gold }) => gold).join(', ') + close,
      same: open + (turned ? items.toReversed() : items).map(({ same }) => same).join(',') + close,
      other: open + items.map(({ gold, other }, i) => (i === 0 ? other : gold)).join(', ') + close,
    }));
  return fc.oneof(
    { weight: 6, arbitrary: single },
    joined('(', ')', false),
    joined(String.raw`\{`, String.raw`\}`, true),
    joined('[', ')', false),
    joined('', '', true),
  );
})();

/** What people and models put around an answer. */
const clothes = fc.constantFrom<(answer: string) => string>(
  (answer) => answer,
  (answer) => `$${answer}$`,
  (answer) => String.raw`\(${answer}\)`,
  (answer) => String.raw`\boxed{${answer}}`,
  (answer) => ` ${answer}. `,
  (answer) => `$$\n${answer}\n$$`,
  (answer) => `x = ${answer}`,
  (answer) => answer.replaceAll('\\frac', '\\tfrac').replaceAll(', ', ',\\ '),
  (answer) => answer.replaceAll('(', String.raw`\left(`).replaceAll(')', String.raw`\right)`),
);

describe('an answer in another writing', function () {
  this.timeout(300_000);

  it('stays right, whatever is put around it', () => {
    fc.assert(
      fc.property(writings, clothes, clothes, ({ gold, same }, first, second) => {
        if (gold.startsWith('[') && first(gold).includes(String.raw`\left`)) return;
        const verdict = quickCheck(first(gold), second(same));
        assert.equal(verdict.value, 'right', `${first(gold)} against ${second(same)}: ${verdict.reason}`);
      }),
      { numRuns: 3000 },
    );
  });

  it('becomes wrong when a digit changes', () => {
    fc.assert(
      fc.property(writings, clothes, clothes, ({ gold, other }, first, second) => {
        const verdict = quickCheck(first(gold), second(other));
        assert.equal(verdict.value, 'wrong', `${first(gold)} against ${second(other)}: ${verdict.reason}`);
      }),
      { numRuns: 3000 },
    );
  });

  it('is found in a completion as it was written', () => {
    fc.assert(
      fc.property(writings, texts, ({ gold }, noise) => {
        const text = `<think>${noise.replaceAll(/[<\\]/g, '')}</think>The answer is $\\boxed{${gold}}$.`;
        assert.equal(extractAnswer(text)?.text, gold.trim());
      }),
      { numRuns: 500 },
    );
  });

  it('takes no time, however strange it is', () => {
    const signs = fc.constantFrom('\\frac', '\\boxed{', '{', '}', '(', '\\sqrt', '^', '!', '9', ',', '=', '|', '\\left', '\\text{', '&', '\\\\', ' ', '$', '.', '%', 'or', '\\pm', '\\begin{pmatrix}', '\\sum_'); // prettier-ignore
    fc.assert(
      fc.property(
        fc.array(signs, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 1200 }),
        (parts, times) => {
          const strange = parts.join('').repeat(times).slice(0, 4_000);
          const begun = process.cpuUsage();
          quickCheck('1/2', strange);
          quickCheck(strange, `${strange}1`);
          candidates(strange);
          const spent = process.cpuUsage(begun).user / 1000;
          assert.ok(spent < 500, `${spent} ms for ${parts.join('')} × ${times}`);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('any recipe', function () {
  this.timeout(300_000);
  const yaml = fc.oneof(
    texts,
    fc
      .array(
        fc.constantFrom(
          'name: x',
          'stages:',
          '  - id: a',
          '    kind: sft',
          '    kind: grpo',
          '    config: {',
          '}',
          '    data: ${stages.a.train}',
          '&a',
          '*a',
          '- ',
          '[',
          ']',
          ': ',
          '"',
          '|',
          '>',
          '\n',
          '\t',
          '${vars.x}',
          'vars: {x: 1}',
          '    rewards:',
          '      - name: cosine',
          '    needs: [a]',
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join('\n')),
  );

  it('is checked, completed and explained without an exception, with ranges inside it', () => {
    fc.assert(
      fc.property(yaml, fc.nat(), (text, at) => {
        const { recipe, diagnostics } = checkRecipe(text);
        assert.ok(recipe !== null || diagnostics.length > 0);
        for (const { range } of diagnostics)
          assert.ok(range.start >= 0 && range.end >= range.start && range.end <= text.length);
        const offset = at % (text.length + 1);
        const { replace } = completionsAt(text, offset);
        assert.ok(replace.start <= offset && replace.end >= offset && replace.end <= text.length);
        hoverAt(text, offset);
      }),
      { numRuns: 150 },
    );
  });
});
