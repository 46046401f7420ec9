import assert from 'node:assert/strict';
import { candidates, extractAnswer, lastCandidates } from '../../../../core/answers/extract.ts';

const answer = (text: string) => {
  const found = extractAnswer(text);
  return found && [found.rule, found.text];
};

describe('extractAnswer', () => {
  it('takes the last box after the reasoning', () => {
    assert.deepEqual(answer(String.raw`<think>\boxed{1}</think>So \boxed{2}, no, \boxed{3} it is.`), ['boxed', '3']);
  });

  it('falls back to the reasoning, and says so', () => {
    assert.deepEqual(answer(String.raw`<think>\boxed{1} then \boxed{2}`), ['boxed_in_reasoning', '2']);
    assert.deepEqual(answer('<think>The answer is 7.'), ['answer_is_in_reasoning', '7']);
  });

  it('matches braces', () => {
    assert.deepEqual(answer(String.raw`\boxed{\frac{1}{2}}`), ['boxed', String.raw`\frac{1}{2}`]);
    assert.deepEqual(answer(String.raw`\boxed{\{1,2\}}`), ['boxed', String.raw`\{1,2\}`]);
    assert.deepEqual(answer(String.raw`\boxed 7`), ['boxed', '7']);
    assert.equal(answer(String.raw`\boxed{7`), null);
  });

  it('reads stated answers', () => {
    assert.deepEqual(answer('The answer is 42.'), ['answer_is', '42']);
    assert.deepEqual(answer('**Answer:** $\\frac12$'), ['answer_is', String.raw`\frac12`]);
    assert.deepEqual(answer('Thus the final answer is: \\[ 3.5 \\]'), ['answer_is', '3.5']);
    assert.deepEqual(answer('So the answer is 3.14 cm. Good.'), ['answer_is', '3.14 cm']);
    assert.deepEqual(answer('Work.\n#### 18'), ['answer_is', '18']);
    assert.deepEqual(answer('所以答案是12。'), ['answer_is', '12']);
    assert.equal(answer('The answer is not clear to me at all yet.'), null);
  });

  it('reads the last line when nothing is stated', () => {
    assert.deepEqual(answer('We add.\n\n12'), ['final_line', '12']);
    assert.deepEqual(answer('We add.\nThe number of paths is 294.'), ['final_line', '294']);
    assert.deepEqual(answer('So we get $x = 5$.'), ['final_line', 'x = 5']);
    assert.equal(answer('And so it goes on without any result'), null);
  });

  it('joins boxes that only a few words part', () => {
    assert.deepEqual(answer(String.raw`$\boxed{1}$ and $\boxed{2}$`), ['boxed', String.raw`\boxed{1}$ and $\boxed{2}`]);
    assert.deepEqual(answer(String.raw`\boxed{1}. But on the other hand we could also say that \boxed{2}`), [
      'boxed',
      '2',
    ]);
  });

  it('says where', () => {
    const text = String.raw`a \boxed{ 12 } b`;
    const found = extractAnswer(text)!;
    assert.equal(text.slice(found.start, found.end), '12');
  });

  it('finds nothing in nothing', () => {
    assert.equal(extractAnswer(''), null);
    assert.equal(extractAnswer('<think></think>'), null);
  });
});

describe('candidates', () => {
  it('lists every answer on the way, by place', () => {
    const text = String.raw`<think>The answer is 3. Wait, the answer is \boxed{4}.</think>The answer is 5: \boxed{5}`;
    assert.deepEqual(
      candidates(text).map(({ rule, text: said }) => [rule, said]),
      [
        ['answer_is_in_reasoning', '3'],
        ['boxed_in_reasoning', '4'],
        ['answer_is', String.raw`5: \boxed{5}`],
        ['boxed', '5'],
      ].filter(([rule]) => rule !== 'answer_is'),
    );
  });

  it('gives the last candidate of each part', () => {
    const last = lastCandidates(candidates(String.raw`<think>\boxed{1}\boxed{2}</think>\boxed{3}`));
    assert.deepEqual([last.before?.text, last.before?.section], ['2', 'reasoning']);
    assert.deepEqual([last.after?.text, last.after?.section], ['3', 'answer']);
    assert.deepEqual(lastCandidates(candidates('And so it goes on without any result')), { before: null, after: null });
  });

  it('ends on hostile text', function () {
    this.timeout(30_000);
    for (const text of [
      String.raw`\boxed{`.repeat(20_000),
      'the answer is '.repeat(20_000),
      '\\boxed{1}'.repeat(20_000),
      '{'.repeat(100_000),
    ]) {
      assert.ok(Array.isArray(candidates(text)));
    }
  });

  it('looks through no text again for each formula that never closes', function () {
    this.timeout(60_000);
    const from = process.cpuUsage();
    assert.ok(Array.isArray(candidates('The answer is \\[ 7 '.repeat(50_000))));
    const { user } = process.cpuUsage(from);
    assert.ok(user < 4_000_000, `${user / 1000} ms`);
  });
});
