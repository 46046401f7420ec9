/** Whether two answers that were read are the same: words, lists, relations, matrices, formulas. */
import { evaluate, evaluateModulo, PRIMES } from './evaluate.ts';
import type { Node } from './expression.ts';
import type { Policy } from './policy.ts';
import type { Answer } from './structure.ts';
import { compareFormulas, POINTS, type Opinion } from './values.ts';

const ITEMS_LIMIT = 64;

/** Compares two answers under a policy. Order of the two matters only to rounding. */
export function compare(gold: Answer, pred: Answer, policy: Readonly<Policy>): Opinion {
  if (gold.kind === 'words' && pred.kind === 'relation' && pred.value) return compare(gold, pred.value, policy);
  if (pred.kind === 'words' && gold.kind === 'relation' && gold.value) return compare(gold.value, pred, policy);
  if (gold.kind === 'words' || pred.kind === 'words') return compareWords(gold, pred, policy);
  if (gold.kind === 'unreadable' || pred.kind === 'unreadable') return compareUnread(gold, pred);
  if (gold.kind === 'relation' || pred.kind === 'relation') return compareRelation(gold, pred, policy);
  const a = single(gold);
  const b = single(pred);
  if (a.kind === 'formula' && b.kind === 'formula')
    return otherUnit(a.unit, b.unit, policy) ?? compareReadings(a, b, policy);
  // `{1,3}` without backslashes is often a pair whose brackets were lost.
  if ((a.kind === 'set' && b.kind === 'tuple') || (a.kind === 'tuple' && b.kind === 'set')) {
    const inOrder = compareInOrder(a.items, b.items, policy);
    if (inOrder[0] === 'right') return inOrder;
  }
  if (a.kind === 'set' || b.kind === 'set')
    return policy.order === 'written'
      ? compareInOrder(itemsOf(a), itemsOf(b), policy)
      : compareSets(itemsOf(a), itemsOf(b), policy);
  if (a.kind === 'tuple' && b.kind === 'tuple') {
    if (a.open !== b.open || a.close !== b.close) return ['wrong', 'other brackets'];
    return compareInOrder(a.items, b.items, policy);
  }
  if (a.kind === 'union' && b.kind === 'union') return compareSets(a.parts, b.parts, policy);
  if (a.kind === 'ratio' && b.kind === 'ratio') return compareInOrder(a.parts, b.parts, policy);
  if (a.kind === 'matrix' && b.kind === 'matrix') {
    if (a.rows.length !== b.rows.length) return ['wrong', 'a matrix of another shape'];
    return compareInOrder(
      a.rows.map((items): Answer => ({ kind: 'tuple', open: '(', close: ')', items })),
      b.rows.map((items): Answer => ({ kind: 'tuple', open: '(', close: ')', items })),
      policy,
    );
  }
  if (a.kind === 'ratio' && a.parts.length === 2 && b.kind === 'formula') return compareQuotient(a.parts, b, policy);
  if (b.kind === 'ratio' && b.parts.length === 2 && a.kind === 'formula') return compareQuotient(b.parts, a, policy);
  if (a.kind === 'matrix' || b.kind === 'matrix') return ['undecided', 'matrices are not computed'];
  return ['wrong', `one is a ${a.kind}, the other a ${b.kind}`];
}

type Formula = Extract<Answer, { kind: 'formula' }>;

/** `1/2x` is read in both ways; where they lead to different verdicts, there is none. */
function compareReadings(gold: Formula, pred: Formula, policy: Readonly<Policy>): Opinion {
  const exact = gold.exact && pred.exact;
  const first = compareFormulas(gold.node, pred.node, exact, policy);
  if ((!gold.tight && !pred.tight) || gold.source === pred.source) return first;
  const second = compareFormulas(gold.tight ?? gold.node, pred.tight ?? pred.node, exact, policy);
  return first[0] === second[0] ? first : ['undecided', 'it is not clear what the slash divides by'];
}

/** Units count as the policy says; null where they make no difference. */
function otherUnit(gold: string | null, pred: string | null, policy: Readonly<Policy>): Opinion | null {
  if (policy.units === 'ignored' || gold === pred) return null;
  if (gold !== null && pred !== null) return ['wrong', `the unit is ${pred} instead of ${gold}`];
  if (policy.units === 'where-both') return null;
  return ['wrong', gold === null ? `the unit ${pred} is too many` : `the unit ${gold} is missing`];
}

/** A set, union or matrix of one thing is that thing. */
function single(answer: Answer): Answer {
  if (answer.kind === 'set' && answer.items.length === 1) return single(answer.items[0]!);
  if (answer.kind === 'union' && answer.parts.length === 1) return single(answer.parts[0]!);
  return answer;
}

/** Items of a set, those of sets in it included: {1 ± √5, −2} has three. */
function itemsOf(answer: Answer): Answer[] {
  return answer.kind === 'set' ? answer.items.flatMap(itemsOf) : [answer];
}

function compareWords(gold: Answer, pred: Answer, policy: Readonly<Policy>): Opinion {
  const cased = (text: string) => (policy.letterCase === 'ignored' ? text.toLowerCase() : text);
  const plain = (answer: Answer) =>
    answer.kind === 'words'
      ? answer.words
      : answer.kind === 'formula' || answer.kind === 'unreadable'
        ? cased(answer.source).replace(/[\\()\s]/g, '')
        : null;
  const a = plain(gold);
  const b = plain(pred);
  const letters = (text: string) => (/^\s*[-−]/.test(text) ? '-' : '') + text.replace(/[^\p{L}\p{N}]/gu, '');
  if (a !== null && b !== null && letters(a) === letters(b) && /[\p{L}\p{N}]/u.test(a))
    return ['right', 'the same words'];
  if (gold.kind === 'words' && pred.kind === 'words') {
    return wordCount(gold.words) + wordCount(pred.words) <= 4
      ? ['wrong', 'other words']
      : ['undecided', 'sentences are not compared'];
  }
  const words = gold.kind === 'words' ? gold.words : pred.kind === 'words' ? pred.words : '';
  return wordCount(words) <= 4
    ? ['wrong', 'one is words, the other is not']
    : ['undecided', 'a sentence is not compared with a formula'];
}

function wordCount(words: string): number {
  return words.split(' ').length;
}

function compareUnread(gold: Answer, pred: Answer): Opinion {
  const bad = gold.kind === 'unreadable' ? gold : pred;
  const why = bad.kind === 'unreadable' ? bad.why : '';
  if (gold.kind === 'unreadable' && pred.kind === 'unreadable') {
    const squeeze = (source: string) => source.replace(/\s+/g, '');
    if (squeeze(gold.source) === squeeze(pred.source)) return ['right', 'the same text'];
  }
  return ['undecided', `${gold.kind === 'unreadable' ? 'the gold answer' : 'the answer'} cannot be read: ${why}`];
}

// ---- lists ----------------------------------------------------------------------------------------------------------

function compareInOrder(gold: readonly Answer[], pred: readonly Answer[], policy: Readonly<Policy>): Opinion {
  if (gold.length !== pred.length) return ['wrong', `${pred.length} parts instead of ${gold.length}`];
  let worst: Opinion = ['right', 'every part is the same'];
  for (const [i, part] of gold.entries()) {
    const found = compare(part, pred[i]!, policy);
    if (found[0] === 'wrong') return ['wrong', `part ${i + 1}: ${found[1]}`];
    if (found[0] === 'undecided') worst = found;
  }
  return worst;
}

/** In any order. Repeated items count once, or as often as written. */
function compareSets(gold: readonly Answer[], pred: readonly Answer[], policy: Readonly<Policy>): Opinion {
  if (gold.length > ITEMS_LIMIT || pred.length > ITEMS_LIMIT) return ['undecided', `more than ${ITEMS_LIMIT} items`];
  if (policy.repeats === 'written' && gold.length !== pred.length)
    return ['wrong', `${pred.length} items instead of ${gold.length}`];
  let undecided: Opinion | null = null;
  const covered = (items: readonly Answer[], by: readonly Answer[]): boolean => {
    const left = [...by];
    return items.every((item) => {
      let found = false;
      for (const [i, other] of left.entries()) {
        const result = compare(item, other, policy);
        if (result[0] === 'right') {
          if (policy.repeats === 'written') left.splice(i, 1);
          return true;
        }
        if (result[0] === 'undecided') {
          undecided = result;
          found = true;
        }
      }
      return found;
    });
  };
  if (!covered(gold, pred)) return ['wrong', 'an item is missing'];
  if (!covered(pred, gold)) return ['wrong', 'an item is too many'];
  return undecided ?? ['right', 'the same items'];
}

function compareQuotient(
  parts: readonly Answer[],
  other: Extract<Answer, { kind: 'formula' }>,
  policy: Readonly<Policy>,
): Opinion {
  const [left, right] = parts;
  if (left?.kind !== 'formula' || right?.kind !== 'formula') return ['undecided', 'a ratio and a formula'];
  return compareFormulas({ op: 'divide', left: left.node, right: right.node }, other.node, other.exact, policy);
}

// ---- relations ------------------------------------------------------------------------------------------------------

const MIRRORED: Record<string, string> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=', '=': '=', '!=': '!=' };

function compareRelation(gold: Answer, pred: Answer, policy: Readonly<Policy>): Opinion {
  const behind = (answer: Answer) => (answer.kind === 'relation' ? (answer.value ?? null) : answer);
  const a = behind(gold);
  const b = behind(pred);
  const values: Opinion | null = a && b ? compare(a, b, policy) : null;
  if (values?.[0] === 'right') return values;
  if (gold.kind === 'relation' && pred.kind === 'relation') {
    const direct = sameRelation(gold, pred, policy);
    if (direct[0] === 'right') return direct;
    const mirrored = sameRelation(
      gold,
      {
        kind: 'relation',
        sides: pred.sides.toReversed(),
        signs: pred.signs.toReversed().map((sign) => MIRRORED[sign] ?? sign),
      },
      policy,
    );
    if (mirrored[0] === 'right') return mirrored;
    return (policy.multiples === 'same' ? sameDifference(gold, pred) : null) ?? values ?? direct;
  }
  const relation = gold.kind === 'relation' ? gold : pred;
  const other = gold.kind === 'relation' ? pred : gold;
  const interval = relation.kind === 'relation' && policy.bounds === 'same' ? asInterval(relation) : null;
  if (interval && (other.kind === 'tuple' || other.kind === 'union')) return compare(interval, other, policy);
  if (values) return values;
  return interval || relation.kind !== 'relation' || relation.signs.includes('=')
    ? ['wrong', 'one is a relation, the other is not']
    : ['undecided', 'a relation and something else'];
}

type Relation = Extract<Answer, { kind: 'relation' }>;

function sameRelation(gold: Relation, pred: Relation, policy: Readonly<Policy>): Opinion {
  if (gold.signs.join() !== pred.signs.join()) return ['wrong', 'another relation'];
  return compareInOrder(gold.sides, pred.sides, policy);
}

/** `a = b` and `c = d` when a − b is a constant times c − d; `a < b` likewise, with a constant that keeps or turns the sign. */
function sameDifference(gold: Relation, pred: Relation): Opinion | null {
  if (gold.signs.length !== 1 || pred.signs.length !== 1) return null;
  if ([...gold.sides, ...pred.sides].some((side) => side.kind === 'formula' && side.tight))
    return ['undecided', 'it is not clear what the slash divides by'];
  const a = difference(gold);
  const b = difference(pred);
  if (!a || !b) return null;
  const isExact = isConstantModulo(a, b);
  if (isExact === false) return ['wrong', 'another relation'];
  let constant: number | null = null;
  for (const point of POINTS) {
    const [x, xi] = evaluate(a, point);
    const [y, yi] = evaluate(b, point);
    const ratio = x / y;
    if (!Number.isFinite(ratio) || ratio === 0 || Math.abs(xi) + Math.abs(yi) > 1e-9)
      return ['undecided', 'the relations have no value at a point'];
    if (constant !== null && Math.abs(ratio - constant) > 1e-8 * Math.abs(constant))
      return ['wrong', 'another relation'];
    constant = ratio;
  }
  const sign = gold.signs[0]!;
  const expected = constant! > 0 ? sign : MIRRORED[sign];
  return pred.signs[0] === expected || (sign === '=' && pred.signs[0] === '=')
    ? ['right', 'the same relation, multiplied']
    : ['wrong', 'the relation is turned round'];
}

/** Whether a quotient of whole-number formulas is the same at every point, modulo two primes; null where it has something else. */
function isConstantModulo(left: Node, right: Node): boolean | null {
  const quotient: Node = { op: 'divide', left, right };
  for (const p of PRIMES.slice(0, 2)) {
    const found = [1, 2, 3].map((seed) => evaluateModulo(quotient, p, seed));
    if (found.includes(null)) return null;
    if (new Set(found).size > 1) return false;
  }
  return true;
}

function difference({ sides: [left, right] }: Relation): Node | null {
  if (left?.kind !== 'formula' || right?.kind !== 'formula') return null;
  return { op: 'add', left: left.node, right: { op: 'negate', of: right.node } };
}

/** `x < 2`, `−2 ≤ x ≤ 7` as an interval. */
function asInterval(relation: Relation): Answer | null {
  const { sides, signs } = relation;
  const infinity: Answer = {
    kind: 'formula',
    node: { op: 'constant', name: 'infinity' },
    exact: true,
    source: '',
    unit: null,
  };
  const minus: Answer = {
    kind: 'formula',
    node: { op: 'negate', of: { op: 'constant', name: 'infinity' } },
    exact: true,
    source: '',
    unit: null,
  };
  const turned = signs.every((sign) => sign.startsWith('>'));
  if (!turned && !signs.every((sign) => sign.startsWith('<'))) return null;
  const up = turned ? sides.toReversed() : sides;
  const order = turned ? signs.toReversed() : signs;
  const isVariable = (side: Answer) =>
    side.kind === 'formula' &&
    (side.node.op === 'variable' || (side.node.op === 'call' && side.node.of.op === 'variable'));
  if (up.length === 3 && !isVariable(up[1]!)) return null;
  if (up.length === 3)
    return {
      kind: 'tuple',
      open: order[0]!.endsWith('=') ? '[' : '(',
      close: order[1]!.endsWith('=') ? ']' : ')',
      items: [up[0]!, up[2]!],
    };
  if (up.length !== 2) return null;

  if (isVariable(up[0]!))
    return { kind: 'tuple', open: '(', close: order[0]!.endsWith('=') ? ']' : ')', items: [minus, up[1]!] };
  if (isVariable(up[1]!))
    return { kind: 'tuple', open: order[0]!.endsWith('=') ? '[' : '(', close: ')', items: [up[0]!, infinity] };
  return null;
}
