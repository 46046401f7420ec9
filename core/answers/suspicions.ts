/**
 * Why a verdict may be wrong: what the text of a completion says against it, what the checkers say against each other, what the other
 * samples of the problem say. Weights order a queue for a reader; they are no probabilities.
 */
import type { AuditItem, AuditReason, Suspect } from '../protocol/audit.ts';
import type { FoundAnswer, Verdict, VerdictValue } from '../protocol/events.ts';
import { candidates, lastCandidates, type Candidate } from './extract.ts';
import { quickCheck } from './quick-check.ts';
import { readAnswer } from './structure.ts';

/** Changes whenever {@link sight} may see something else. */
export const SIGHTING_VERSION = '1';

/** Candidates of a completion that are compared with the gold answer: the last ones. */
const COMPARED = 200;
const SHOWN = 80;

interface Place {
  text: string;
  start: number;
  end: number;
}

/** What the text alone says, with its gold answer. */
export interface Sighting {
  /** The last candidate that equals the gold answer. */
  gold: (Place & { section: Candidate['section'] }) | null;
  /** The last candidates before and after `</think>`, where these are not the same answer. */
  differ: { before: Place & { isGold: boolean }; after: Place & { isGold: boolean } } | null;
  /** Why the gold answer cannot be compared by value; null: it can. */
  goldUnreadable: string | null;
}

/** Looks through a finished completion, comparison by comparison: one of two large formulas takes some milliseconds. Null: there is nothing to say. */
export function* sight(completion: string, gold: string): Generator<void, Sighting | null> {
  const found = candidates(completion).slice(-COMPARED);
  yield;
  const known = new Map<string, boolean>();
  const isGold = ({ text }: Candidate): boolean => {
    let same = known.get(text);
    if (same === undefined) known.set(text, (same = quickCheck(gold, text).value === 'right'));
    return same;
  };
  let stated: Candidate | undefined;
  for (const one of found.toReversed()) {
    if (isGold(one)) stated = one;
    if (stated) break;
    yield;
  }
  const { before, after } = lastCandidates(found);
  const differs = before !== null && after !== null && quickCheck(before.text, after.text).value === 'wrong';
  const read = readAnswer(gold);
  const sighting: Sighting = {
    gold: stated ? { ...place(stated), section: stated.section } : null,
    differ: differs
      ? { before: { ...place(before), isGold: isGold(before) }, after: { ...place(after), isGold: isGold(after) } }
      : null,
    goldUnreadable: read.kind === 'unreadable' ? read.why : null,
  };
  return sighting.gold || sighting.differ || sighting.goldUnreadable !== null ? sighting : null;
}

const place = ({ text, start, end }: Candidate): Place => ({ text: short(text), start, end });

/** How the samples of one problem in one evaluation or step were judged, by answer in its normal form. */
export class Votes {
  readonly #answers = new Map<string, { text: string; n: number; right: number; wrong: number }>();
  n = 0;

  add(normal: string, text: string, verdict: VerdictValue | null): void {
    let known = this.#answers.get(normal);
    if (!known) this.#answers.set(normal, (known = { text, n: 0, right: 0, wrong: 0 }));
    known.n += 1;
    if (verdict === 'right' || verdict === 'wrong') known[verdict] += 1;
    this.n += 1;
  }

  of(normal: string): { n: number; right: number; wrong: number } {
    return this.#answers.get(normal) ?? { n: 0, right: 0, wrong: 0 };
  }

  /** The answer of more than half of at least three samples. */
  majority(): { normal: string; text: string; n: number } | null {
    if (this.n < 3) return null;
    for (const [normal, { text, n }] of this.#answers) if (2 * n > this.n) return { normal, text, n };
    return null;
  }
}

/** A trace as it was judged. */
export interface Judged {
  /** The verdict that counts. */
  verdict: VerdictValue | null;
  /** The engine's checker, and the quick check. */
  checker: Verdict | null;
  quick: Verdict | null;
  answer: FoundAnswer | null;
  /** It was cut at the limit: what it would have answered is not known. */
  cut: boolean;
  /** Its answer in the normal form of {@link Votes}. */
  normal: string | null;
}

type Reason = AuditItem['reasons'][number] & { weight: number; suspect: Suspect };

/** Rules that take what happens to stand there for the answer. */
const WEAK = new Set(['final_line', 'answer_is_in_reasoning', 'boxed_in_reasoning']);

/** All that speaks against a verdict, the strongest first; null: nothing does. `score` is for ordering only, 0 to 1. */
export function suspicions(
  judged: Judged,
  sighting: Sighting | null,
  votes: Votes | null,
): { suspect: Suspect; score: number; reasons: Reason[] } | null {
  const reasons = [
    ...betweenCheckers(judged),
    ...inText(judged, sighting),
    ...(votes ? amongSamples(judged, votes) : []),
  ].toSorted((a, b) => b.weight - a.weight);
  if (reasons.length === 0) return null;
  const together = (some: readonly Reason[]): number => 1 - some.reduce((rest, { weight }) => rest * (1 - weight), 1);
  const [suspect] = (['false_negative', 'false_positive', 'unclear'] as const)
    .map((one) => [one, together(reasons.filter((reason) => reason.suspect === one))] as const)
    .reduce((most, one) => (one[1] > most[1] ? one : most));
  return { suspect, score: together(reasons), reasons };
}

function betweenCheckers({ verdict, checker, quick }: Judged): Reason[] {
  const found: Reason[] = [];
  const add = (reason: AuditReason, weight: number, suspect: Suspect, detail: string): void =>
    void found.push({ reason, weight, suspect, detail });
  const decided = (one: Verdict | null): one is Verdict => one?.value === 'right' || one?.value === 'wrong';
  if (decided(checker) && decided(quick) && checker.value !== quick.value) {
    const suspect = verdict === 'right' ? 'false_positive' : 'false_negative';
    const why = quick.reason ? `: ${quick.reason}` : '';
    const weight = quick.value === 'right' ? 0.9 : 0.85;
    add(
      'checkers_differ',
      weight,
      suspect,
      `${nameOf(checker)} says ${checker.value}, the quick check ${quick.value}${why}.`,
    );
  }
  if (verdict === 'undecided') {
    const said = checker ?? quick;
    const opinion = decided(quick) && said !== quick ? ` The quick check says ${quick.value}.` : '';
    const why = said?.reason ? `: ${said.reason}` : '';
    const suspect = decided(quick) && quick.value === 'right' ? 'false_negative' : 'unclear';
    add(
      'undecided',
      opinion ? 0.75 : 0.6,
      suspect,
      `${said ? capital(nameOf(said)) : 'The checker'} could not say${why}.${opinion}`,
    );
  }
  return found;
}

const nameOf = ({ checker }: Verdict): string => (checker === 'quick' ? 'the quick check' : checker);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function inText({ verdict, answer, cut }: Judged, sighting: Sighting | null): Reason[] {
  const found: Reason[] = [];
  const gold = sighting?.gold;
  const isTaken =
    gold && answer && ((gold.start < answer.end && answer.start < gold.end) || gold.text === short(answer.text));
  if (gold && verdict !== 'right' && !isTaken) {
    const late = !answer || gold.start >= answer.end || gold.section === 'answer';
    const where = gold.section === 'reasoning' ? 'in the reasoning' : 'in the answer';
    found.push({
      reason: 'gold_in_text',
      weight: cut ? 0.25 : answer ? (late ? 0.55 : 0.3) : 0.7,
      suspect: 'false_negative',
      detail: answer
        ? `“${gold.text}” ${where} equals the gold answer; the answer taken is “${short(answer.text)}”.`
        : `No answer was found${cut ? ' before it was cut' : ''}, but “${gold.text}” ${where} equals the gold answer.`,
      at: { start: gold.start, end: gold.end },
    });
  }
  const differ = sighting?.differ;
  if (differ) {
    const { before, after } = differ;
    const lost = verdict !== 'right' && before.isGold;
    const lucky = verdict === 'right' && !before.isGold;
    found.push({
      reason: 'answers_differ',
      weight: lost ? 0.5 : lucky ? 0.3 : 0.15,
      suspect: lost ? 'false_negative' : lucky ? 'false_positive' : 'unclear',
      detail: `The last answer of the reasoning is “${before.text}”, the last one after it “${after.text}”.`,
      at: { start: before.start, end: before.end },
    });
  }
  if (sighting && sighting.goldUnreadable !== null)
    found.push({
      reason: 'gold_unreadable',
      weight: verdict === 'right' ? 0.2 : 0.45,
      suspect: verdict === 'right' ? 'false_positive' : verdict === 'wrong' ? 'false_negative' : 'unclear',
      detail: `The quick check cannot read the gold answer: ${sighting.goldUnreadable}.`,
    });
  if (answer && WEAK.has(answer.rule) && (verdict === 'right' || verdict === 'wrong'))
    found.push({
      reason: 'weak_rule',
      weight: verdict === 'right' ? 0.1 : answer.rule === 'final_line' ? 0.35 : 0.2,
      suspect: verdict === 'right' ? 'false_positive' : 'false_negative',
      detail: `The answer was found by a weak rule, ${answer.rule.replaceAll('_', ' ')}.`,
      at: { start: answer.start, end: answer.end },
    });
  return found;
}

function amongSamples({ verdict, normal, answer }: Judged, votes: Votes): Reason[] {
  const found: Reason[] = [];
  const at = answer ? { at: { start: answer.start, end: answer.end } } : {};
  if (normal !== null && (verdict === 'right' || verdict === 'wrong')) {
    const same = votes.of(normal);
    const other = verdict === 'right' ? 'wrong' : 'right';
    if (same[other] > 0)
      found.push({
        reason: 'same_answer_differs',
        weight: 0.9,
        suspect: verdict === 'right' ? 'false_positive' : 'false_negative',
        detail: `${same[other] === 1 ? 'One sample' : `${same[other]} samples`} of the problem with the same answer ${same[other] === 1 ? 'is' : 'are'} judged ${other}.`,
        ...at,
      });
  }
  const most = votes.majority();
  if (most && verdict === 'wrong' && most.normal === normal)
    found.push({
      reason: 'majority_differs',
      weight: 0.4,
      suspect: 'false_negative',
      detail: `${most.n} of ${votes.n} samples agree on “${short(most.text)}”, which is judged wrong: the gold answer may be.`,
      ...at,
    });
  else if (most && verdict === 'right' && most.normal !== normal)
    found.push({
      reason: 'majority_differs',
      weight: 0.2,
      suspect: 'false_positive',
      detail: `${most.n} of ${votes.n} samples agree on another answer, “${short(most.text)}”.`,
      ...at,
    });
  return found;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= SHOWN ? line : `${line.slice(0, SHOWN).replace(/[\ud800-\udbff]$/, '')}…`;
}
