import assert from 'node:assert/strict';
import { answerPath, committed } from '../../../core/metrics/answer-path.ts';
import { echoEnd } from '../../../core/metrics/echo.ts';

const values = (text: string, gold: string | null) => answerPath(text, gold).answers.map(({ value }) => value);

describe('the path of answers', () => {
  const text =
    'The answer is 5. Wait, let me redo this. So the answer is 7.\nChecking again, the final answer is 6.</think>\nThus \\boxed{7}.';

  it('finds each answer that is committed to, its worth and its place', () => {
    const { answers, first, flips, more } = answerPath(text, '7');
    assert.deepEqual(answers.map((one) => text.slice(one.start, one.end)), ['5', '7', '6', '7']); // prettier-ignore
    assert.deepEqual(answers.map(({ value }) => value), ['wrong', 'right', 'wrong', 'right']); // prettier-ignore
    assert.deepEqual([first, more, answers[3]?.boxed], [1, 0, true]);
    assert.deepEqual(flips, [
      { at: 1, kind: 'wrong_to_right' },
      { at: 2, kind: 'right_to_wrong' },
      { at: 3, kind: 'wrong_to_right' },
    ]);
  });

  it('knows wrong answers that differ, and no flip between two spellings', () => {
    assert.deepEqual(answerPath('The answer is 5. No: the answer is 6. Or: the answer is \\(6\\).', '7').flips, [
      { at: 1, kind: 'wrong_to_wrong' },
    ]);
  });

  it('takes no result on the way, no word and nothing that breaks off for an answer', () => {
    assert.deepEqual(values('So the value of x is 7. Hmm, the answer is different. The result is 7.', '7'), []);
    assert.deepEqual(committed('The answer is 1/4, so m + n is'), []);
    assert.deepEqual(values('The answer is Evelyn.', 'Evelyn'), ['right']);
  });

  it('reads what stands behind "so" and the last sign of equality', () => {
    assert.deepEqual(values('The answer is 25/8, so 25 + 8 = 33.', '33'), ['right']);
  });

  it('lets the checker overrule the quick check for the answer that counts', () => {
    const { answers } = answerPath('The answer is 5. In all \\boxed{6}.', '6', {
      verdict: { answer: '6', value: 'wrong' },
    });
    assert.deepEqual(
      answers.map(({ value }) => value),
      ['wrong', 'wrong'],
    );
  });

  it('says nothing of right and wrong without a gold', () => {
    const { answers, first, flips } = answerPath(text, null);
    assert.deepEqual([answers.length, first, flips.length], [4, null, 0]);
    assert.ok(answers.every(({ value }) => value === 'none'));
  });
});

describe('bad completions', () => {
  it('an empty one has no answers', () => {
    const { answers, first, flips } = answerPath('', '7');
    assert.deepEqual([answers, first, flips], [[], null, []]);
  });

  it('one that never closes its thought has the answers of the thought', () => {
    assert.deepEqual(values('<think>So \\boxed{7}. Hmm, \\boxed{8}', '7'), ['right', 'wrong']);
  });

  it('one with three </think> has all its answers, in order', () => {
    assert.deepEqual(values('<think>\\boxed{1}</think>\\boxed{7}</think>\\boxed{2}</think>\\boxed{7}', '7'), [
      'wrong', 'right', 'wrong', 'right',
    ]); // prettier-ignore
  });

  it('harmony channels are read, their marks are not', () => {
    const text =
      '<|channel|>analysis<|message|>The answer is 6.<|end|><|start|>assistant<|channel|>final<|message|>\\boxed{7}<|return|>';
    const { answers } = answerPath(text, '7');
    assert.deepEqual(answers.map(({ text, value }) => [text, value]), [['6', 'wrong'], ['7', 'right']]); // prettier-ignore
  });

  it('a prompt that is repeated says no answer of the model', () => {
    const problem = 'What is the sum of three and four? Put it into \\boxed{}.';
    const prompt = `Example: \\boxed{7}. Now you: ${problem}`;
    const text = `${prompt}\nIt is \\boxed{8}.`;
    const from = echoEnd(text, prompt, problem);
    assert.equal(from, prompt.length);
    assert.deepEqual(answerPath(text, '7', { from }).answers.map(({ text }) => text), ['8']); // prettier-ignore
    assert.equal(echoEnd(`Solve this:\n${problem} So \\boxed{8}`, '', problem), 12 + problem.length);
  });

  it('a thought that restates the problem repeats no prompt', () => {
    const problem = 'What is the sum of three and four?';
    assert.equal(echoEnd(`<think>\n${problem} Okay.`, '', problem), 0);
    assert.equal(echoEnd(`So I have to say ${problem}`, '', problem), 0);
    assert.equal(echoEnd('', 'p', problem), 0);
  });
});
