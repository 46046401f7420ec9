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
