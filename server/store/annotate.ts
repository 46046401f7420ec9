/** Spans, sections and steps of a trace, found when they are asked for and kept as long as the text does not grow. */
import { countSpans } from '../../core/behaviours/count.ts';
import { detecting, type DetectOptions } from '../../core/behaviours/detect.ts';
import type { Span, SpanCounts } from '../../core/behaviours/spans.ts';
import { atOnce } from '../../core/metrics/slices.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { Annotations } from '../../core/protocol/traces.ts';
import { sections } from '../../core/traces/sections.ts';
import { stepStarts } from '../../core/traces/steps.ts';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { Slices } from './slices.ts';
import type { TextKind, TextReader } from './text.ts';
import { findTrace, textOf } from './traces.ts';
import type { TracePlace } from './traces.ts';

/** A longer completion is read up to here; `length` of the answer says so. UTF-16 units. */
const READ_LIMIT = 8 * 2 ** 20;
/** Spans and steps kept in all. */
const KEPT = 500_000;

/** What is known of a text before it is read. */
interface Reading {
  /** The recipe's style markers, and the problem. */
  options: DetectOptions;
  /** Bytes at its end that ended it. */
  ending: number;
}

interface Kept {
  annotations: Annotations;
  /** What ended it is known only of a trace that has ended. */
  live: boolean;
  /** When it was found, and how long that took; milliseconds. */
  at: number;
  took: number;
}

export class Annotator {
  private readonly index: IndexFile;
  private readonly root: string;
  private readonly texts: TextReader;
  private readonly cache = new Lru<number, Kept>(KEPT, ({ annotations: a }) => a.spans.length + a.steps.length + 1);

  /** Counts what {@link forget} is told: what was begun before is not kept. */
  private forgotten = 0;

  constructor(index: IndexFile, root: string, texts: TextReader) {
    this.index = index;
    this.root = root;
    this.texts = texts;
  }

  annotations(trace: string): Annotations {
    return atOnce(this.annotating(trace));
  }

  /** The same, of a long text in slices: of what there was of it at the beginning. */
  *annotating(trace: string): Generator<void, Annotations> {
    const place = findTrace(this.index, this.root, trace);
    const length = Math.min(this.texts.length(0, place.id), READ_LIMIT);
    const known = this.cache.get(place.id);
    if (known?.annotations.length === length && known.live === place.live) return known.annotations;
    const slices = new Slices();
    const { forgotten } = this;
    const began = performance.now();
    // A long text that still grows is read again when that takes at most a tenth of the time.
    if (known && place.live && began - known.at < 9 * known.took) return known.annotations;
    const completion = this.read(place, 'completion', READ_LIMIT);
    const prompt = this.read(place, 'prompt', READ_LIMIT);
    const reading = this.readingOf(place);
    yield* slices.breath();
    const spans = [
      ...(yield* slices.slowly(detecting(prompt, { ...reading.options, in: 'prompt' }))),
      ...(yield* slices.slowly(this.spansOf(place, completion, reading))),
    ];
    yield* slices.breath();
    const result: Annotations = {
      trace,
      length: completion.length,
      spans,
      counts: countSpans(spans.filter((span) => span.in === 'completion')),
      sections: sections(completion, thinksAlready(prompt)),
      steps: stepStarts(completion),
    };
    const at = performance.now();
    if (forgotten === this.forgotten)
      this.cache.set(place.id, { annotations: result, live: place.live, at, took: at - began });
    return result;
  }

  /**
   * A completion with the spans of {@link annotations}. Yields now and then.
   * @throws `not_found`, `corrupt` where the text is gone
   */
  *reading(trace: string): Generator<void, { text: string; spans: Span[] }> {
    const { spans, length } = yield* this.annotating(trace);
    return { text: this.read(findTrace(this.index, this.root, trace), 'completion', length), spans };
  }

  /**
   * The text of {@link reading} alone.
   * @throws `not_found`, `corrupt` where the text is gone
   */
  text(trace: string): string {
    return this.read(findTrace(this.index, this.root, trace), 'completion', READ_LIMIT);
  }

  /**
   * Spans by label in at most `limit` units of the completion: the counts of {@link annotations}, and nothing is kept here.
   * Yields now and then.
   * @throws `corrupt` where the text is gone
   */
  *counts(place: TracePlace, limit: number): Generator<void, { counts: SpanCounts; cut: boolean }> {
    const completion = this.read(place, 'completion', limit);
    const cut = this.texts.length(0, place.id) > limit;
    return { counts: countSpans(yield* this.spansOf(place, completion, this.readingOf(place))), cut };
  }

  /** Spans of a completion; what ended it (a stop text, an end token) is no behaviour of its own, only a marker. */
  private *spansOf({ id }: TracePlace, completion: string, { options, ending }: Reading): Generator<void, Span[]> {
    const isWhole = this.texts.length(0, id) <= completion.length;
    const spans = yield* detecting(completion, { ...options, in: 'completion' });
    if (ending === 0 || !isWhole) return spans;
    const end = completion.length - unitsAtEnd(completion, ending);
    return spans
      .filter(({ start, label }) => start < end || label === 'marker')
      .map((span) => (span.end > end && span.label !== 'marker' ? { ...span, end } : span));
  }

  private readingOf({ id }: TracePlace): Reading {
    const row = this.index.get<{ problem: string; marker: string | null; markers: string | null; ending: number }>(
      `SELECT p.text AS problem, t.marker, a.markers, d.ending FROM traces t JOIN details d ON d.id = t.id
         JOIN problems p ON p.id = t.problem_id JOIN attempts a ON a.id = t.attempt_id
       WHERE t.id = ?`,
      id,
    );
    const all = [...(row?.markers ? (JSON.parse(row.markers) as string[]) : []), ...(row?.marker ? [row.marker] : [])];
    const options = { markers: [...new Set(all)], problem: row ? (JSON.parse(row.problem) as string) : '' };
    return { options, ending: row?.ending ?? 0 };
  }

  forget(): void {
    this.forgotten += 1;
    this.cache.clear();
  }

  private read(place: TracePlace, side: 'prompt' | 'completion', limit: number): string {
    const { kind, owner }: { kind: TextKind; owner: number } = textOf(place, side);
    try {
      return this.texts.slice(place.folder, kind, owner, 0, limit, limit).text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new LonghandError(
        'corrupt',
        `A file that holds the text is gone: ${(error as NodeJS.ErrnoException).path ?? ''}`,
      );
    }
  }
}

/** UTF-16 units of the last `bytes` bytes of a text in UTF-8. */
export function unitsAtEnd(text: string, bytes: number): number {
  const end = text.slice(-bytes);
  return Buffer.from(end).subarray(-bytes).toString().length;
}

/** The prompt opened a thought that the completion goes on with. */
const thinksAlready = (prompt: string): boolean => prompt.lastIndexOf('<think>') > prompt.lastIndexOf('</think>');
