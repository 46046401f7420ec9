/** Made attempts at one problem that begin together and part: for the page of two side by side. */
import { fakeTrace, type FakeTrace } from './fake-host.ts';

const opening = `<think>
Okay, so we have $n$ coins in a row and two players who take one or four of them.

First, find the losing positions for small $n$: with $L(0)$ there is nothing to take, so $L(0)$ is losing.

From $1$ one can move to $0$, so $1$ is winning.

From $2$ the only move is to $1$, so $2$ is losing.

`;

const filler = (n: number, from: string) =>
  Array.from(
    { length: n },
    (_, i) =>
      `Position ${i * 7 + 3} of ${from}: the moves lead to $${i * 7 + 2}$ and $${i * 7 - 1}$, so $f(${i * 7 + 3}) = ${(i * 13) % 5}$.`,
  ).join('\n\n');

const endings = [
  `So the pattern has period $5$: the losing ones are $n \\equiv 0, 2 \\pmod 5$.

Let me check this for small values. From $7$ the moves lead to $6$ and $3$, both winning, so $7$ is losing.

${filler(14, 'the table')}

Counting gives $\\lfloor \\frac{2024}{5} \\rfloor = 404$ multiples, and $404 + 405 = 809$.
</think>

Bob wins for \\boxed{809} values.`,
  `So losing positions are those with $0, 2 \\equiv n \\pmod 5$, the period is $5$.

Wait, does zero count as a position here? The problem says positive integers, hence zero is out.

${filler(14, 'the table')}

Counting gives $404 = \\lfloor \\frac{2024}{5} \\rfloor$ multiples.

Therefore $404 + 404 = 808$ in total.
</think>

Bob wins for \\boxed{808} values.`,
  `Counting gives $\\lfloor \\frac{2024}{5} \\rfloor = 404$ multiples, and $404 + 405 = 809$.

Hmm, where does the five come from? Let me derive it by induction on the number of coins.

${filler(9, 'another table')}
</think>

It is \\boxed{809}.`,
];

/** Attempts of one group: the first three part after a common beginning, the fourth begins otherwise. */
export function madeAttempts(): FakeTrace[] {
  const of = { problem: 'aime24/63', problemLabel: 'aime24/63', group: 'g1', gold: '809', problemText: 'Coins.' };
  const texts = [...endings.map((ending) => opening + ending), `<think>\nLet me set up a recursion.\n\n${endings[1]!}`];
  return texts.map((completion, sample) => fakeTrace(sample, { ...of, sample, completion }));
}
