/**
 * The mean reward of a set of completions as a function of a few factors, and what each factor has in the difference of two sets.
 *
 * Every completion is in one state. The share of each state follows from five chances along a tree, each among those that are left:
 *
 * - `gold`: has no gold (or no verdict)
 * - `checker`: the checker could not decide, or ran out of time
 * - `truncation`: not right, and cut at the maximum length
 * - `extraction`: not right, finished, and no answer was found in it
 * - `accuracy`: right, among those that are right or gave a wrong answer
 *
 * and each reward component has a mean in each state. So mean reward = Σ over components c and states s of share(s) · mean(c, s).
 */
export const states = ['ungraded', 'undecided', 'cut', 'unanswered', 'right', 'wrong'] as const;
export type CompletionState = (typeof states)[number];

export const branches = ['gold', 'checker', 'truncation', 'extraction', 'accuracy'] as const;
export type Branch = (typeof branches)[number];

const STATES = states.length;
const BRANCHES = branches.length;
/** A factor more: the component's own means. */
const PLAYERS = BRANCHES + 1;

/** A weighted set of completions: the weight of each state, and for each component its weighted sum in each state (component by component). */
export interface StateSums {
  weights: Float64Array;
  values: Float64Array;
}

export function emptySums(components: number): StateSums {
  return { weights: new Float64Array(STATES), values: new Float64Array(STATES * components) };
}

/** 0!·5!/6!, 1!·4!/6!, …: the weight in a Shapley value of a coalition of that many others (Shapley 1953). */
const SHAPLEY = Array.from({ length: PLAYERS }, (_, size) => {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  return (factorial(size) * factorial(PLAYERS - 1 - size)) / factorial(PLAYERS);
});
const SIZES = Array.from({ length: 2 ** PLAYERS }, (_, coalition) => {
  let size = 0;
  for (let bits = coalition; bits > 0; bits >>= 1) size += bits & 1;
  return size;
});

/**
 * What each factor has in the difference of the mean reward of `after` and `before`: its Shapley value, the mean over all orders in
 * which the factors could have changed one after the other, so that no order is preferred (Shapley 1953; for decompositions Shorrocks
 * 2013, J. Econ. Inequal. 11:99). As the mean is a sum over components, so are the values.
 *
 * Component by component six numbers: the five branches in their order, then the change of the component's own means within the
 * states. They sum to the difference of the component's mean. A chance or a mean that one set does not have (none of its
 * completions got so far) is taken from the other: then nothing is owed to it.
 */
export function factorChanges(before: StateSums, after: StateSums, components: number): Float64Array {
  const chances = [chancesOf(before), chancesOf(after)] as [Float64Array, Float64Array];
  for (let b = 0; b < BRANCHES; b += 1) {
    if (Number.isNaN(chances[0][b])) chances[0][b] = Number.isNaN(chances[1][b]) ? 0 : chances[1][b]!;
    if (Number.isNaN(chances[1][b])) chances[1][b] = chances[0][b]!;
  }
  const shares = new Float64Array(2 ** BRANCHES * STATES);
  const path = new Float64Array(BRANCHES);
  for (let coalition = 0; coalition < 2 ** BRANCHES; coalition += 1) {
    for (let b = 0; b < BRANCHES; b += 1) path[b] = chances[(coalition >> b) & 1]![b]!;
    sharesOf(path, shares, coalition * STATES);
  }
  const found = new Float64Array(PLAYERS * components);
  const worth = new Float64Array(2 ** PLAYERS);
  const means = [new Float64Array(STATES), new Float64Array(STATES)] as const;
  for (let c = 0; c < components; c += 1) {
    for (let s = 0; s < STATES; s += 1) {
      const [was, is] = [before.weights[s]!, after.weights[s]!];
      const [x, y] = [before.values[c * STATES + s]! / was, after.values[c * STATES + s]! / is];
      means[0][s] = was > 0 ? x : is > 0 ? y : 0;
      means[1][s] = is > 0 ? y : means[0][s]!;
    }
    for (let coalition = 0; coalition < 2 ** PLAYERS; coalition += 1) {
      const at = (coalition & (2 ** BRANCHES - 1)) * STATES;
      const own = means[(coalition >> BRANCHES) as 0 | 1];
      let sum = 0;
      for (let s = 0; s < STATES; s += 1) sum += shares[at + s]! * own[s]!;
      worth[coalition] = sum;
    }
    for (let player = 0; player < PLAYERS; player += 1) {
      let value = 0;
      for (let coalition = 0; coalition < 2 ** PLAYERS; coalition += 1) {
        if ((coalition >> player) & 1) continue;
        value += SHAPLEY[SIZES[coalition]!]! * (worth[coalition | (1 << player)]! - worth[coalition]!);
      }
      found[c * PLAYERS + player] = value;
    }
  }
  return found;
}

/** The chance of each branch among those that are left; NaN where none is left. */
function chancesOf({ weights: w }: StateSums): Float64Array {
  const [ungraded, undecided, cut, unanswered, right, wrong] = w as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const answered = right + wrong;
  const finished = answered + unanswered;
  const decided = finished + cut;
  const graded = decided + undecided;
  const chance = (n: number, of: number) => (of > 0 ? n / of : NaN);
  return Float64Array.of(
    chance(ungraded, graded + ungraded),
    chance(undecided, graded),
    chance(cut, decided),
    chance(unanswered, finished),
    chance(right, answered),
  );
}

function sharesOf(chances: Float64Array, out: Float64Array, at: number): void {
  let left = 1;
  // The states stand in the order of the branches; what is left at the end gave a wrong answer.
  for (let b = 0; b < BRANCHES; b += 1) {
    out[at + b] = left * chances[b]!;
    left *= 1 - chances[b]!;
  }
  out[at + BRANCHES] = left;
}
