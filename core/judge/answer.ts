/**
 * Reads what a judge answers. Strict about what a line says, tolerant of what stands around it: fences, a list's brackets and commas,
 * words before and after, a thought. What cannot be used is counted and shown, never guessed.
 */
import { CHECK_BEGINS, judgeLabels, type AnswerLabel } from './definitions.ts';

export interface ParsedAnswer {
  /** By number of the step, as in the question. */
  labels: Map<number, AnswerLabel[]>;
  /** Steps that were asked for and have no usable line. */
  missing: number[];
  /** Lines that begin like an answer and cannot be used: the first ten, shortened, with the reason. */
  faults: { line: string; why: string }[];
  faultCount: number;
}

const FAULTS = 10;
const SHOWN = 120;
const known: ReadonlySet<string> = new Set<AnswerLabel>([...judgeLabels, CHECK_BEGINS]);

/** Steps `first` to `last` (inclusive) were asked for. Linear in the text; never throws. */
export function parseAnswer(text: string, first: number, last: number): ParsedAnswer {
  const parsed: ParsedAnswer = { labels: new Map(), missing: [], faults: [], faultCount: 0 };
  const spoiled = new Set<number>();
  const fault = (line: string, why: string): void => {
    parsed.faultCount += 1;
    if (parsed.faults.length < FAULTS) parsed.faults.push({ line: line.slice(0, SHOWN), why });
  };
  const take = (object: Record<string, unknown>, line: string): void => {
    for (const [name, value] of entriesOf(object)) {
      const step = /^\d{1,7}$/.test(name) ? Number(name) : NaN;
      if (!(step >= first && step <= last)) {
        fault(line, `“${name.slice(0, 20)}” is no step of ${first} to ${last}`);
        continue;
      }
      const labels = labelsOf(value);
      if (typeof labels === 'string') {
        fault(line, labels);
        spoiled.add(step);
        continue;
      }
      const before = parsed.labels.get(step);
      if (before && (before.length !== labels.length || before.some((one) => !labels.includes(one)))) {
        fault(line, `step ${step} is answered twice and differently`);
        spoiled.add(step);
      } else parsed.labels.set(step, labels);
    }
  };

  const said = afterThought(text);
  const whole = objectOf(said.trim().replaceAll(/^```[a-z]*\s*|\s*```$/gi, ''));
  if (whole) for (const object of whole) take(object, said.trim());
  else {
    for (const line of said.split(/[\r\n]+/)) {
      const open = line.indexOf('{');
      const close = line.lastIndexOf('}');
      if (open < 0) continue;
      const found = close > open ? objectOf(line.slice(open, close + 1)) : null;
      if (found) for (const object of found) take(object, line);
      else if (/^[\s\-*[\]`,\d.)]*\{\s*"/.test(line)) fault(line, 'is not JSON');
    }
  }
  for (const step of spoiled) parsed.labels.delete(step);
  for (let step = first; step <= last; step += 1) if (!parsed.labels.has(step)) parsed.missing.push(step);
  return parsed;
}

/** `{"step": 3, "labels": []}` says the same as `{"3": []}`. */
function entriesOf(object: Record<string, unknown>): [string, unknown][] {
  if (!Object.hasOwn(object, 'step')) return Object.entries(object);
  const { step, labels } = object;
  return [[typeof step === 'number' || typeof step === 'string' ? String(step) : 'step', labels]];
}

/** The labels, or why they cannot be used. */
function labelsOf(value: unknown): AnswerLabel[] | string {
  if (!Array.isArray(value)) return 'its labels are no list';
  const labels = new Set<AnswerLabel>();
  for (const one of value as unknown[]) {
    if (typeof one !== 'string' || !known.has(one)) return `“${String(one).slice(0, 40)}” is no label`;
    labels.add(one as AnswerLabel);
  }
  if (labels.has(CHECK_BEGINS)) labels.add('verification');
  return [...labels];
}

/** The object of a text that is one, or those of a list; null where it is neither. */
function objectOf(text: string): Record<string, unknown>[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))
    ? (list as Record<string, unknown>[])
    : null;
}

/** What stands behind the last end of a thought; nothing where a thought was begun and never ended. */
function afterThought(text: string): string {
  const end = text.lastIndexOf('</think>');
  if (end >= 0) return text.slice(end + '</think>'.length);
  return text.trimStart().startsWith('<think>') ? '' : text;
}
