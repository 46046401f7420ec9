/** How fast the detector reads, and how well it agrees with labelled traces, by sentence. */
import { detect } from '../../core/behaviours/detect.ts';
import { steps } from '../../core/traces/steps.ts';
import { sharedData } from '../shared-data.ts';
import {
  agreement,
  isTuningHalf,
  readLabelled,
  REASONINGFLOW,
  THOUGHT_ANCHORS,
  type Agreement,
  type LabelledTrace,
  type Mapping,
} from '../support/behaviour-agreement.ts';
import { BACKWARD, builtinLabelled, SELF_LABELLED, selfLabelled } from '../support/self-labelled.ts';
import type { Figure } from './run.ts';

const ROUNDS = 12;
/** What is aimed at on the held-out halves and on thought-anchors, whose labels are machine-made. */
const TARGETS: Record<string, string> = {
  'reasoningflow verification': '>=0.7',
  'reasoningflow backtracking': '>=0.55',
  'reasoningflow subgoal': '>=0.75',
  'reasoningflow uncertainty': '>=0.7',
  'thought-anchors verification': '>=0.4',
  'thought-anchors subgoal': '>=0.75',
  'thought-anchors uncertainty': '>=0.7',
  'thought-anchors uncertainty or backtracking': '>=0.7',
  'self-labelled verification, whole': '>=0.55',
  'self-labelled verification, start': '>=0.7',
  'self-labelled backtracking': '>=0.55',
  'self-labelled subgoal': '>=0.75',
  'self-labelled uncertainty': '>=0.7',
  'self-labelled backward_reasoning': '>=0.55',
};

export async function bench(): Promise<Figure[]> {
  const flow = sharedData('labels', 'reasoningflow', 'spans_gemini_aime24.jsonl');
  const anchors = sharedData('labels', 'thought-anchors', 'spans.jsonl');
  if (flow === null || anchors === null) {
    console.error(
      '  the labelled traces are not on this machine (LONGHAND_SHARED_DATA); only texts made here are read',
    );
    const made = [
      'Let me check: 3 + 4 = 7. Yes, that is right. Now we find the area of $x^2$. Hmm, wait. '.repeat(4000),
    ];
    return [speed('detect, made text', made, detect)];
  }
  const traces = readLabelled(flow);
  const texts = traces.map(({ text }) => text);
  return Promise.resolve([
    speed('detect', texts, detect, '>=2'),
    speed('steps', texts, steps, '>=20'),
    ...scores('reasoningflow (tuned on)', traces.filter(isTuningHalf), REASONINGFLOW),
    ...scores(
      'reasoningflow',
      traces.filter((trace) => !isTuningHalf(trace)),
      REASONINGFLOW,
    ),
    ...scores('thought-anchors', readLabelled(anchors), THOUGHT_ANCHORS),
    ...byHalf('self-labelled', selfLabelled('windows') ?? [], SELF_LABELLED),
    ...byHalf('self-labelled', selfLabelled('backward') ?? [], BACKWARD),
    ...scores(
      'built-in task',
      builtinLabelled().filter((trace) => !isTuningHalf(trace)),
      SELF_LABELLED,
    ),
    ...scores('Chinese', selfLabelled('chinese') ?? [], SELF_LABELLED),
  ]);
}

/** The fastest of several rounds, by CPU time, so that other processes on the machine count as little as they can. */
function speed(
  name: string,
  texts: readonly string[],
  read: (text: string) => unknown,
  target: string | null = null,
): Figure {
  const units = texts.reduce((sum, text) => sum + text.length, 0);
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = process.cpuUsage();
    for (const text of texts) read(text);
    least = Math.min(least, process.cpuUsage(start).user);
  }
  return { name: `behaviours: ${name}`, value: round(units / least, 1), unit: 'MB/s', target };
}

function byHalf(source: string, traces: readonly LabelledTrace[], mappings: readonly Mapping[]): Figure[] {
  return [
    ...scores(`${source} (tuned on)`, traces.filter(isTuningHalf), mappings),
    ...scores(
      source,
      traces.filter((trace) => !isTuningHalf(trace)),
      mappings,
    ),
  ];
}

/** Labels that the traces have none of have no figures. */
function scores(source: string, traces: readonly LabelledTrace[], mappings: readonly Mapping[]): Figure[] {
  return mappings.flatMap((mapping) => {
    const { precision, recall, f1, gold, spans } = agreement(traces, mapping);
    if (gold === 0) return [];
    const what = mapping.name ?? mapping.label;
    const name = `behaviours: ${source} ${what}`;
    return [
      {
        name: `${name} F1`,
        value: round(f1, 3),
        unit: `of ${gold} sentences`,
        target: TARGETS[`${source} ${what}`] ?? null,
      },
      { name: `${name} precision`, value: round(precision, 3), unit: '', target: null },
      { name: `${name} recall`, value: round(recall, 3), unit: '', target: null },
      // A source that labels beginnings only has no passages to compare.
      ...(mapping.starts ? [] : bySpan(name, spans)),
    ];
  });
}

function bySpan(name: string, { precision, recall, f1, gold }: Agreement['spans']): Figure[] {
  const figure = (what: string, value: number, unit = ''): Figure => ({
    name: `${name} by span ${what}`,
    value: round(value, 3),
    unit,
    target: null,
  });
  return [figure('F1', f1, `of ${gold} spans`), figure('precision', precision), figure('recall', recall)];
}

function round(value: number, digits: number): number {
  return Number((Number.isNaN(value) ? 0 : value).toFixed(digits));
}
