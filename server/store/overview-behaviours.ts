/** Behaviours by checkpoint and verdict, of evenly spaced texts: a run has more than anybody would wait for. */
import { DETECTOR } from '../../core/behaviours/detect.ts';
import { labels, type SpanCounts } from '../../core/behaviours/spans.ts';
import { BehaviourTally, behaviourFigures } from '../../core/metrics/behaviours.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { MOST_TEXTS, type BehaviourCheckpoint, type LabelRates } from '../../core/protocol/overview.ts';
import type { Annotator } from './annotate.ts';
import { countText, type Unread } from './behaviours.ts';
import { BEHAVIOURS_KEY } from './detector-key.ts';
import { controlledRates, type Counted } from './controlled.ts';
import type { IndexFile } from './index-file.ts';
import { Reading } from './reading.ts';
import { finishCodes, traceRowId, verdictCodes } from './schema.ts';
import type { Found } from './series-of.ts';

export interface TextParts {
  index: IndexFile;
  root: string;
  annotator: Annotator;
}

interface Known {
  attempt_id: number;
  prompt: number | null;
  detector: string | null;
  counts: string | null;
}

/** What was read of a checkpoint. */
interface Gathered {
  counted: Counted[];
  traces: number;
  chosen: number;
  unreadable: number;
}

export function* behavioursOf(
  parts: TextParts,
  found: Found,
  { most = MOST_TEXTS }: Params<'overview/behaviours'>,
): Generator<void, Result<'overview/behaviours'>> {
  const { table, series } = found;
  const rows: number[][] = series.checkpoints.map(() => []);
  for (let i = 0; i < table.length; i += 1) {
    const column = series.column[table.place[i]!]!;
    if (column >= 0) rows[column]!.push(i);
  }
  const work = new Reading();
  const gathered: Gathered[] = [];
  for (const own of rows) gathered.push(yield* gather(parts, found, work, own, evenly(own, most ?? own.length)));
  const of: BehaviourCheckpoint[] = [];
  for (const [c, { counted, traces, chosen, unreadable }] of gathered.entries()) {
    const count = (verdict: string) => counted.filter(({ sample }) => sample.verdict === verdict).length;
    of.push({
      ...{ checkpoint: series.checkpoints[c]!.key, traces, chosen, unreadable },
      ...{ right: count('right'), wrong: count('wrong') },
      labels: work.waiting > 0 ? [] : yield* ratesOf(counted),
    });
  }
  return { detector: { ...DETECTOR }, checkpoints: series.checkpoints, of, waiting: work.waiting };
}

/** At most `most` of them at even distances: the same ones each time. */
function evenly(rows: readonly number[], most: number): number[] {
  if (rows.length <= most) return [...rows];
  return Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]!);
}

function* gather(
  parts: TextParts,
  { run, table }: Found,
  work: Reading,
  all: readonly number[],
  chosen: readonly number[],
): Generator<void, Gathered> {
  const found: Gathered = { counted: [], traces: all.length, chosen: chosen.length, unreadable: 0 };
  let attempt = 0;
  for (const i of chosen) {
    yield* work.breath();
    while (attempt + 1 < table.attempts.length && table.attempts[attempt + 1]!.from <= i) attempt += 1;
    const { id: attemptId, stage, attempt: number } = table.attempts[attempt]!;
    const id = traceRowId(attemptId, table.number[i]!);
    const row = parts.index.get<Known>(
      'SELECT t.attempt_id, t.prompt, b.detector, b.counts FROM traces t LEFT JOIN behaviours b ON b.trace = t.id WHERE t.id = ?',
      id,
    );
    // Deleted since the table was made.
    if (row?.attempt_id !== attemptId) continue;
    let counts: SpanCounts | null;
    if (row.detector === BEHAVIOURS_KEY) counts = row.counts === null ? null : (JSON.parse(row.counts) as SpanCounts);
    else if (work.hasTime()) {
      const unread: Unread = { id, attempt_id: attemptId, run, stage, attempt: number, prompt: row.prompt };
      counts = yield* work.read(countText(parts, unread));
    } else continue;
    if (counts === null) found.unreadable += 1;
    else
      found.counted.push({
        counts,
        sample: {
          problem: table.problems[table.problem[i]!]!.hash,
          verdict: verdictCodes[table.verdict[i]!] ?? null,
          finish: finishCodes[table.finish[i]!] ?? null,
          tokens: Number.isNaN(table.tokens[i]!) ? null : table.tokens[i]!,
        },
      });
  }
  return found;
}

/** Labels that occur. */
function* ratesOf(counted: readonly Counted[]): Generator<void, LabelRates[]> {
  const tally = (verdict: string | null) => {
    const sums = new BehaviourTally();
    for (const { sample, counts } of counted)
      if (verdict === null || sample.verdict === verdict) sums.add(sample.problem, sample.tokens, counts);
    return sums;
  };
  const all = yield* behaviourFigures(tally(null), null);
  const right = yield* behaviourFigures(tally('right'), null);
  const wrong = yield* behaviourFigures(tally('wrong'), null);
  const controlled = controlledRates(counted, null);
  yield;
  return labels.flatMap((label, i): LabelRates[] => {
    const own = all.labels[i]!;
    if (own.spans === 0) return [];
    return [
      {
        ...{ label, spans: own.spans, completions: own.completions },
        ...{ all: own.rate, right: right.labels[i]!.rate, wrong: wrong.labels[i]!.rate },
        controlled: controlled.find((one) => one.label === label)?.rightToWrong ?? null,
      },
    ];
  });
}
