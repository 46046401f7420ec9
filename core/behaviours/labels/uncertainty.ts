/** A remark that says doubt, or not knowing; mathematics that is put as a question or a guess is none. */
import { sentenceLabel } from './sentence-label.ts';

export const uncertainty = sentenceLabel('uncertainty', {
  inside: {
    anchors:
      'discrepanc inconsisten intractab vague educated best hmm sure certain clear confident straightforward obvious immediately helpful nice confus stuck unsure lost puzzled overcomplicat overthink missing mixing complicated messy tricky tough abstract unclear involved tedious complex challeng weird strange difficult ambig know remember recall understand see doubt wonder who idea guess careful mis made wrong overlook might may assuming off odd suspicious contradictory too 不 让 我 也 或',
    strong: [
      /(?:^|[.,;!?] )\W{0,3}hm+/,
      /(?:not|isn't|isn’t|wasn't) (?:\w+ ){0,2}(?:sure|certain|clear|confident|straightforward|obvious|immediately|nice)/,
      /(?:i(?:'m|’m| am)|we(?:'re|’re| are)|i feel|i got|got|getting) (?:\w+ ){0,3}(?:confus(?:ed|ing)|stuck|unsure|lost|puzzled|overcomplicating|overthinking|missing something|mixing)/,
      /(?:is|seems|looks|getting|gets|be|becoming|sounds|this|bit|pretty|quite|very|too|so|really|and) (?:\w+ ){0,3}(?:complicated|messy|tricky|confusing|tough|abstract|unclear|involved|tedious|complex(?! (?:num|plane|conj|root|exp|val|coord|coef|sol))|challenging|weird|strange|difficult|ambiguous)(?=\W|$)/,
      /i (?:don't|don’t|do not|didn't) (?:\w+ )?(?:know|remember|recall|understand|see (?:how|why|a))/,
      /(?:i (?:doubt|wonder)|who knows|no idea|i guess|can't recall|cannot recall)/,
      /(?:need|have) to be careful/,
      /(?:maybe|perhaps|think) i(?:'m| am| have|'ve)? (?:\w+ )?(?:made|recalled|missed|misunder\w+|miscount\w+|misread\w*|mis\w+|confus\w+|wrong|overlook\w+)/,
      /can(?:'t|’t|not) be (?:\w+ )?(?:sure|certain)/,
      /不(?:太)?(?:确定|知道|清楚)|让我想想/,
    ],
    weak: [
      /(?:discrepancy|inconsisten(?:t|cy)|intractable|too vague|educated guess|try my best|mis(?:counting|understanding|calculated|counted|read|understood|calculation))/,
      /(?:might|may) (?:be (?:wrong|mistaken|missing|a mistake|an error|overcomplicating))/,
      /i(?:'m|’m| am) (?:\w+ )?assuming/,
      /(?:seems?|looks?|feels?) (?:off|odd|wrong|suspicious|contradictory|too (?:large|small|big|high|low|easy|simple))/,
      /也许|或许/,
    ],
  },
  opening: {
    anchors: 'wait hold let maybe perhaps or so hmm',
    weak: [
      /\W{0,3}(?:but )?(?:wait|hold on)\W{0,4}(?:(?:but )?hold on\W{0,2}|let me (?:think|see)[^\n]{0,24})?$/,
      /\W{0,3}(?:(?:okay|ok|so|now|hmm|well),? )?let me (?:think|see)(?: about (?:this|that|it)| here| again)?\W{0,3}$/,
    ],
  },
  negatable: false,
});
