import assert from 'node:assert/strict';
import { random } from '../../../core/metrics/bootstrap.ts';
import { traceFigures, type FiguresInput, type TraceFigures } from '../../../core/metrics/trace-figures.ts';

function figures(completion: string, rest: Partial<FiguresInput> = {}): TraceFigures {
  const steps = traceFigures({ completion, prompt: '', problem: '', gold: '7', verdict: null, ...rest });
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

describe('figures of a text', () => {
  it('an empty one has none', () => {
    const found = figures('');
    assert.deepEqual(
      [found.units, found.answers, found.first, found.rounds, found.loops, found.lost, found.trigrams, found.closed],
      [0, [], null, [], [], 0, null, null],
    );
    assert.deepEqual([found.alike, found.script, found.otherScript, found.garbled.units], [null, null, null, 0]);
  });

  it('a thought that never closes, one that is closed three times, channels, and no thought', () => {
    const facts = ({ closed, closes, first }: TraceFigures) => [closed, closes, first];
    assert.deepEqual(facts(figures('<think>It is \\boxed{7}')), [false, 0, 0]);
    assert.deepEqual(facts(figures('<think>a</think>b</think>c</think>\\boxed{7}')), [true, 3, 0]);
    assert.deepEqual(facts(figures('<|channel|>analysis<|message|>Hm.<|end|><|channel|>final<|message|>\\boxed{7}<|return|>')), [true, 0, 0]); // prettier-ignore
    assert.deepEqual(facts(figures('<|channel|>analysis<|message|>Hm. It goes on and on')), [false, 0, null]);
    assert.deepEqual(facts(figures('It is \\boxed{7}')), [null, 0, 0]);
    // The prompt opened the thought.
    assert.deepEqual(facts(figures('Hm. So it is\n7', { prompt: 'Sum up.<think>\n' })), [false, 0, null]);
    assert.deepEqual(facts(figures('Hm.</think>\n7', { prompt: 'Sum up.<think>\n' })), [true, 1, 0]);
  });

  it('the prompt that it repeats is in no figure, and places stay those of the whole text', () => {
    const prompt = `Sum up: ${'three plus four. '.repeat(20)}Put it into \\boxed{7}.`;
    const own = ' It is \\boxed{8}. Also \ufffd. 然后我们得到答案。';
    const found = figures(prompt + own, { prompt });
    assert.equal(found.from, prompt.length);
    assert.deepEqual([found.loops, found.first], [[], null]);
    assert.deepEqual(found.answers.map(({ start, end }) => (prompt + own).slice(start, end)), ['8']); // prettier-ignore
    const [garbled] = found.garbled.found;
    assert.equal((prompt + own).slice(garbled!.start, garbled!.end), '\ufffd');
    assert.equal(figures(prompt + own).loops.length, 1);
    const [switched] = figures(`${prompt} We say it in English. ${own}`, { prompt }).switches;
    assert.ok(switched!.start > prompt.length);
  });

  it('no slice of half a million characters takes long', () => {
    const draw = random(3);
    const words = 'so we add the sum of both and check that it is right again then x squared minus y over two equals'.split(' '); // prettier-ignore
    let text = '';
    while (text.length < 2 ** 19) {
      text += Array.from({ length: 12 }, () => words[Math.floor(draw() * words.length)]).join(' ');
      text += draw() < 0.02 ? `. So the answer is ${Math.floor(draw() * 9)}.\n\n` : ', $x^2 = 4$.\n';
    }
    const steps = traceFigures({ completion: text, prompt: '', problem: '', gold: '7', verdict: null });
    let longest = 0;
    for (;;) {
      // Of this thread's own work: what else the machine does is not counted.
      const before = process.threadCpuUsage();
      const step = steps.next();
      const { user, system } = process.threadCpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
      if (step.done) break;
    }
    assert.ok(longest < 150, `the longest took ${longest.toFixed(0)} ms`);
  });
});
