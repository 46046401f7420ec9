import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { VerdictValue } from '../../../../core/protocol/events.ts';
import { random } from '../../../../core/metrics/bootstrap.ts';
import { mcnemar, signFlip, type Chance } from '../../../../core/metrics/chance.ts';
import { pairedFigures, sideOf, type PairedSample } from '../../../../core/metrics/paired.ts';

function run(differences: number[], options?: Parameters<typeof signFlip>[1]): Chance {
  const steps = signFlip(differences, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const sample = (
  problem: string,
  verdict: VerdictValue | null,
  tokens: number | null = 10,
  more: Partial<PairedSample> = {},
): PairedSample => ({ problem, verdict, tokens, finish: 'stop', ...more });

describe('mcnemar', () => {
  it('is the exact binomial test, and mid-p', () => {
    // Fagerland, Lydersen and Laake 2013, table 1: 1 and 7 discordant pairs.
    const { p, midP } = mcnemar(1, 7);
    assert.ok(Math.abs(p - 18 / 256) < 1e-12);
    assert.ok(Math.abs(midP - 10 / 256) < 1e-12);
    assert.equal(mcnemar(0, 5).p, 2 / 32);
  });

  it('is 1 where nothing differs or both ways are as frequent', () => {
    assert.deepEqual(mcnemar(0, 0), { broken: 0, solved: 0, p: 1, midP: 1 });
    for (const n of [1, 4, 33]) {
      assert.equal(mcnemar(n, n).p, 1);
      assert.ok(Math.abs(mcnemar(n, n).midP - 1) < 1e-12);
    }
  });

  it('holds for many pairs', () => {
    // Normal approximation for 2,000 of 4,000 ± 2 standard deviations: 0.0455 without a correction of continuity.
    const { p, midP } = mcnemar(2000 - 63, 2000 + 63);
    assert.ok(p > 0.045 && p < 0.05 && midP < p, String(p));
    assert.ok(mcnemar(10, 5000).p < 1e-300);
  });
});

describe('signFlip', () => {
  it('of differences of one sample a side is the exact test of McNemar', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.nat(10), (broken, solved, same) => {
        const differences = [
          ...Array.from({ length: broken }, () => -1),
          ...Array.from({ length: solved }, () => 1),
          ...Array.from({ length: same }, () => 0),
        ];
        const found = run(differences, { denominator: 1 });
        assert.ok(Math.abs(found.p - mcnemar(broken, solved).p) < 1e-9);
        assert.deepEqual([found.exact, found.differing], [true, broken + solved]);
      }),
    );
  });

  it('finds the same from the distribution of the sum as from all signs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 10 }), (quarters) => {
        const differences = quarters.map((n) => n / 4);
        assert.ok(Math.abs(run(differences, { denominator: 4 }).p - run(differences).p) < 1e-9);
      }),
    );
  });

  it('comes near to the exact value with random signs, says so, and is never 0', () => {
    const differences = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? -1 : 0.75) * (1 + (i % 4)) * 0.25);
    const exact = run(differences, { denominator: 16 });
    const drawn = run(differences);
    assert.deepEqual([exact.exact, drawn.exact], [true, false]);
    assert.ok(Math.abs(exact.p - drawn.p) < 0.02, `${exact.p} ${drawn.p}`);
    assert.equal(run(Array.from({ length: 60 }, () => 1)).p, 1 / 10_001);
    assert.deepEqual(run(differences), drawn);
  });

  it('is 1 without a difference', () => {
    assert.deepEqual(run([0, 0, NaN]), { p: 1, exact: true, differing: 0 });
  });
});

describe('the samples of a problem on one side', () => {
  it('count as right when right and not cut; undecided is not right, and no word on whether it is solved', () => {
    const side = sideOf([
      sample('a', 'right', 10),
      sample('a', 'right', 30, { finish: 'length' }),
      sample('a', 'right', null, { finish: null }),
      sample('a', 'undecided', 20),
      sample('a', 'none', 40),
    ]);
    assert.deepEqual(side, { n: 5, graded: 4, right: 2, undecided: 1, accuracy: 0.5, solved: true, tokens: 25 });
  });

  it('has no accuracy without a gold', () => {
    const { accuracy, solved, tokens } = sideOf([sample('a', 'none', null), sample('a', null, null)]);
    assert.deepEqual([accuracy, solved, tokens], [null, null, null]);
    assert.equal(sideOf([sample('a', 'undecided')]).solved, null);
  });
});

describe('pairedFigures', () => {
  it('counts the changes, the lengths and what is on one side only', () => {
    const before = [
      sample('solved', 'wrong', 100),
      sample('broken', 'right', 100),
      sample('longer', 'right', 100),
      sample('shorter', 'right', 100),
      sample('similar', 'right', 100),
      sample('wrong', 'wrong', 100),
      sample('no gold', 'none', 100),
      sample('gone', 'right', 100),
    ];
    const after = [
      sample('solved', 'right', 500),
      sample('broken', 'wrong', 500),
      sample('longer', 'right', 200),
      sample('shorter', 'right', 50),
      sample('similar', 'right', 199),
      sample('wrong', 'wrong', 900),
      sample('no gold', 'none', null),
      sample('new', 'right', 1, { tokensExact: false }),
    ];
    const figures = pairedFigures(before, after);
    assert.deepEqual(figures.changes, {
      right_to_wrong: 1,
      wrong_to_right: 1,
      both_right: 3,
      both_wrong: 1,
      unknown: 1,
    });
    assert.deepEqual([figures.longer, figures.shorter, figures.factor], [1, 1, 2]);
    assert.deepEqual([figures.problems, figures.onlyBefore, figures.onlyAfter], [7, ['gone'], ['new']]);
    assert.deepEqual(figures.ungraded, { before: 1, after: 1 });
    assert.deepEqual(figures.unknownLength, { before: 0, after: 1 });
    assert.deepEqual(figures.estimated, { before: 0, after: 0 });
    assert.deepEqual(figures.mcnemar, { broken: 1, solved: 1, p: 1, midP: 1 });
    const { accuracy, tokens } = figures;
    assert.deepEqual([accuracy?.problems, accuracy?.before, accuracy?.difference], [6, 4 / 6, 0]);
    assert.deepEqual(accuracy?.chance, { p: 1, exact: true, differing: 2 });
    assert.equal(tokens?.problems, 6);
    assert.ok(Math.abs(tokens.ratio! - (500 + 500 + 200 + 50 + 199 + 900) / 600) < 1e-12);
    assert.equal(pairedFigures(before, after, { factor: 1.5 }).longer, 2);
  });

  it('pairs whole problems: what both sides have in common widens no interval', () => {
    // 50 problems of very different difficulty; after, each has exactly one more right sample of four.
    const side = (more: number) =>
      Array.from({ length: 50 }, (_, i) =>
        Array.from({ length: 4 }, (__, k) =>
          sample(`p${i}`, k < (i % 4) + more ? 'right' : 'wrong', 100 * (i + 1) * (1 + more)),
        ),
      ).flat();
    const { accuracy, tokens } = pairedFigures(side(0), side(1));
    assert.deepEqual(accuracy?.interval, { mean: 0.25, low: 0.25, high: 0.25 });
    assert.ok(Math.abs(accuracy.chance.p - 2 ** -49) < 1e-20);
    assert.ok(Math.abs(tokens!.ratioInterval!.low - 2) < 1e-12 && Math.abs(tokens!.ratioInterval!.high - 2) < 1e-12);
  });

  it('gives the two sides a sign turned when they change places', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.integer({ min: 1, max: 999 })), {
          minLength: 2,
          maxLength: 30,
        }),
        (rows) => {
          const one = rows.map(([ok, , n], i) => sample(`p${i}`, ok ? 'right' : 'wrong', n));
          const other = rows.map(([, ok, n], i) => sample(`p${i}`, ok ? 'right' : 'wrong', 2 * n));
          const [forth, back] = [pairedFigures(one, other), pairedFigures(other, one)];
          assert.equal(forth.accuracy!.difference + back.accuracy!.difference, 0);
          assert.equal(forth.accuracy!.chance.p, back.accuracy!.chance.p);
          assert.ok(Math.abs(forth.accuracy!.interval!.low + back.accuracy!.interval!.high) < 1e-9);
          assert.deepEqual([forth.longer, forth.shorter], [back.shorter, back.longer]);
          assert.equal(forth.mcnemar!.solved, back.mcnemar!.broken);
        },
      ),
    );
  });

  it('calls no more differences unlikely to be chance than it says, and its interval holds the true one', () => {
    // 300 times the same 30 problems with four samples a side, half of the times with one in seven of the wrong ones put right.
    const draw = random(7);
    const found = { unlikely: 0, held: 0, seen: 0 };
    for (let time = 0; time < 300; time += 1) {
      const skills = Array.from({ length: 30 }, draw);
      const by = time % 2 === 0 ? 0 : 0.15;
      const side = (more: number) =>
        skills.flatMap((skill, i) =>
          Array.from({ length: 4 }, () =>
            sample(`p${i}`, draw() < skill + (1 - skill) * more ? 'right' : 'wrong', null),
          ),
        );
      const { interval, chance } = pairedFigures(side(0), side(by), { samples: 300 }).accuracy!;
      if (interval!.low <= by / 2 && by / 2 <= interval!.high) found.held += 1;
      if (chance.p < 0.05) found[by === 0 ? 'unlikely' : 'seen'] += 1;
    }
    assert.ok(found.unlikely / 150 <= 0.07, `${found.unlikely} of 150 at 5 %`);
    assert.ok(found.seen / 150 > 0.15, `${found.seen} of 150 differences seen`);
    assert.ok(found.held / 300 > 0.9, `${found.held} of 300 intervals`);
  });

  it('has figures of nothing, of no gold and of one problem', () => {
    const none = pairedFigures([], [sample('a', 'right')]);
    assert.deepEqual([none.problems, none.accuracy, none.mcnemar, none.tokens], [0, null, null, null]);
    const noGold = pairedFigures([sample('a', 'none')], [sample('a', 'right')]);
    assert.deepEqual([noGold.accuracy, noGold.mcnemar, noGold.changes.unknown], [null, null, 1]);
    assert.equal(noGold.tokens?.difference, 0);
    const one = pairedFigures([sample('a', 'wrong', 0)], [sample('a', 'right', 5)]);
    assert.deepEqual([one.accuracy?.difference, one.accuracy?.interval, one.accuracy?.chance.p], [1, null, 1]);
    assert.deepEqual([one.tokens?.ratio, one.tokens?.ratioInterval], [null, null]);
    assert.throws(() => pairedFigures([], [], { factor: 1 }), RangeError);
  });
});
