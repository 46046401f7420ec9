import assert from 'node:assert/strict';
import { atOnce } from '../../../../core/metrics/slices.ts';
import type { VerdictValue } from '../../../../core/protocol/events.ts';
import { extractAnswer } from '../../../../core/answers/extract.ts';
import { sight, suspicions, Votes, type Judged } from '../../../../core/answers/suspicions.ts';

const by = (checker: string, value: VerdictValue) => ({ checker, version: '1', value, reason: null });

function judged(completion: string, verdict: VerdictValue, change: Partial<Judged> = {}): Judged {
  const answer = extractAnswer(completion);
  const checker = by('Math-Verify', verdict);
  return { verdict, checker, quick: null, answer, cut: false, normal: answer?.text ?? null, ...change };
}

const look = (completion: string, gold: string, verdict: VerdictValue, change?: Partial<Judged>) =>
  suspicions(judged(completion, verdict, change), atOnce(sight(completion, gold)), null);

describe('suspicions about a verdict', () => {
  it('says where the gold answer stands when no answer was found, less so when it was cut', () => {
    const text = '<think>It is \\boxed{12}, or is it? Let me see';
    const none = { answer: null, normal: null };
    const whole = look(text, '12', 'wrong', none)!;
    assert.equal(whole.suspect, 'false_negative');
    assert.match(whole.reasons[0]!.detail, /No answer was found, but “12” in the reasoning equals/);
    const { start, end } = whole.reasons[0]!.at!;
    assert.equal(text.slice(start, end), '12');
    const cut = look(text, '12', 'wrong', { ...none, cut: true })!;
    assert.ok(cut.score < whole.score);
    assert.match(cut.reasons[0]!.detail, /before it was cut/);
  });

  it('has nothing to say where all agree, and nothing of the gold where it is the answer', () => {
    const text = '<think>It is \\boxed{12}.</think>So \\boxed{12}.';
    assert.equal(atOnce(sight(text, '12'))?.differ, null);
    assert.equal(look(text, '12', 'right'), null);
    assert.equal(look('So \\boxed{12}.', '13', 'wrong'), null);
    assert.deepEqual(
      look('So \\boxed{12}.', '12', 'wrong', { quick: by('quick', 'right') })?.reasons.map(({ reason }) => reason),
      ['checkers_differ'],
    );
  });

  it('tells a right answer that was lost from a wrong one that was lucky', () => {
    const lost = look('<think>So \\boxed{12}.</think>Hence \\boxed{13}.', '12', 'wrong')!;
    assert.equal(lost.suspect, 'false_negative');
    const lucky = look('<think>So \\boxed{13}.</think>Hence \\boxed{12}.', '12', 'right')!;
    assert.equal(lucky.suspect, 'false_positive');
    assert.ok(lost.score > lucky.score);
  });

  it('says why a gold answer cannot be read', () => {
    const found = look('So \\boxed{\\cot x}.', '\\mystery x', 'wrong')!;
    assert.match(found.reasons[0]!.detail, /cannot read the gold answer: .*mystery/);
  });

  it('counts votes of at least three samples, and speaks only where most agree', () => {
    const votes = new Votes();
    const about = (normal: string, verdict: VerdictValue) =>
      suspicions(judged(`So \\boxed{${normal}}.`, verdict, { normal }), null, votes)?.reasons.map(
        ({ detail }) => detail,
      );
    votes.add('4', '4', 'wrong');
    votes.add('4', '4', 'wrong');
    assert.equal(about('4', 'wrong'), undefined, 'two are no majority');
    votes.add('5', '5', 'right');
    assert.match(about('4', 'wrong')![0]!, /2 of 3 samples agree on “4”, which is judged wrong/);
    assert.match(about('5', 'right')![0]!, /2 of 3 samples agree on another answer, “4”/);
    votes.add('5', '5', 'wrong');
    assert.deepEqual(about('5', 'right'), ['One sample of the problem with the same answer is judged wrong.']);
  });

  it('puts two reasons before one, and its score stays within 0 and 1', () => {
    const one = look('So \\boxed{12}.', '12', 'wrong', { quick: by('quick', 'right') })!;
    const votes = new Votes();
    for (const verdict of ['right', 'right', 'wrong'] as const) votes.add('12', '12', verdict);
    const both = suspicions(judged('So \\boxed{12}.', 'wrong', { quick: by('quick', 'right') }), null, votes)!;
    assert.ok(both.score > one.score && both.score < 1);
    assert.deepEqual(
      both.reasons.map(({ weight }) => weight).toSorted((a, b) => b - a),
      both.reasons.map(({ weight }) => weight),
    );
  });
});
