import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { describe, it } from 'mocha';
import { detect } from '../../../../core/behaviours/detect.ts';
import { landmarksOf } from '../../../../core/traces/landmarks.ts';
import { MOST_ENTRIES, outlineOf, type OutlineEntry } from '../../../../core/traces/outline.ts';
import { sections } from '../../../../core/traces/sections.ts';
import { stepStarts } from '../../../../core/traces/steps.ts';
import { figuresOf } from '../../../support/figures-of.ts';
import { fakeTrace } from '../../../webview/fake-host.ts';
import { longCompletion } from '../../../webview/made-trace.ts';

const known = (completion: string, gold: string) => ({
  text: completion,
  spans: detect(completion, { in: 'completion' }),
  sections: sections(completion),
  steps: stepStarts(completion),
  figures: figuresOf(fakeTrace(0, { completion, gold })),
});

function all(entries: readonly OutlineEntry[]): OutlineEntry[] {
  return entries.flatMap((entry) => [entry, ...all(entry.children)]);
}

const short =
  '<think>\nWe need a.\n\nFirst, find the smallest n. It is 3. So the answer is \\boxed{4}.\n\nWait, let me check this. 3 + 3 = 6. So the answer is \\boxed{6}.\n</think>\nThe answer is \\boxed{6}.';

describe('outline of a trace', () => {
  it('has reasoning and answer, parts by what opens them, behaviours and answers in them', () => {
    const roots = outlineOf(known(short, '6'));
    assert.deepEqual(
      roots.map(({ name }) => name),
      ['reasoning', 'answer'],
    );
    const [reasoning, answer] = roots;
    const subgoals = reasoning!.children.filter(({ label }) => label === 'subgoal');
    assert.deepEqual(
      subgoals.map(({ name }) => name),
      ['We need a.', 'First, find the smallest n.'],
    );
    const subgoal = subgoals[1]!;
    assert.ok(subgoal.children.some(({ kind, name }) => kind === 'answer' && name === '✗ 4'));
    const rights = all(roots).filter(({ value }) => value === 'right');
    assert.deepEqual(
      rights.map(({ detail }) => detail),
      ['first right answer', 'answer, right'],
    );
    assert.ok(all([answer!]).some(({ name }) => name === '✓ 6'));
    assert.ok(all(roots).some(({ label, detail }) => label === 'verification' && detail.startsWith('verification')));
  });

  it('cuts no character of a name in two', () => {
    for (const before of ['', 'x']) {
      const roots = outlineOf(known(`${before}${'😀'.repeat(200)}`, '6'));
      assert.ok(all(roots).every(({ name }) => name.isWellFormed() && name.length <= 80));
    }
  });

  it('nests: children lie in their parents, what is shown lies in its entry, siblings are in order', () => {
    for (const text of [short, longCompletion(120_000, 300), 'No thought at all.', '']) {
      const look = (parent: OutlineEntry) => {
        assert.ok(
          parent.at.start >= parent.start && parent.at.end <= Math.max(parent.end, parent.at.start),
          parent.name,
        );
        let last = parent.start;
        for (const child of parent.children) {
          assert.ok(child.start >= last && child.end <= parent.end, `${child.name} in ${parent.name}`);
          last = child.start;
          look(child);
        }
      };
      outlineOf(known(text, '42')).forEach(look);
    }
  });

  it('covers every step of a long text, in at most 60 ms, and says what it leaves out', () => {
    const text = longCompletion(330_000, 1_100);
    const found = known(text, '42');
    const times: number[] = [];
    let roots: OutlineEntry[] = [];
    for (let i = 0; i < 5; i += 1) {
      const began = performance.now();
      roots = outlineOf(found);
      times.push(performance.now() - began);
    }
    assert.ok(Math.min(...times) < 60, `${Math.min(...times)} ms`);
    const parts = roots[0]!.children;
    for (const [i, part] of parts.entries()) if (i > 0) assert.equal(part.start, parts[i - 1]!.end);
    const spans = found.spans.flatMap((span) => Array.from({ length: 40 }, () => ({ ...span })));
    const many = outlineOf({ ...found, spans });
    assert.ok(all(many).length <= MOST_ENTRIES + many.length && all(many).length >= MOST_ENTRIES);
    assert.match(many.at(-1)!.name, /^… \d+ more$/);
  });
});

describe('landmarks', () => {
  it('are the first right answer, the end of the reasoning, the answer that counts and loops, in order', () => {
    const { figures, sections: its } = known(short, '6');
    const answer = fakeTrace(0, { completion: short, gold: '6' }).detail.answerFound;
    const found = landmarksOf({ sections: its, figures, answer });
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ['first_right', 'reasoning_end', 'answer'],
    );
    assert.equal(short.slice(found[1]!.start, found[1]!.end), '</think>');
    assert.deepEqual(landmarksOf({ sections: sections('No thought.'), figures: null, answer: null }), []);
  });
});
