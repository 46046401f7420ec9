/** The detector: rules over cue words and their context, the same in service, webview and command line. */
import { registry } from './registry.ts';
import type { Span } from './spans.ts';
import { read } from './text.ts';

/** The version changes whenever any text's spans may change. */
export const DETECTOR = { name: 'longhand-rules', version: '1' } as const;

export interface DetectOptions {
  /** Which text it is (default `completion`). */
  in?: Span['in'];
  /** The recipe's style markers, found as literals. */
  markers?: readonly string[];
  /** The problem's text: its own words, repeated in the completion, are no behaviour. */
  problem?: string;
}

/** Every span of a text, by start, then the longer first. Spans of different labels may overlap. Never throws. */
export function detect(text: string, options: DetectOptions = {}): Span[] {
  const reading = read(text, options.markers ?? [], options.problem);
  const spans: Span[] = [];
  for (const rules of registry) {
    for (const finding of rules.find(reading)) {
      spans.push({
        in: options.in ?? 'completion',
        ...finding,
        label: rules.label,
        detector: DETECTOR.name,
        version: DETECTOR.version,
      });
    }
  }
  return spans.sort((a, b) => a.start - b.start || b.end - a.end);
}
