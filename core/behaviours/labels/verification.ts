/** A check: from its cue to its result. */
import { anchored } from '../anchors.ts';
import { cues, sentenceHits } from '../cues.ts';
import { passage, type Finding, type LabelRules } from '../label.ts';
import type { Reading } from '../text.ts';

const scan = cues({
  inside: {
    anchors:
      'check doublecheck recheck verif reverif validat confirm sure certain thorough safe clarify sanity original given both all each first crosscheck sense match hold add right correct valid accurate true possible consistent agree satisf see work test 验 检 核 代',
    strong: [
      /let(?:'s|’s| us| me) (?:(?:just|also|now|first|quickly|actually|again|try to|go back and|at least|see and|re) )*(?:double[- ]?check|re-?check|check(?! (?:if |for |when |with |whether )?(?:\\\(|\$)? ?[a-z]\w? ?=)|verify|validate|confirm|test (?:this|that|it|the|my|with|our)|make sure(?! (?:i|we) (?:understand|have|get|got|am|know))|clarify|sanity|see if (?:that|this|it|these|they)(?:'s|’s| is| are)? (?:\w+ )?(?:consistent|match|work|hold|satisf|correct|right|true|add))/,
      /(?:i|we)(?:'ll|’ll| will| should| can| could| might| must| need to| have to| want to|'d like to| would like to)? (?:(?:also|just|now|first|quickly|again|always|still|probably|better) )*(?:double[- ]?check|re-?check|verify|validate|confirm|make sure(?! (?:i|we) (?:understand|have|get|got|am|know))|cross-?check)/,
      /(?:i|we)(?:'ll|’ll| will| should| can| could| need to| have to| want to) (?:(?:also|just|now|first|quickly|again) )*check/,
      /(?:just )?to (?:(?:be|make) (?:\w+ )?(?:sure|certain|thorough|safe)|double[- ]?check|verify|confirm|check (?:this|that|it|if|whether|our|my|the))/,
      /(?:substitut|plug)(?:e|ing|ging)? (?:\S+ ){0,6}back (?:in|into|to) (?:the |our )?(?:original|given|both|all|each|first and)/,
      /(?:as|for) a (?:sanity )?check/,
      /(?:does|do|did) (?:that|this|it|these|my) (?:\w+ ){0,3}(?:make sense|match|work|hold|add up|check out)\b[^?\n]{0,40}\?/,
      /(?:is|are|was|were) (?:that|this|it|these|my \w+|the \w+) (?:\w+ ){0,2}(?:right|correct|valid|accurate|true|possible)\?/,
      /(?:验证|检查|检验|验算|核对)(?:一下|一遍)?|代入(?:原|检验|验证)/,
    ],
    weak: [
      /(?:double-checking|checking again|check again|re-?verify|sanity check)/,
      /which (?:indeed )?(?:matches|agrees with|is consistent with|checks out|satisfies|confirms)/,
      /(?:matches|consistent with|agrees with) (?:what|the (?:given|earlier|previous|original|initial|result|answer|problem)|our|my|equation|both|that)/,
      /(?:that's|that’s|that is|this is) (?:indeed )?(?:correct|right|consistent)\b/,
    ],
  },
  opening: {
    anchors:
      'double check recheck sanity verif quick cross confirm indeed consistent correct right works satisfies makes matches matches seems',
    strong: [
      /\W{0,6}(?:(?:so|now|but|wait|also|okay|and|yes|again),? ){0,2}(?:double[- ]?check(?:ing)?|re-?check(?:ing)?|sanity[- ]check|verify(?:ing)?|verification|checking|quick check|cross-?check|confirm(?:ing)?)/,
      /\W{0,6}check(?::| (?:that|again|this|our|the (?:answer|result|conditions?|original|sum|product|constraints?|equations?|solution))\b)/,
    ],
    weak: [
      /\W{0,6}(?:yes|yeah|okay|good|great|so|and|indeed|thus|which|that),? (?:that |this |it |which |everything |all )?(?:indeed )?(?:checks out|matches|is consistent|seems (?:right|correct|consistent|good)|makes sense|is correct|is right|works out|satisfies)/,
    ],
  },
});

/** Words of which every judgement has one. */
const judged = anchored(
  'yes yep yeah correct right good great perfect works fine indeed exactly all confirm true same consistent valid okay accurate match check hold fit as makes satisf agree verified ' +
    'wrong incorrect not mistake error contradict impossible inconsistent invalid does doesn do don did no ne neq ✓ ✅ √ ≠ 正确 成立 符合 一致 没错 吻合 不对 错误 错了 不成立 矛盾 不符',
);

/** A judgement that the check agreed, or that it did not. */
const HOLDS =
  /(?:^\W{0,6}(?:(?:so|and|okay|ok|ah|thus|hence|well|oh),? ){0,2}(?:yes|yep|yeah|correct|right|good|great|perfect|works|fine|indeed|exactly|all good|confirmed|true|same)\b(?! (?:we|i|let|now|so we|approach|way|idea|question|side|hand))|\b(?:that|this|it|which|all|everything|both|these|they|answer|result|calculation|equation|equations|conditions?|formula|sum|solution|numbers?|values?|approach|reasoning|logic|so|still|indeed|also)(?:'s|’s|'re| is| are| was| were| seems| seem| looks| look| must be| should be)? (?:\w+ ){0,2}(?:correct|right|consistent|good|fine|valid|okay|true|accurate|the same)\b|\bmatch(?:es)?\b|\bchecks? out\b|\b(?:it|that|this|which|everything|equation) (?:indeed )?(?:holds|works|fits)\b|\bit is the same\b|\b(?:same )?as (?:before|expected|required|given|we (?:had|found|got))\b|\bmakes sense\b|\bsatisf(?:y|ies|ied)\b|\bagrees?\b|\bconfirm(?:s|ed)\b|\bis verified\b|✓|✅|√\s*$|(?:正确|成立|符合|一致|没错|吻合))/i;
const FAILS =
  /(?:\b(?:that|this|it|which|so|result|answer|calculation|equation|value|formula|assumption|approach)(?:'s|’s| is| was| seems| must be| can(?:'t|’t|not) be)? (?:\w+ ){0,2}(?:wrong|incorrect|not (?:right|correct|equal|consistent|valid|true|possible|an integer|the same)|a mistake|an error|a contradiction|impossible|inconsistent|invalid)\b|\b(?:doesn(?:'t|’t)|does not|don(?:'t|’t)|do not|did(?:n't| not)) (?:\w+ )?(?:match|work|hold|satisfy|equal|add up|agree|fit|check out|make sense)\b|\b(?:made|making|there(?:'s| is)|found|see) (?:a|an|the|my) (?:mistake|error)\b|\bcontradict(?:s|ion|ory)\b|\bnot equal\b|\binconsistent\b|^\W{0,6}(?:(?:wait|hmm|oh|but),? )*no[,.]|\\ne(?:q)?\b|≠|(?:不对|错误|错了|不成立|矛盾|不符))/i;
/** What keeps a sentence from being a judgement: it supposes, or asks. */
const SUPPOSES = /\b(?:might|may|could|perhaps|maybe|whether|if|should|would)\b|\?\W{0,2}$/i;
/** What begins something else, so that a check without a word of result ends before it. */
const ELSEWHERE =
  /^\W{0,6}(?:#{1,6} |\*\*(?:step|final)|alternatively|another (?:approach|way)|next,|(?:second|third|fourth|fifth|sixth|seventh|eighth|then|finally),? (?:i|we) need\b|now,? (?:let|we|i)\b|case \d|so,? the (?:final )?answer|therefore,? the (?:final )?answer|moving on|step \d)/i;

/** Most steps and UTF-16 units over which the result of a check is looked for. */
const REACH = 12;
const REACH_UNITS = 1_500;
/** Steps of a check whose result is never said. */
const UNSAID = 2;

export const verification: LabelRules = {
  label: 'verification',
  find(reading) {
    const hits = sentenceHits(reading, scan);
    const found: Finding[] = [];
    let last = -1;
    for (const [i, hit] of hits.entries()) {
      if (hit.step <= last) continue;
      // A cue of judgement alone ("That's correct.") is a check of its own only where no check is open.
      const limit = hits.slice(i + 1, i + 8).find((other) => other.step > hit.step && other.strong)?.step ?? Infinity;
      const end = hit.strong
        ? extent(reading, hit.step, limit)
        : { step: hit.step, outcome: judgement(reading, hit.step) };
      last = end.step;
      const finding = passage(reading, hit.step, end.step, hit.words, hit.strong ? 0.9 : 0.6);
      found.push(end.outcome ? { ...finding, outcome: end.outcome } : finding);
    }
    return found;
  },
};

type Extent = { step: number; outcome?: 'holds' | 'fails' };

function extent(reading: Reading, from: number, limit: number): Extent {
  const start = reading.steps[from]!.start;
  const own = judgementInside(reading, from);
  if (own) return { step: from, outcome: own };
  let last = from;
  for (let i = from + 1; i < Math.min(from + REACH, reading.steps.length, limit); i += 1) {
    const step = reading.steps[i]!;
    if (step.end - start > REACH_UNITS || opensSection(reading, i)) break;
    const outcome = judgement(reading, i);
    if (outcome) return { step: i, outcome };
    if (ELSEWHERE.test(reading.text.slice(step.start, step.end))) break;
    if (i <= from + UNSAID) last = i;
  }
  return { step: last };
}

/** A check that is said not to be made: "no need to check". */
const UNDONE =
  /\b(?:no (?:need|reason|point)|not? (?:necessary|needed|have|need|want)|\w{2,6}n['’]t (?:need|have|want|bother)|without|skip(?:ping)?|instead of|rather than)\b[^.,;!?\n]{0,24}\b(?:check|verif|confirm|double)/i;

/** Steps with which a check begins by a cue whose result is said: "Let me check: … Yes, that is right." */
export function saidChecks({ steps }: Reading, found: readonly Finding[]): Set<number> {
  const starts = new Set(found.filter(({ outcome }) => outcome !== undefined).map(({ start }) => start));
  return new Set([...steps.keys()].filter((i) => starts.has(steps[i]!.start)));
}

/** A step that begins something else. */
export function beginsElsewhere(reading: Reading, i: number): boolean {
  const { start, end } = reading.steps[i]!;
  return ELSEWHERE.test(reading.text.slice(start, Math.min(end, start + 120)));
}

export function isUndone(reading: Reading, i: number): boolean {
  const { start, end } = reading.steps[i]!;
  return UNDONE.test(reading.text.slice(start, Math.min(end, start + 200)));
}

/** Whether a step says that what was checked agreed, or that it did not. */
export function judgement(reading: Reading, i: number): 'holds' | 'fails' | undefined {
  const step = reading.steps[i]!;
  if ((reading.gates[i]! & judged) === 0) return undefined;
  const text = reading.text.slice(step.start, Math.min(step.end, step.start + 600));
  if (FAILS.test(text)) return 'fails';
  return HOLDS.test(text) && !SUPPOSES.test(text) ? 'holds' : undefined;
}

/** The cue's own sentence may say the result, behind the cue: "Checking: 3 + 4 = 7, which matches." */
function judgementInside(reading: Reading, i: number): 'holds' | 'fails' | undefined {
  const step = reading.steps[i]!;
  const text = reading.text.slice(step.start, step.end);
  if (!/[=≡≈]|\\equiv/.test(text) || text.endsWith(':') || text.endsWith('?')) return undefined;
  return judgement(reading, i);
}

/** A token such as `</think>` stands between this step and the one before. */
function opensSection(reading: Reading, i: number): boolean {
  const from = reading.steps[i - 1]!.end;
  const to = reading.steps[i]!.start;
  return to - from > 6 && /<\/?think>|<\||<｜/.test(reading.text.slice(from, to));
}
