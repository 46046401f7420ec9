/**
 * Steps of real traces that were labelled for this project, by reading, with the definitions of docs/behaviours.md. The fixtures hold
 * places alone, no text: `file` under the shared data, `text` and `problem` as paths in it (a record's number, then its keys; `FILE#PATH`
 * where the problem stands in another one), and `steps` as `[start, end, labels]` in UTF-16 units.
 *
 * V verification, VS the step with which a check begins (also V), B backtracking, S subgoal, W backward reasoning, U uncertainty,
 * A answer commitment, C case split; `?` before a label: it could be that or none, and counts neither way. `unsaid`: labels that the reader
 * often passed over, so that a step without them says nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedData } from '../shared-data.ts';
import type { LabelledTrace, Mapping } from './behaviour-agreement.ts';

interface Window {
  file: string;
  text: string;
  problem?: string;
  unsaid?: string[];
  steps: LabelledStep[];
}
type LabelledStep = [start: number, end: number, labels: string];

const folder = join(import.meta.dirname, '..', 'fixtures', 'behaviours');

export const SELF_LABELLED: readonly Mapping[] = [
  { label: 'verification', name: 'verification, whole', means: ['V', 'VS'], begins: ['VS'], ignores: ['?V', '?VS'] },
  { label: 'verification', name: 'verification, start', means: ['VS'], starts: true, ignores: ['?V', '?VS'] },
  { label: 'backtracking', means: ['B'], ignores: ['?B'] },
  { label: 'subgoal', means: ['S'], ignores: ['?S'] },
  { label: 'uncertainty', means: ['U'], ignores: ['?U'] },
  { label: 'answer_commitment', means: ['A'], ignores: ['?A'] },
];
/** Passages chosen by words that may announce backward reasoning, right and misleading ones alike. */
export const BACKWARD: readonly Mapping[] = [{ label: 'backward_reasoning', means: ['W'], ignores: ['?W'] }];

/**
 * The labelled stretches of a fixture; `doubtful-…`: those that were chosen for labelling because an earlier model was unsure of them, all of
 * them in the half that is trained on. Null where the shared data is not on this machine.
 */
export function selfLabelled(
  name: 'windows' | 'backward' | 'doubtful-windows' | 'doubtful-backward' | 'chinese',
): LabelledTrace[] | null {
  const windows = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Window[];
  const records = new Map<string, unknown>();
  const found: LabelledTrace[] = [];
  const textAt = (file: string, path: string): string => {
    if (!records.has(file)) records.set(file, recordsOf(file));
    return stringAt(records.get(file), path);
  };
  for (const { file, text: path, problem, unsaid, steps } of windows) {
    if (sharedData(...file.split('/')) === null) return null;
    const text = textAt(file, path);
    const [other, inOther] = problem?.split('#') ?? [];
    const question =
      problem === undefined
        ? `${file} ${path}`
        : inOther === undefined
          ? textAt(file, problem)
          : textAt(other!, inOther);
    found.push({ id: `${file} ${path}`, question, text, ...(unsaid && { unsaid }), ...labelled(steps) });
  }
  return found;
}

/** Traces of the built-in task in the words of its templates, by which they are labelled. */
export function builtinLabelled(): LabelledTrace[] {
  const traces = JSON.parse(readFileSync(join(folder, 'builtin.json'), 'utf8')) as {
    problem: string;
    content: string;
    steps: LabelledStep[];
  }[];
  return traces.map(({ problem, content, steps }, i) => {
    return { id: `builtin ${i}`, question: problem, text: content, ...labelled(steps) };
  });
}

function labelled(steps: readonly LabelledStep[]): Pick<LabelledTrace, 'units' | 'spans'> {
  return {
    units: steps.map(([start, end]) => ({ start, end })),
    spans: steps.flatMap(([start, end, labels]) =>
      labels === '' ? [] : [{ start, end, label: '', tags: labels.split(',') }],
    ),
  };
}

function recordsOf(file: string): unknown {
  const at = sharedData(...file.split('/'))!;
  const content = readFileSync(at, 'utf8');
  return at.endsWith('.jsonl') ? content.split('\n').filter(Boolean).map(parse) : parse(content);
}

const parse = (text: string): unknown => JSON.parse(text);

function stringAt(root: unknown, path: string): string {
  const value = path.split('.').reduce<unknown>((inside, key) => (inside as Record<string, unknown>)[key], root);
  if (typeof value !== 'string') throw new Error(`${path} is no text`);
  return value;
}
