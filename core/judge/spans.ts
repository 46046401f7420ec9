/** From labels of steps to spans of the text. */
import type { Step } from '../traces/steps.ts';
import { CHECK_BEGINS, judgeLabels, type AnswerLabel, type JudgeLabel } from './definitions.ts';

export interface JudgedSpan {
  start: number;
  end: number;
  label: JudgeLabel;
}

/** Adjacent steps with one of these are one passage; of the other labels every step is a span of its own. */
const passages: ReadonlySet<JudgeLabel> = new Set<JudgeLabel>(['verification', 'backtracking']);

/**
 * By start, then the longer first. A passage ends where a step has not its label, was not judged, or where something stands between
 * two steps that belongs to none (a token); a check also where the next one begins. A formula that follows the statement of an answer
 * and has the label too belongs to it.
 */
export function judgedSpans(
  text: string,
  steps: readonly Step[],
  labels: ReadonlyMap<number, readonly AnswerLabel[]>,
): JudgedSpan[] {
  const spans: JudgedSpan[] = [];
  for (const label of judgeLabels) {
    let open: JudgedSpan | null = null;
    for (const [i, step] of steps.entries()) {
      const said = labels.get(i);
      if (!said?.includes(label)) {
        open = null;
        continue;
      }
      const joins =
        (passages.has(label) && !(label === 'verification' && said.includes(CHECK_BEGINS))) ||
        (label === 'answer_commitment' && step.kind === 'display');
      if (open && joins && text.slice(open.end, step.start).trim() === '') open.end = step.end;
      else spans.push((open = { start: step.start, end: step.end, label }));
    }
  }
  return spans.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** What was judged of the text, as `Layer.read` has it: steps in a row as one. */
export function judgedStretches(
  steps: readonly Step[],
  labels: ReadonlyMap<number, unknown>,
): [start: number, end: number][] {
  const found: [start: number, end: number][] = [];
  let last = -2;
  for (const [i, { start, end }] of steps.entries()) {
    if (!labels.has(i)) continue;
    if (last === i - 1) found.at(-1)![1] = end;
    else found.push([start, end]);
    last = i;
  }
  return found;
}
