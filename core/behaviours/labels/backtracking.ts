/** An approach or a result is given up. */
import { cues, sentenceHits, type Hit } from '../cues.ts';
import { CERTAIN, passage, type Finding, type LabelRules } from '../label.ts';
import type { Reading } from '../text.ts';

const A_MISTAKE = '(?:a |an |some |the )(?:\\w+ )?(?:mistake|error)';
const MISTAKEN = 'miscalculated|miscounted|misread|misunderstood|misapplied|overlooked|forgot';

const scan = cues({
  inside: {
    anchors:
      'approach method way strateg idea angle route perspective technique differently wrong incorrect correct right valid possible mistake error flawed invalid impossible messed miscalculat miscount misread misunderst misappl overlooked forgot scratch thought never forget oops dead path assumption formula back backtrack reconsider rethink think try step revisit reevaluat evaluat reexamin examin again easier better simpler smarter contradict 换 不 错 另',
    strong: [
      /(?:another|a different|a better|a smarter|an alternative|an easier|some other) (?:approach|way|method|strategy|idea|angle|route|perspective|technique)/,
      /(?:think|approach|try|look at|do|tackle|consider|model|view|reason|see) (?:\w+ ){0,3}differently/,
      /(?:that|this|it|which|result|answer|value|formula|calculation|approach|assumption|so)(?:'s|’s| is| was| must be| seems| looks)(?: \w+){0,2} (?:wrong|incorrect|not (?:right|correct|valid|possible)|a mistake|an error|flawed|invalid|impossible)/,
      // Said for certain: "maybe I made a mistake" doubts, and gives nothing up.
      new RegExp(
        `(?:^\\W{0,4}|\\b(?:wait|oops|oh|ah|so|but|no|actually|therefore|thus|hence|hold on|means|think)\\W{1,3})(?:i|we)(?:'ve|’ve| must have| have| had)? (?:just |clearly |actually |also |previously |initially )?(?:made ${A_MISTAKE}|messed|${MISTAKEN})`,
      ),
      /my (?:mistake|error|bad)/,
      /(?:scratch that|on second thought|never ?mind|forget (?:that|it|about that)|oops|dead end)/,
      /(?:this|that|the) (?:approach|method|way|path|idea|assumption|formula|strategy|route) (?:\w+ )?(?:doesn't|doesn’t|does not|didn't|didn’t|won't|won’t|isn't|isn’t|is not|is flawed|fails|failed|is wrong|leads nowhere|might not|may not|can't|cannot)/,
      /(?:let me|let's|let’s|let us|i(?:'ll|’ll| should| need to)|we (?:should|need to)) (?:\w+ ){0,2}(?:go back|backtrack|step back|reconsider|rethink|re-?think|revisit|re-?evaluate|re-?examine|think again|try again|correct (?:this|that|it))/,
      /(?:perhaps|maybe) (?:it(?:'s|’s| is| would be)|there(?:'s|’s| is)) (?:\w+ )?(?:easier|better|simpler|smarter|more|another|a (?:better|smarter|different|simpler))/,
      /换(?:一?[种个])?(?:方法|思路|角度)|不对|(?:我|这里)?(?:算|弄|搞)?错了|另一种(?:方法|思路)/,
    ],
    weak: [
      new RegExp(`(?:i|we) (?:\\w+ ){0,2}(?:messed|${MISTAKEN})`),
      /(?:made|making) (?:a |an |some |the )?(?:\w+ )?(?:mistake|error)/,
      /(?:leads? to|is|have|get|gives?|reach(?:ed)?) (?:a |an )?contradict(?:ion|ory)/,
      /(?:going|go) back to (?:the )?(?:original|previous|earlier|first|start|equation|problem)/,
    ],
  },
  opening: {
    anchors: 'alternativ wait hold instead no nope actually should need must',
    strong: [
      /\W{0,6}(?:(?:or|but|so|wait|hmm|okay|ok|and)[,.]? ){0,2}alternativ(?:ely(?!,? (?:since|note|notice|observe|because|given|recall|the|this|that|it|for|\d))|e (?:approach|method|solution|way))/,
      /\W{0,6}(?:(?:but|oh|hmm|okay|so|no)[,.]? )?(?:wait|hold on)\W{1,4}(?:but )?(?:perhaps|maybe|no\b|instead|alternatively|better|that(?:(?:'s|’s| is| was) (?:not|wrong|incorrect|impossible|a mistake|an error|different|too|because)| can't| can’t| cannot| doesn't| doesn’t| isn't| isn’t| seems (?:wrong|off|not|too))|this (?:is wrong|can't|can’t|doesn't|doesn’t|seems wrong)|i (?:made|think i (?:made|messed|made)|messed|forgot|missed|misread|should(?:n't| not| have)|was wrong|confused|need to correct|see my|see the (?:mistake|error)))/,
      /\W{0,6}(?:so |but )?(?:i|we) (?:should|need to|must) (?:instead|go back)/,
    ],
    weak: [
      /\W{0,6}(?:but |so |and )?instead,?/,
      /\W{0,6}(?:no|nope)[,.—-]/,
      /\W{0,6}actually,? (?:no|wait|i|that|this|the|it|perhaps|maybe|we)/,
    ],
  },
});

/** A mistake is admitted, and not only thought possible: beyond doubt, where a cue decides alone. */
const ADMITTED = new RegExp(`\\b(?:made ${A_MISTAKE}|messed up|${MISTAKEN}|oops|scratch that)\\b`, 'i');
const POSSIBLE = /\b(?:maybe|perhaps|might|may|could|possibl[ey]|possibility|if|whether|any|unless|chance)\b|\?/i;

/** What a corrected result begins with, and what says that nothing changed after all. */
const CORRECTED =
  /^\W{0,4}(?:so|then|therefore|thus|hence|instead|the (?:correct|right)|actually|it|rather)\b[^?]{0,40}?\b(?:is|are|should|must|be|equals|becomes|=)/i;
const KEPT =
  /\b(?:no,? (?:that|it|this)(?:'s|’s| is| was)(?: \w+)? (?:right|correct|fine|okay)|(?:was|is|it's|that's) (?:right|correct|fine|okay) after all|same (?:result|answer|thing|as before)|still (?:the same|holds|correct)|never ?mind)\b/i;
/** Words after which a correction may follow: a result, not an approach, was given up. */
const RESULT = /wrong|incorrect|not right|not correct|mistake|error|错|不对/i;

export const backtracking: LabelRules = {
  label: 'backtracking',
  find: (reading) =>
    sentenceHits(reading, scan).map((hit) =>
      withOutcome(reading, hit.step, passage(reading, hit.step, hit.step, hit.words, sureness(reading, hit))),
    ),
};

function sureness({ text, steps }: Reading, { step, strong }: Hit): number {
  if (!strong) return 0.55;
  const said = text.slice(steps[step]!.start, steps[step]!.end);
  return ADMITTED.test(said) && !POSSIBLE.test(said) ? CERTAIN : 0.85;
}

/** The finding, one step, with what came of it: by its own words and those of the next step. */
export function withOutcome(reading: Reading, step: number, finding: Finding): Finding {
  const said = reading.text.slice(finding.start, finding.end);
  const next = reading.steps[step + 1];
  const following = next && next.kind === 'text' ? reading.text.slice(next.start, next.end) : '';
  if (KEPT.test(said) || KEPT.test(following)) return { ...finding, outcome: 'keeps' };
  if (RESULT.test(said) && CORRECTED.test(following)) return { ...finding, outcome: 'changes' };
  return finding;
}
