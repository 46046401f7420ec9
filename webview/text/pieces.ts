/** Cuts a block at the edges of its formulas and spans: what is drawn as one run. Pure: no DOM. */
import type { Span } from '../../core/behaviours/spans.ts';
import type { MathRegion } from '../../core/traces/math.ts';
import { lowerBound } from '../../core/traces/lower-bound.ts';

export interface Piece {
  start: number;
  end: number;
  /** The piece is this formula, whole. */
  formula: MathRegion | null;
  /** The spans over it, the longest first. */
  spans: Span[];
}

/** A formula is never cut: a span that begins or ends inside one covers all of it. */
export function pieces(start: number, end: number, spans: readonly Span[], formulas: readonly MathRegion[]): Piece[] {
  const edges = new Set([start, end]);
  for (const formula of formulas) edges.add(formula.start).add(formula.end);
  const snapped = spans.map((span) => ({ span, ...snap(span, formulas) }));
  for (const { from, to } of snapped) {
    if (from > start && from < end) edges.add(from);
    if (to > start && to < end) edges.add(to);
  }
  const sorted = [...edges].sort((a, b) => a - b);
  const waiting = snapped.toSorted((a, b) => b.from - a.from);
  let over: typeof snapped = [];
  const found: Piece[] = [];
  let f = 0;
  for (let i = 0; i + 1 < sorted.length; i += 1) {
    const from = sorted[i]!;
    const to = sorted[i + 1]!;
    while (f < formulas.length && formulas[f]!.end <= from) f += 1;
    const formula = formulas[f];
    over = over.filter((s) => s.to > from);
    while (waiting.length > 0 && waiting.at(-1)!.from < to) {
      const next = waiting.pop()!;
      if (next.to > from) over.push(next);
    }
    found.push({
      start: from,
      end: to,
      formula: formula && formula.start === from && formula.end === to ? formula : null,
      spans: over.map((s) => s.span).sort((a, b) => b.end - b.start - (a.end - a.start)),
    });
  }
  return found;
}

function snap(span: Span, formulas: readonly MathRegion[]): { from: number; to: number } {
  const at = (offset: number) => {
    const i = lowerBound(formulas.length, (k) => formulas[k]!.end > offset);
    const formula = formulas[i];
    return formula && formula.start < offset ? formula : null;
  };
  return { from: at(span.start)?.start ?? span.start, to: at(span.end)?.end ?? span.end };
}

/** Spans of one text, ready to be asked which of them touch a stretch. */
export class SpanIndex<S extends Span> {
  readonly spans: readonly S[];
  /** The furthest end of all spans up to each. */
  readonly #reach: number[] = [];

  constructor(spans: readonly S[]) {
    this.spans = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
    let reach = -1;
    for (const span of this.spans) this.#reach.push((reach = Math.max(reach, span.end)));
  }

  within(start: number, end: number): S[] {
    const found: S[] = [];
    for (
      let i = lowerBound(this.spans.length, (k) => this.#reach[k]! > start);
      i < this.spans.length && this.spans[i]!.start < end;
      i += 1
    ) {
      if (this.spans[i]!.end > start) found.push(this.spans[i]!);
    }
    return found;
  }
}
