/**
 * The detector: rules over cue words and their context, and a small model that reads a step among its neighbours and sees what the rules
 * say. The rules alone decide over restarts, loops and markers, and where the model cannot read.
 */
import { atOnce } from '../metrics/slices.ts';
import type { Finding } from './label.ts';
import { findings } from './model/findings.ts';
import { RULE_BITS } from './model/tasks.ts';
import { findByRules, viewsOf } from './model/views.ts';
import { registry } from './registry.ts';
import type { Label, Span } from './spans.ts';
import { read } from './text.ts';

/** The version changes whenever any text's spans may change. */
export const DETECTOR = { name: 'longhand', version: '4' } as const;

export interface DetectOptions {
  /** Which text it is (default `completion`). */
  in?: Span['in'];
  /** The recipe's style markers, found as literals. */
  markers?: readonly string[];
  /** The problem's text: its own words, repeated in the completion, are no behaviour. */
  problem?: string;
}

/** Every span of a text, by start, then the longer first. Spans of different labels may overlap. Never throws. */
export const detect = (text: string, options: DetectOptions = {}): Span[] => atOnce(detecting(text, options));

/** {@link detect} for whoever has other work: yields now and then, of a text of 100,000 tokens every some milliseconds. */
export function* detecting(text: string, options: DetectOptions = {}): Generator<void, Span[]> {
  const reading = read(text, options.markers ?? [], options.problem);
  yield;
  const byRules = yield* findByRules(reading);
  const views = viewsOf(reading, byRules, options.problem);
  yield;
  const byModel: Partial<Record<Label, Finding[]>> = yield* findings(reading, views, byRules);
  const spans: Span[] = [];
  for (const { label, find } of registry) {
    const rules = RULE_BITS.findIndex((one) => one === label);
    for (const finding of byModel[label] ?? byRules[rules] ?? find(reading)) {
      spans.push({
        in: options.in ?? 'completion',
        ...finding,
        label,
        detector: DETECTOR.name,
        version: DETECTOR.version,
      });
    }
  }
  return spans.sort((a, b) => a.start - b.start || b.end - a.end);
}
