import assert from 'node:assert/strict';
import { parseQuery, QUERY_LIMIT, TERMS_LIMIT } from '../../../../core/query/parse.ts';
import { expressionOf, type FieldTerm, type Term } from '../../../../core/query/types.ts';

/** The terms of a query without error. */
function terms(text: string): Term[] {
  const { query, errors } = parseQuery(text);
  assert.deepEqual(errors, [], text);
  return query.terms;
}

function field(text: string): Pick<FieldTerm, 'field' | 'values' | 'negated'> {
  const [term, ...more] = terms(text);
  assert.equal(more.length, 0, text);
  assert.ok(term?.kind === 'field', text);
  return { field: term.field, values: term.values, negated: term.negated };
}

/** The only error: what it marks, what it would put there, and what it says. */
function error(text: string): { at: string; suggestion: string | undefined; message: string } {
  const { errors } = parseQuery(text);
  assert.equal(errors.length, 1, `${text}: ${JSON.stringify(errors)}`);
  const { start, end, suggestion, message } = errors[0]!;
  return { at: text.slice(start, end), suggestion, message };
}

const text = (name: string) => ({ is: 'text', text: name });
const number = (op: string, n: number) => ({ is: 'number', op, n });

describe('query language: reading', () => {
  it('reads every kind of term with its place', () => {
    const query =
      'verdict:wrong tokens:>8000 behaviour.backtracking:>=3 stage:grpo step:40.. "let me check" /\\bwait\\b/i has:loop -truncated problem:aime24/3';
    const found = terms(query);
    assert.deepEqual(
      found.map(({ start, end }) => query.slice(start, end)),
      [
        ...['verdict:wrong', 'tokens:>8000', 'behaviour.backtracking:>=3', 'stage:grpo', 'step:40..', '"let me check"'],
        ...['/\\bwait\\b/i', 'has:loop', '-truncated', 'problem:aime24/3'],
      ],
    );
    assert.deepEqual(
      found.map((term) => (term.kind === 'field' ? term.field : term.kind)),
      [
        ...['verdict', 'tokens', 'behaviour.backtracking', 'stage', 'step', 'words'],
        ...['expression', 'has', 'is', 'problem'],
      ],
    );
    assert.deepEqual(terms(''), []);
    assert.deepEqual(terms(' \t\n '), []);
  });

  it('joins values of one field by commas, and negates a term', () => {
    assert.deepEqual(field('-verdict:wrong,UNDECIDED'), {
      field: 'verdict',
      values: [text('wrong'), text('undecided')],
      negated: true,
    });
    assert.deepEqual(field('set:"a, b",c').values, [text('a, b'), text('c')]);
    assert.deepEqual(field('-truncated'), { field: 'is', values: [text('truncated')], negated: true });
    assert.deepEqual(field('truncated'), { field: 'is', values: [text('truncated')], negated: false });
    assert.deepEqual(field('Behavior.Loop:2').field, 'behaviour.loop');
    assert.deepEqual(field('behavior:loop,>=10').values, [text('loop'), number('>=', 10)]);
  });

  it('reads numbers, comparisons and ranges', () => {
    const value = (query: string) => field(query).values[0];
    assert.deepEqual(value('tokens:8000'), number('=', 8000));
    assert.deepEqual(value('tokens:=8k'), number('=', 8000));
    assert.deepEqual(value('tokens:>8k'), number('>', 8000));
    assert.deepEqual(value('tokens:<=1.1k'), number('<=', 1100));
    assert.deepEqual(value('tokens:<2M'), number('<', 2_000_000));
    assert.deepEqual(value('tokens:1k..8k'), { is: 'range', from: 1000, to: 8000 });
    assert.deepEqual(value('step:40..'), number('>=', 40));
    assert.deepEqual(value('step:..10'), number('<=', 10));
    assert.deepEqual(value('reward:-0.5..1'), { is: 'range', from: -0.5, to: 1 });
    assert.deepEqual(value('reward:>=-1e-3'), number('>=', -0.001));
    assert.deepEqual(value('advantage:-.5'), number('=', -0.5));
    assert.deepEqual(value('reward:-0'), number('=', 0));
    assert.deepEqual(value('reward:none'), { is: 'none' });
    for (const wrong of [
      'tokens:abc',
      'tokens:..',
      'tokens:1..x',
      'tokens:>',
      'reward:1e999',
      'reward:>..3',
      'step:--1',
    ])
      assert.match(error(wrong).message, /takes a number/, wrong);
    assert.match(error('step:-1').message, /never below 0/);
    assert.deepEqual(error('step:60..40'), {
      at: '60..40',
      suggestion: '40..60',
      message: 'The range 60..40 ends before it begins.',
    });
  });

  it('reads names, patterns and what is absent', () => {
    assert.deepEqual(field('problem:aime24/3').values, [text('aime24/3')]);
    assert.deepEqual(field('problem:aime24:3').values, [text('aime24:3')]);
    assert.deepEqual(field('problem:aime**/?').values, [{ is: 'glob', pattern: 'aime*/?' }]);
    assert.deepEqual(field('answer:"2*x"').values, [text('2*x')]);
    assert.deepEqual(field('marker:none,"none"').values, [{ is: 'none' }, text('none')]);
    assert.deepEqual(field('verdict:none').values, [text('none')]);
    assert.deepEqual(field('about:2*x').values, [text('2*x')]);
    assert.match(error('problem:*a*b*c*d*e*f*g*h*i').message, /at most 8 “\*”/);
    assert.match(error('set:""').message, /empty/);
    assert.match(error(`answer:${'1'.repeat(1001)}`).message, /at most 1000 characters/);
  });

  it('takes formulas in quotes as they are; a quote is doubled, and JSON has the rest', () => {
    const words = (query: string) => {
      const [term] = terms(query);
      assert.ok(term?.kind === 'words');
      return term.text;
    };
    assert.equal(words('"\\nu \\\\ \\boxed{5}"'), '\\nu \\\\ \\boxed{5}');
    assert.equal(words('"say ""hi"""'), 'say "hi"');
    assert.equal(words('$"a\\nb\\u0000"'), 'a\nb\0');
    assert.equal(words('foo"bar'), 'foo"bar');
    assert.equal(words('$5'), '$5');
    assert.deepEqual(error('verdict:right "abc'), {
      at: '"abc',
      suggestion: '"abc"',
      message: 'The quotes are not closed.',
    });
    assert.match(error('$"\\x"').message, /no JSON string/);
    assert.match(error('""').message, /nothing to look for/);
    assert.match(error('"  "').message, /nothing to look for/);
    assert.match(error('problem:"x y"z').message, /ends with its quotes/);
  });

  it('reads expressions with white space, classes and escapes in them', () => {
    const expression = (query: string) => {
      const [term] = terms(query);
      assert.ok(term?.kind === 'expression');
      return { source: term.source, flags: term.flags };
    };
    assert.deepEqual(expression('/a b/'), { source: 'a b', flags: '' });
    assert.deepEqual(expression('/[/]\\/x/si'), { source: '[/]\\/x', flags: 'is' });
    assert.deepEqual(expression('/x/gu'), { source: 'x', flags: '' });
    assert.equal(expressionOf({ source: 'wait', flags: 'i' }).exec('No, WAIT')?.index, 4);
    assert.equal(error('/abc def').suggestion, '"/abc"');
    assert.match(error('/usr/bin').message, /flags/);
    assert.match(error('//').message, /empty/);
    assert.match(error('/x/ii').message, /flags/);
    assert.equal(error('/(/').message, 'The expression is not valid: Unterminated group.');
    assert.match(error(`/${'a'.repeat(1001)}/`).message, /at most 1000/);
  });

  it('says what is wrong, where, and the nearest right word', () => {
    const near = (query: string) => {
      const { at, suggestion } = error(query);
      return [at, suggestion];
    };
    assert.deepEqual(near('verdct:wrong'), ['verdct', 'verdict']);
    assert.deepEqual(near('Verdct:wrong'), ['Verdct', 'verdict']);
    assert.deepEqual(near('behaviour.backtraking:>2'), ['behaviour.backtraking', 'behaviour.backtracking']);
    assert.deepEqual(near('length:>3'), ['length', 'tokens']);
    assert.deepEqual(near('verdict:wrng'), ['wrng', 'wrong']);
    assert.deepEqual(near('verdict:correct'), ['correct', 'right']);
    assert.deepEqual(near('finish:eos'), ['eos', 'stop']);
    assert.deepEqual(near('is:constructor'), ['constructor', undefined]);
    assert.deepEqual(near('toString:x'), ['toString:x', '"toString:x"']);
    assert.deepEqual(near('http://x'), ['http://x', '"http://x"']);
    assert.deepEqual(near('foo:"a b"c'), ['foo:"a b"c', '"foo:""a b""c"']);
    assert.deepEqual(near('behaviour.loop'), ['behaviour.loop', 'behaviour.loop:>=1']);
    assert.deepEqual(near('-'), ['-', '"-"']);
    assert.match(error('verdict:').message, /verdict:right/);
    assert.match(error('tokens: >3 '.trim().slice(0, 7)).message, /is missing/);
    assert.match(error('a OR b').message, /several values/);
    assert.match(error('a AND b').message, /leave the word out/);
    assert.match(error('NOT verdict:wrong').message, /“-” before it/);
  });

  it('keeps the terms that are right, and lists each error', () => {
    const { query, errors } = parseQuery('verdct:wrong tokens:>3 step:x stage:a');
    assert.deepEqual(
      query.terms.map((term) => (term.kind === 'field' ? term.field : term.kind)),
      ['tokens', 'stage'],
    );
    assert.equal(errors.length, 2);
  });

  it('never throws and takes little time, whatever it is given', () => {
    const began = performance.now();
    for (const hostile of [
      '"'.repeat(100_000),
      "'".repeat(100_000),
      '$"'.repeat(50_000),
      '/'.repeat(100_000),
      '['.repeat(100_000),
      '('.repeat(100_000),
      '-'.repeat(100_000),
      ':'.repeat(100_000),
      ','.repeat(100_000),
      'a:'.repeat(50_000),
      'set:' + ','.repeat(100_000),
      'set:' + 'a,'.repeat(50_000),
      'problem:' + '*a'.repeat(50_000),
      'tokens:' + '9'.repeat(100_000),
      'tokens:' + '.'.repeat(100_000),
      '/' + '(a+)+'.repeat(100) + '/',
      '/' + '\\'.repeat(100_000),
      ' '.repeat(100_000),
      'x '.repeat(50_000),
      '\0\x01\x1b[31m\u202e\u200b\ufeff',
      '\ud800 set:\udc00 "\ud800"',
      '__proto__:x constructor:y is:__proto__ has:toString',
    ]) {
      const { query, errors } = parseQuery(hostile);
      assert.ok(query.terms.length <= TERMS_LIMIT);
      assert.ok(errors.length <= 21);
      for (const { start, end, message, suggestion } of errors) {
        assert.ok(0 <= start && start <= end && end <= hostile.length);
        assert.ok(message.length < 300, message);
        assert.ok((suggestion ?? '').length <= 3 * QUERY_LIMIT);
      }
      if (hostile.length > QUERY_LIMIT) assert.match(errors.at(-1)!.message, /at most 10000 characters/);
    }
    assert.ok(performance.now() - began < 2000);
  });

  it('says how many terms are too many', () => {
    assert.equal(terms('a '.repeat(TERMS_LIMIT)).length, TERMS_LIMIT);
    const { query, errors } = parseQuery('a '.repeat(TERMS_LIMIT + 1));
    assert.equal(query.terms.length, TERMS_LIMIT);
    assert.deepEqual(errors, [{ start: 200, end: 202, message: 'A query has at most 100 terms; these are too many.' }]);
  });
});
