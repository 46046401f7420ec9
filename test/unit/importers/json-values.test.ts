import assert from 'node:assert/strict';
import { ValueFinder } from '../../../server/importers/json-values.ts';

/** The values of a text given in pieces of `size` bytes; broken stretches as `!`. */
function values(text: string, size = 7, limit?: number): string[] {
  const finder = new ValueFinder(limit);
  const found: string[] = [];
  const drain = (): void => {
    for (let value = finder.next(); value; value = finder.next())
      found.push(value.bytes?.toString() ?? `! ${value.why}`);
  };
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    finder.push(bytes.subarray(at, at + size));
    drain();
  }
  finder.end();
  drain();
  return found;
}

describe('values of a JSON text', () => {
  const cases: [string, string, string[]][] = [
    ['elements of an array', '[{"a":1}, {"a":[2,{"b":"]}"}]}]', ['{"a":1}', '{"a":[2,{"b":"]}"}]}']],
    [
      'strings with quotes and backslashes',
      String.raw`["a\"b", "c\\", "d"]`,
      [String.raw`"a\"b"`, String.raw`"c\\"`, '"d"'],
    ],
    ['numbers and words', '[1, -2.5e3,true , null]', ['1', '-2.5e3', 'true', 'null']],
    ['lists in a list', '[[1,2],[]]', ['[1,2]', '[]']],
    ['values that follow each other', '{"a":1}\n{"a":2} {"a":3}', ['{"a":1}', '{"a":2}', '{"a":3}']],
    ['an empty array', ' [ ] ', []],
    ['nothing', '', []],
  ];
  for (const [name, text, expected] of cases)
    for (const size of [1, 3, 1000])
      it(`${name}, ${size} bytes at a time`, () => assert.deepEqual(values(text, size), expected));

  it('counts lines at which values begin', () => {
    const finder = new ValueFinder();
    finder.push(Buffer.from('[\n {"a":\n1},\n\n {"a":2}]'));
    assert.deepEqual([finder.next()?.line, finder.next()?.line, finder.next()], [2, 5, null]);
  });

  it('goes on at the next row after a string without an end', () => {
    const found = values('[\n{"a": "one},\n{"a": "two"},\n{"a": "three"}]', 5);
    assert.deepEqual(found, ['! a string has no end on its line', '{"a": "two"}', '{"a": "three"}']);
  });

  it('goes on at the next row after a missing bracket', () => {
    assert.deepEqual(values('[{"a":[1},{"a":2}]'), ['! brackets do not match', '{"a":2}']);
  });

  it('goes on after a value that is too long', () => {
    const long = `{"a":"${'x'.repeat(5000)}"}`;
    const found = values(`[{"a":1},${long},{"a":2}]`, 100, 1000);
    assert.equal(found.length, 3);
    assert.match(found[1] ?? '', /^! longer than/);
    assert.equal(found[2], '{"a":2}');
  });

  it('says that the last value is cut, and that the array is open', () => {
    assert.deepEqual(values('[{"a":1},{"a":2'), ['{"a":1}', '! it is cut: the file ends inside it']);
    const finder = new ValueFinder();
    finder.push(Buffer.from('[1,'));
    finder.next();
    assert.equal(finder.inArray, true);
  });

  it('gives a rejected value again as a broken one when it has swallowed rows', () => {
    // Two quotes are lost: the brackets match by chance and all three rows look like one.
    const finder = new ValueFinder();
    finder.push(Buffer.from('[{"a":"one},{"a":two"},{"a":"three"}]'));
    finder.end();
    const first = finder.next();
    assert.equal(first?.bytes?.toString(), '{"a":"one},{"a":two"}');
    assert.equal(finder.reject('not JSON'), true);
    assert.deepEqual(finder.next(), { line: 1, bytes: null, why: 'not JSON' });
  });
});
