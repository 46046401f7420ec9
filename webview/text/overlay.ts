/** What lies over a text: the spans of the detectors, the answer that was found, and the pills after them. Pure: no DOM. */
import type { Span } from '../../core/behaviours/spans.ts';
import { shownSpans, type ShownLayers } from '../../core/labels/shown.ts';
import type { TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import type { Annotations, TraceDetail } from '../../core/protocol/traces.ts';
import { outcomeWords } from '../ui/labels.ts';

export type Tone = 'right' | 'wrong' | 'cut' | 'neutral';

export interface Overlay extends Span {
  /** Set on what a judge says: drawn over the line, where the detector's stands under it. */
  by?: 'judge';
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

/** All that is drawn over a trace's texts. `text` is the completion as far as it has been read. */
export function overlays(
  detail: TraceDetail | null,
  annotations: Annotations | null,
  text: string,
  shown: ShownLayers = { kinds: ['detector'] },
  figures: TraceFiguresAnswer | null = null,
): Overlay[] {
  const spans = shownSpans(annotations, shown);
  const right = figures === null || figures.first === null ? null : (figures.answers[figures.first] ?? null);
  const judged = new Set(annotations?.layers?.flatMap(({ kind, spans: own }) => (kind === 'judge' ? own : [])));
  const first = right && spans.find((span) => !judged.has(span) && isAround(span, right));
  const pill = { text: '✓ first right answer', tone: 'right' as const };
  const found: Overlay[] = spans.map((span) => {
    if (judged.has(span)) return { ...span, by: 'judge' };
    if (span === first) return { ...span, pill };
    return span.outcome ? { ...span, pill: outcomeWords(span.label, span.outcome) } : span;
  });
  if (right && !first && right.end <= text.length) {
    const { start, end, rule, text: evidence } = right;
    const by = { detector: `answer, found by ${rule}`, version: '', confidence: 1, evidence };
    found.push({ in: 'completion', start, end, label: 'answer_commitment', ...by, pill });
  }
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

const isAround = (span: Span, { start, end }: { start: number; end: number }): boolean =>
  span.label === 'answer_commitment' && span.in === 'completion' && span.start <= start && span.end >= end;

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
