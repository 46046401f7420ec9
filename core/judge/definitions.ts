/**
 * What a judge is asked for: a label by what a step does where it stands, with an example and a counter-example each. The same
 * definitions as in docs/behaviours.md. Loops and markers are found by rule and need no judge.
 */
import type { Label } from '../behaviours/spans.ts';

export const judgeLabels = [
  'verification',
  'backtracking',
  'subgoal',
  'backward_reasoning',
  'uncertainty',
  'answer_commitment',
  'restart',
  'case_split',
] as const satisfies readonly Label[];
export type JudgeLabel = (typeof judgeLabels)[number];

/** Said of the first step of a check beside `verification`, so that two checks in a row stay two. */
export const CHECK_BEGINS = 'verification_start';
/** What an answer may say of a step. */
export type AnswerLabel = JudgeLabel | typeof CHECK_BEGINS;

export interface Definition {
  label: AnswerLabel;
  is: string;
  example: string;
  not: string;
}

export const definitions: readonly Definition[] = [
  {
    label: 'verification',
    is: 'part of a check of something already obtained or claimed: a value is put back, a computation is done a second time, a small case or another method is compared, and how it came out. The check ends with its result, or where the writer goes on to new work. Every step of the check has the label',
    example: '“Putting x = 3 back: 2·3 + 1 = 7.” “Good, that fits.”',
    not: '“Try n = 6: 36 − 6 = 30, too small.” (a candidate met for the first time in a search); “So 12 · 5 = 60.” (a first computation)',
  },
  {
    label: CHECK_BEGINS,
    is: 'the step with which a check begins, announced or not; it has verification too',
    example: '“Let me make sure of 84.”',
    not: 'the steps of a check after its first one',
  },
  {
    label: 'backtracking',
    is: 'at this step a result or an approach is given up, or the writer turns from the approach under way to another one, tentatively or not',
    example: '“No, I forgot the factor 2.” “This leads nowhere.” “Perhaps similar triangles instead.”',
    not: 'the corrected work after it; “Another way to see it gives 14 as well.” (a check that confirms); a guess weighed against another one',
  },
  {
    label: 'subgoal',
    is: 'it announces work that comes next, on any scale: a plan, a part of the problem, a single operation, a check, another approach, a heading that names what follows',
    example: '“First I have to find the radius, then the area.” “Multiply both sides by 3:” “Let me make sure of 84.”',
    not: '“Let r be the radius.” (a name is given); “Adding both gives 9.” (it is done); “So the area is” (words that carry into a result); a case that is opened',
  },
  {
    label: 'backward_reasoning',
    is: 'from a wanted end (the goal, a property to be had, a last state) to what it needs',
    example: '“For the sum to be even, both must be odd or both even.” “To end at 24 the last move must be 8 · 3.”',
    not: 'the task said again; “x is even, so x² is even.” (a deduction from what is given)',
  },
  {
    label: 'uncertainty',
    is: 'a remark on the work, or on the state of the writer, that says doubt, confusion, not knowing, surprise or difficulty; without it the mathematics would be complete; a bare “Hmm.” too',
    example: '“I am not sure whether zero counts here.” “This is getting messy.”',
    not: '“Maybe use a substitution.” (a suggestion); “So k runs up to 404?” “Perhaps x is even.” (mathematics, put as a question or a guess)',
  },
  {
    label: 'answer_commitment',
    is: 'what was asked for is stated as the answer; every time that happens',
    example: '“So the answer is 42.” a boxed answer',
    not: '“So the radius is 3.” (a result on the way); “The answer has the form m/n.”',
  },
  {
    label: 'restart',
    is: 'the whole solution is begun again',
    example: '“Let me start from the beginning.”',
    not: '“We start with n = 1.”; one computation done again (verification)',
  },
  {
    label: 'case_split',
    is: 'the problem is divided into cases, or a case is opened',
    example: '“Case 2: n is odd.” “Either a = 0 or b = 0.”',
    not: '“In any case it is 5.”; the work inside a case',
  },
];
