import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { atOnce } from '../../../../core/metrics/slices.ts';
import {
  branchesBySteps,
  branchesByText,
  commonPrefix,
  pairPrefixes,
  type Branch,
  type BranchEnd,
  type BranchMember,
} from '../../../../core/traces/common-prefix.ts';
import { keyedSteps, StepNames } from '../../../../core/traces/step-keys.ts';

const member = (text: string, end: BranchEnd = 'open', complete = true): BranchMember => ({ text, end, complete });

/** Members and the place where they part, nested. */
const shape = ({ members, to, children }: Branch): unknown =>
  children.length === 0 ? members : [members, to[0], ...children.map(shape)];

describe('common beginnings', () => {
  it('measures them in whole characters', () => {
    assert.equal(commonPrefix('abc', 'abd'), 2);
    assert.equal(commonPrefix('abc', 'abc'), 3);
    assert.equal(commonPrefix('a𝒳b', 'a𝒴b'), 1);
    assert.equal(commonPrefix('', 'x'), 0);
  });

  it('says where samples part and which ended right', () => {
    const tree = branchesByText([
      member('Let x be 1. So A.', 'right'),
      member('Let x be 1. So B.', 'wrong'),
      member('Let x be 2. Then.', 'right'),
      member('Other.', 'wrong'),
      member('Let x be 1. So A.', 'right'),
    ]);
    assert.deepEqual(tree.unfinished, []);
    assert.deepEqual(shape(tree.root), [[0, 1, 2, 3, 4], 0, [[0, 1, 2, 4], 9, [[0, 1, 4], 15, [0, 4], [1]], [2]], [3]]);
    assert.deepEqual(tree.root.children[0]!.ends, { right: 3, wrong: 1, open: 0 });
    assert.equal(pairPrefixes(tree)[0]![1], 15);
    assert.equal(pairPrefixes(tree)[3]![1], 0);
  });

  it('asks for more where what is known does not part them', () => {
    const tree = branchesByText([member('abc', 'open', false), member('abcd', 'open', false), member('abx')]);
    assert.deepEqual(tree.unfinished, [0]);
    assert.deepEqual(branchesByText([member('ab', 'open', false), member('ab', 'open', false)]).unfinished, [0, 1]);
  });

  it('agrees with the texts for every pair', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '𝒳', '𝒴'), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 9 }), (texts) => {
        const tree = branchesByText(texts.map((one) => member(one)));
        const found = pairPrefixes(tree);
        for (const [a, x] of texts.entries())
          for (const [b, y] of texts.entries()) assert.equal(found[a]![b], commonPrefix(x, y), `${x} | ${y}`);
        const leaves = (branch: Branch): number[] =>
          branch.children.length === 0 ? branch.members : branch.children.flatMap(leaves);
        assert.deepEqual(
          leaves(tree.root).sort((a, b) => a - b),
          [...texts.keys()],
        );
      }),
    );
  });

  it('keeps those together by steps that only word it differently', () => {
    const members = [
      member('Let $n$ be the number of pairs. Then $n = \\frac{6}{2}$. By symmetry nothing changes.', 'right'),
      member('Let n be the number of pairs. Then $6/2 = n$. Suppose the opposite of what was said.', 'wrong'),
      member('Draw the triangle ABC with its incircle. Then tangents are equal.', 'wrong'),
    ];
    const { root, unfinished } = atOnce(branchesBySteps(members));
    assert.deepEqual(unfinished, []);
    assert.deepEqual(
      root.children.map(({ members: its }) => its),
      [[0, 1], [2]],
    );
    const [together] = root.children;
    assert.deepEqual(
      together!.to.map((at, k) => members[k]!.text.slice(at, at + 11)),
      ['By symmetry', 'Suppose the'],
    );
    assert.ok(together!.similarity! < 0.4);
    assert.deepEqual(together!.ends, { right: 1, wrong: 1, open: 0 });
  });

  it('lets others go on while many long ones are compared', () => {
    const yields = (work: Generator<void, unknown>): number => {
      for (let n = 0; ; n += 1) if (work.next().done) return n;
    };
    const text = Array.from({ length: 200 }, (_, i) => `Step ${i}: the sum of them is ${i * 7}.`).join('\n\n');
    const members = Array.from({ length: 32 }, (_, k) => member(`${text}\n\nIn all ${k} are left over.`));
    const cutting = members.reduce((n, { text: own }) => n + yields(keyedSteps(own, new StepNames())), 0);
    // After each text that is weighed, and each thousand steps that are compared.
    assert.ok(yields(branchesBySteps(members)) >= cutting + 32 + Math.floor((32 * 200) / 1024) - 1);
  });

  it('leaves the last step of a text that may grow out of it', () => {
    const texts = ['First step here. Second st', 'First step here. Second step is longer than that.'];
    const { unfinished, root } = atOnce(branchesBySteps(texts.map((text) => member(text, 'open', false))));
    assert.deepEqual(unfinished, [0, 1]);
    assert.equal(root.members.length, 2);
  });
});
