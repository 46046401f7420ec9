import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkRecipe } from '../../../../core/recipes/check.ts';
import { filterProblem, filterProblemAt } from '../../../../core/recipes/filter.ts';

const fixture = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'filters.json');
/** What the engine's own parser is held to as well. */
const { right, wrong } = JSON.parse(readFileSync(fixture, 'utf8')) as {
  right: string[];
  wrong: { text: string; at: number; said: string }[];
};
const plain = (said: string) => said.replaceAll(/[`'"“”]/g, '');

describe('filters of a data set', () => {
  it('takes what the engine takes', () => {
    for (const text of right) assert.deepEqual([text, filterProblem(text)], [text, null]);
  });

  it('finds what is wrong where the engine does, in its words', () => {
    assert.ok(wrong.length > 40);
    for (const { text, at, said } of wrong) {
      assert.deepEqual([text, filterProblemAt(text)], [text, at]);
      assert.equal(plain(filterProblem(text)!.message), plain(said), text);
    }
  });

  it('underlines something, and never what is not there', () => {
    for (const { text } of wrong) {
      const { start, end } = filterProblem(text)!;
      assert.ok(start >= 0 && end <= text.length && (end > start || text === ''), `${text}: ${start}–${end}`);
    }
    assert.deepEqual(filterProblem('tokens >'), {
      ...{ start: 7, end: 8, message: 'a value or the name of a field is expected' },
    });
    assert.equal(
      filterProblem('a = 1 or '.repeat(2000) + 'a = 1')!.message,
      'the filter is longer than 10000 characters',
    );
  });

  it('stands at the place in the recipe, in a text or a list, quoted, folded or with variables', () => {
    const at = (filter: string) => {
      const text = `name: x\nvars: { n: 5, more: and kind is null }\nstages:\n  - id: data\n    kind: dataset\n    sources:\n      - path: a.jsonl\n        filter: ${filter}\n`;
      return checkRecipe(text).diagnostics.map(({ message, range }) => [message, text.slice(range.start, range.end)]);
    };
    assert.deepEqual(at('tokens > 12800 and accuracy between 0.5 and 0.75'), []);
    assert.deepEqual(at('[tokens > 5, "accuracy betwen 0.5 and 0.75"]'), [
      ['filter: “and”, “or” or the end is expected, not “betwen”', 'betwen'],
    ]);
    assert.deepEqual(at('"tokens > ${vars.n} && x"'), [['filter: “&” has no meaning here; write “and”', '&']]);
    assert.deepEqual(at('"tokens > ${vars.n} and kind = \'${vars.n}\'"'), []);
    assert.deepEqual(at('"${vars.n}"'), []);
    assert.deepEqual(at('"tokens > 5 ${vars.n}"').length, 1);
    assert.deepEqual(at('"tokens > 5 ${vars.more}"'), []);
    // A text that is written otherwise than it reads is underlined whole.
    assert.deepEqual(at('"kind = \\"x\\" y"'), [
      ['filter: “and”, “or” or the end is expected, not “y”', '"kind = \\"x\\" y"'],
    ]);
    assert.equal(at('>-\n          tokens > 5\n          6').length, 1);
    assert.deepEqual(at('""'), [['filter: a value or the name of a field is expected', '""']]);
  });
});
