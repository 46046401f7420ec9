/** What lies over a text: the spans of the detectors, the answer that was found, and the pills after them. Pure: no DOM. */
import type { Span } from '../../core/behaviours/spans.ts';
import { shownSpans, type ShownLayers } from '../../core/labels/shown.ts';
import type { Annotations, TraceDetail } from '../../core/protocol/traces.ts';
import { outcomeWords } from '../ui/labels.ts';

export type Tone = 'right' | 'wrong' | 'cut' | 'neutral';

export interface Overlay extends Span {
  /** Set on the answer that the checker was given. */
  answer?: Tone;
  pill?: { text: string; tone: Tone };
}

/** A verdict, or that the text was cut before there could be one, as a colour. */
export function toneOf(facts: { verdict: string | null; finish: string | null }): Tone {
  if (facts.verdict === 'right') return 'right';
  if (facts.finish === 'length') return 'cut';
  return facts.verdict === 'wrong' ? 'wrong' : 'neutral';
}

/** The first stated answer that has the text of the one judged right; null when it is not right or nowhere stated before. */
export function firstRightAnswer(detail: TraceDetail | null, spans: readonly Span[], text: string): Span | null {
  const answer = detail?.verdict === 'right' ? detail.answerFound?.text.trim() : '';
  if (!answer) return null;
  return (
    spans.find((span) => span.label === 'answer_commitment' && says(text.slice(span.start, span.end), answer)) ?? null
  );
}

/** True when `answer` stands in `text` by itself: 33 stands in "is 33." and not in "is 133". */
function says(text: string, answer: string): boolean {
  for (let at = text.indexOf(answer); at >= 0; at = text.indexOf(answer, at + 1)) {
    const before = text.charAt(at - 1);
    const after = text.slice(at + answer.length, at + answer.length + 2);
    if (!/[\w.]/.test(before) && !/^(?:\w|\.\d)/.test(after)) return true;
  }
  return false;
}

/** All that is drawn over a trace's texts. `text` is the completion as far as it has been read. */
export function overlays(
  detail: TraceDetail | null,
  annotations: Annotations | null,
  text: string,
  shown: ShownLayers = { kinds: ['detector'] },
): Overlay[] {
  const spans = shownSpans(annotations, shown);
  const first = firstRightAnswer(detail, spans, text);
  const found: Overlay[] = spans.map((span) => {
    if (span === first) return { ...span, pill: { text: '✓ first right answer', tone: 'right' as const } };
    return span.outcome ? { ...span, pill: outcomeWords(span.label, span.outcome) } : span;
  });
  const answer = detail?.answerFound;
  if (detail && answer && answer.end <= text.length) {
    found.push({
      in: 'completion',
      start: answer.start,
      end: answer.end,
      label: 'answer_commitment',
      detector: `answer, found by ${answer.rule}`,
      version: '',
      confidence: 1,
      evidence: answer.text,
      answer: toneOf(detail),
    });
  }
  return found;
}

/** True when two lists look the same on the screen. */
export function sameOverlays(a: readonly Overlay[], b: readonly Overlay[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i]!;
      return (
        one === other ||
        (one.start === other.start &&
          one.end === other.end &&
          one.label === other.label &&
          one.answer === other.answer &&
          one.evidence === other.evidence &&
          one.detector === other.detector &&
          one.pill?.text === other.pill?.text)
      );
    })
  );
}
