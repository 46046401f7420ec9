import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TraceFilter } from '../../../../core/protocol/traces.ts';
import { fieldNames, infoOf } from '../../../../core/query/fields.ts';
import { termsOfFilter } from '../../../../core/query/filter-terms.ts';
import { parseQuery } from '../../../../core/query/parse.ts';
import type { Field, Query, Term, Value } from '../../../../core/query/types.ts';
import { writeQuery } from '../../../../core/query/write.ts';

// As plain objects: those of fast-check have no prototype.
const unplaced = ({ terms }: Query): Query =>
  JSON.parse(JSON.stringify({ terms: terms.map((term) => ({ ...term, start: 0, end: 0 })) })) as Query;

/** Parsed again it is the same, but for places. */
function assertSame(query: Query): void {
  const written = writeQuery(query);
  const { query: read, errors } = parseQuery(written);
  assert.deepEqual(errors, [], written);
  assert.deepEqual(unplaced(read), unplaced(query), written);
}

// Half characters too, and what a field of one line cannot hold.
const name = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom('"', ' ', ',', '*', '?', '$', '-', ':', '/', '\\', '\n', '\ud800', 'a', 'é', '∑'),
    minLength: 1,
    maxLength: 12,
  }),
  fc.constantFrom('none', 'None', 'AND', 'truncated', 'behaviour.loop', '-', '$"', '..', 'verdict:right'),
);
const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()).map((n) => n + 0);
const places = { start: fc.constant(0), end: fc.constant(0), negated: fc.boolean() };

function valueOf(field: Field): fc.Arbitrary<Value> {
  const { kind, none, whole, words = [] } = infoOf(field);
  const n = whole || kind === 'labels' ? number.map(Math.abs) : number;
  const numbers = fc.oneof(
    fc.record({ is: fc.constant('number' as const), op: fc.constantFrom('=', '>', '>=', '<', '<='), n }),
    fc.tuple(n, n).map(([a, b]): Value => ({ is: 'range', from: Math.min(a, b), to: Math.max(a, b) })),
  ) as fc.Arbitrary<Value>;
  const word = fc.constantFrom(...(words.length > 0 ? words : ['x'])).map((text): Value => ({ is: 'text', text }));
  const text = name.map((one): Value => ({ is: 'text', text: one }));
  const glob = fc
    .string({ unit: fc.constantFrom('a', '*', '?', '/', ':', '\\', 'é'), minLength: 1, maxLength: 8 })
    .map((pattern) => `${pattern.replace(/\*+/g, '*')}?`)
    .map((pattern): Value => ({ is: 'glob', pattern }));
  const own = {
    choice: [word],
    labels: [word, numbers],
    number: [numbers],
    text: field === 'about' ? [text] : [text, glob],
  }[kind];
  return fc.oneof(...own, ...(none ? [fc.constant<Value>({ is: 'none' })] : []));
}

const fieldTerm: fc.Arbitrary<Term> = fc.constantFrom(...fieldNames).chain((field) =>
  fc.record({
    kind: fc.constant('field' as const),
    field: fc.constant(field),
    values: fc.array(valueOf(field), { minLength: 1, maxLength: 4 }),
    ...places,
  }),
);
const words: fc.Arbitrary<Term> = fc.record({
  kind: fc.constant('words' as const),
  text: name.filter((text) => text.trim() !== ''),
  ...places,
});
const expression: fc.Arbitrary<Term> = fc.record({
  kind: fc.constant('expression' as const),
  source: fc.constantFrom('a', '\\bwait\\b', 'a b', '[/"]', '\\/', '(a|b)+', '\\p{L}', '^$', '"x"'),
  flags: fc.subarray(['i', 'm', 's']).map((flags) => flags.join('')),
  ...places,
});

describe('query language: writing', () => {
  it('writes what is read as the same query', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fieldTerm, words, expression), { maxLength: 6 }), (terms) => assertSame({ terms })),
      { numRuns: 2000 },
    );
  });

  it('writes any text that is read without error as the same query, in which nothing stands that ends a line', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...fieldNames.map((field) => `${field}:`),
        '-',
        '"',
        '/',
        ',',
        ' ',
        '..',
        '>',
        '1k',
        'none',
        'a*',
      ),
      name,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { query } = parseQuery(pieces.join(''));
        assertSame(query);
        if (!query.terms.some(({ kind }) => kind === 'expression')) assert.doesNotMatch(writeQuery(query), /[\r\n]/);
      }),
      { numRuns: 2000 },
    );
  });

  it('writes as little as it takes', () => {
    const again = (text: string) => writeQuery(parseQuery(text).query);
    assert.equal(
      again('  verdict:wrong,right  "wait"   "let me"  tokens:>8k step:40.. -truncated set:"a b","c" '),
      'verdict:wrong,right wait "let me" tokens:>8000 step:>=40 -is:truncated set:"a b",c',
    );
  });
});

describe('query language: a filter as terms', () => {
  const filters: [TraceFilter, string][] = [
    [{ run: 'r' }, ''],
    [{ stage: 'grpo', of: 'sft', attempt: 2 }, 'stage:grpo of:sft attempt:2'],
    [{ step: 0 }, 'step:0'],
    [{ stepFrom: 3 }, 'step:>=3'],
    [{ stepTo: 3 }, 'step:<=3'],
    [{ stepFrom: 3, stepTo: 9 }, 'step:3..9'],
    [{ problem: 'a1b2', group: 'g 1', set: 'aime24' }, 'problem:a1b2 group:"g 1" set:aime24'],
    [{ of: null, step: null, set: null }, 'of:none step:none set:none'],
    [{ marker: null }, 'marker:none'],
    [{ marker: 'none' }, 'marker:"none"'],
    [{ marker: 'Wait,\n' }, 'marker:$"Wait,\\n"'],
    [{ behaviour: 'case_split' }, 'behaviour:case_split'],
    [{ verdict: ['wrong', 'none'], finish: ['length', 'error'] }, 'verdict:wrong,none finish:length,error'],
    [{ answered: true }, 'has:answer'],
    [{ answered: false }, '-has:answer'],
    [{ text: 'problem 77' }, 'about:"problem 77"'],
    [{ text: '  ' }, ''],
    [{ live: true }, 'is:live'],
    [{ live: false }, '-is:live'],
    [{ superseded: true }, 'is:superseded,current'],
    [{ superseded: false }, ''],
  ];

  it('has a term for each field but the run, which can be written and read', () => {
    for (const [filter, written] of filters) {
      const terms = termsOfFilter(filter);
      assert.equal(writeQuery({ terms }), written);
      assertSame({ terms });
    }
  });
});
