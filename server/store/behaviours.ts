/**
 * Lengths and behaviours by set. Texts are read by the detector when they are asked for, a fraction of a second a call, and their
 * counts kept in the index under the detector's name and version: another version reads them again. Everything here is a generator
 * that yields after some milliseconds, so that the store goes on with other work between.
 */
import { DETECTOR } from '../../core/behaviours/detect.ts';
import type { Label, SpanCounts } from '../../core/behaviours/spans.ts';
import { BehaviourTally, behaviourFigures, type LengthFigures } from '../../core/metrics/behaviours.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { BehaviourSet, TraceSide } from '../../core/protocol/comparison.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import type { Annotator } from './annotate.ts';
import type { DocumentClasses, InDocument } from './classes.ts';
import { BEHAVIOURS_KEY } from './detector-key.ts';
import type { IndexFile } from './index-file.ts';
import { attemptFolder } from './paths.ts';
import { Reading } from './reading.ts';
import { traceRowId } from './schema.ts';
import { PAGE, pagesById, STILL_THERE } from './slices.ts';
import { keepCounts } from './text-columns.ts';

/** UTF-16 units of a completion that are read: some 150,000 tokens, 25 ms. */
const TEXT_LIMIT = 2 ** 19;
export const MOST_SETS = 200;

export type Side = Partial<TraceSide>;

export type Group = Pick<BehaviourSet, 'run' | 'stage' | 'of' | 'step' | 'set' | 'marker' | 'class'>;

interface Row {
  id: number;
  attempt_id: number;
  run: string;
  stage: string;
  attempt: number;
  hash: string;
  of: string | null;
  step: number | null;
  set_name: string | null;
  marker: string | null;
  prompt: number | null;
  tokens: number | null;
  tokens_exact: number;
  detector: string | null;
  counts: string | null;
  cut: number | null;
}

/** The sums of one set while its traces are gone through. */
class Sums {
  readonly group: Group;
  readonly tally = new BehaviourTally();
  unreadable = 0;
  cut = 0;
  exact = true;

  constructor(group: Group) {
    this.group = group;
  }
}

/** What the answer is made from. */
interface Parts {
  index: IndexFile;
  root: string;
  annotator: Annotator;
  classes: DocumentClasses;
}

/** Answers `metrics/behaviours`. @throws `not_found` for a run that is not there, `corrupt` for a report's table that cannot be read */
export function* behaviours(
  parts: Parts,
  { of, base, classes = false }: Params<'metrics/behaviours'>,
): Generator<void, Result<'metrics/behaviours'>> {
  const sides = 'sides' in of ? of.sides : ofRun(parts.index, of.run);
  const work = new Work(parts);
  const runs = [...new Set(sides.flatMap(({ run }) => run ?? []))];
  // The model before training: step 0, in evaluations of its own or in those beside a stage.
  const untrained = runs.flatMap((run) => evaluations(parts.index, run).map((side) => ({ ...side, step: 0 })));
  const ownGroups = yield* work.groups(sides);
  const baseGroups = classes ? [] : yield* work.groups(base ?? untrained);
  yield* work.readTexts([...ownGroups, ...baseGroups]);
  const { waiting } = work;
  if (waiting > 0) {
    const sets = ownGroups.slice(0, MOST_SETS).map((group) => setOf(new Sums(group), null, null));
    return { detector: { ...DETECTOR }, sets, waiting, more: Math.max(0, ownGroups.length - MOST_SETS) };
  }
  const own = classes ? yield* work.classes(ownGroups) : yield* work.sums(ownGroups);
  return yield* answerOf(own, yield* work.sums(baseGroups), base !== undefined);
}

function* answerOf(
  own: readonly Sums[],
  bases: readonly Sums[],
  named: boolean,
): Generator<void, Result<'metrics/behaviours'>> {
  const sets: BehaviourSet[] = [];
  for (const sums of own.slice(0, MOST_SETS)) {
    const against = baseOf(sums, bases, named);
    sets.push(setOf(sums, against, yield* behaviourFigures(sums.tally, against?.tally ?? null)));
  }
  return { detector: { ...DETECTOR }, sets, waiting: 0, more: Math.max(0, own.length - MOST_SETS) };
}

/** The evaluate stages of a run as sides. */
function evaluations(index: IndexFile, run: string): Side[] {
  const stages = index.all<{ stage: string }>(
    "SELECT stage FROM attempts WHERE run = ? AND kind = 'evaluate' GROUP BY stage ORDER BY min(id)",
    run,
  );
  return stages.map(({ stage }) => ({ run, stage }));
}

/** What is meant by a run: its evaluations, or all of it where it has none. */
export function ofRun(index: IndexFile, run: string): Side[] {
  const found = evaluations(index, run);
  return found.length > 0 ? found : [{ run }];
}

/** One call's work: what it has read. */
class Work extends Reading {
  private readonly parts: Parts;
  /** Sets that were gone through: none is twice, also where it is its own base. */
  private readonly seen = new Map<string, Sums>();

  constructor(parts: Parts) {
    super();
    this.parts = parts;
  }

  /** The sets of all sides, each once, in the order in which they were begun. */
  *groups(sides: readonly Side[]): Generator<void, Group[]> {
    const found = new Map<string, Group>();
    for (const side of sides) {
      for (const group of groupsOf(this.parts.index, side)) found.set(JSON.stringify(group), group);
      yield* this.breath();
    }
    return [...found.values()];
  }

  /** Reads texts that were not yet, as far as there is time. */
  *readTexts(groups: readonly Group[]): Generator<void> {
    const known = new Set<string>();
    for (const group of groups) {
      const key = JSON.stringify(group);
      if (known.has(key)) continue;
      known.add(key);
      for (const row of this.rows(group)) {
        if (row.detector !== BEHAVIOURS_KEY && this.hasTime()) yield* this.read(countText(this.parts, row));
        yield* this.breath();
      }
    }
  }

  /** The sums of the finished traces that count, by set. */
  *sums(groups: readonly Group[]): Generator<void, Sums[]> {
    const found: Sums[] = [];
    for (const group of groups) {
      const key = JSON.stringify(group);
      let sums = this.seen.get(key);
      if (!sums) {
        this.seen.set(key, (sums = new Sums(group)));
        for (const row of this.rows(group)) {
          const counted = counts(sums, row);
          if (counted) sums.tally.add(row.hash, row.tokens, counted);
          yield* this.breath();
        }
      }
      found.push(sums);
    }
    return found;
  }

  /** The completions that stand in documents: by class and turn, and whole documents by class (without a turn). */
  *classes(groups: readonly Group[]): Generator<void, Sums[]> {
    const found = new Map<string, Sums>();
    const sumsOf = (group: Group): Sums => {
      const key = `${group.class} ${group.set ?? ''}`;
      let sums = found.get(key);
      if (!sums) found.set(key, (sums = new Sums(group)));
      return sums;
    };
    const documents = new Map<number, { group: Group; hash: string; tokens: number | null; counts: SpanCounts }>();
    for (const group of groups) {
      const classOf = yield* this.parts.classes.of(this.newestFolder(group));
      for (const row of this.rows(group)) {
        // One that is in no document was drawn again.
        const place: InDocument | undefined = classOf.get(`${row.run}/${row.stage}/${row.attempt}/${traceNumber(row)}`);
        if (!place) continue;
        const own = sumsOf({ ...group, class: place.class });
        const counted = counts(own, row);
        if (counted) {
          own.tally.add(row.hash, row.tokens, counted);
          const whole = documents.get(place.document);
          if (!whole) {
            const of = { ...group, set: null, class: place.class };
            documents.set(place.document, { group: of, hash: row.hash, tokens: row.tokens, counts: { ...counted } });
          } else {
            whole.tokens = whole.tokens === null || row.tokens === null ? null : whole.tokens + row.tokens;
            for (const [label, n] of Object.entries(counted) as [Label, number][])
              whole.counts[label] = (whole.counts[label] ?? 0) + n;
          }
        }
        yield* this.breath();
      }
    }
    for (const { group, hash, tokens, counts } of documents.values()) sumsOf(group).tally.add(hash, tokens, counts);
    return [...found.values()].toSorted((a, b) => (a.group.class ?? '').localeCompare(b.group.class ?? ''));
  }

  private *rows(group: Group): Generator<Row, void> {
    const { index } = this.parts;
    // By attempt, as the index of the traces is: a page then begins where the last one ended.
    const attempts = index.all<{ id: number }>(
      'SELECT id FROM attempts WHERE run = ? AND stage = ? ORDER BY id',
      group.run,
      group.stage,
    );
    for (const { id } of attempts) {
      for (const rows of pagesById((after) => page(index, group, id, after), 0)) yield* rows;
    }
  }

  private newestFolder({ run, stage }: Group): string {
    const newest = this.parts.index.get<{ attempt: number }>(
      'SELECT max(attempt) AS attempt FROM attempts WHERE run = ? AND stage = ?',
      run,
      stage,
    );
    return attemptFolder(this.parts.root, { run, stage, attempt: newest?.attempt ?? 1 });
  }
}

/** A finished trace whose text is to be read. */
export interface Unread {
  id: number;
  attempt_id: number;
  run: string;
  stage: string;
  attempt: number;
  prompt: number | null;
}

/** Reads one text and keeps its counts, which are given: null where the text is gone. Yields now and then. */
export function* countText(
  { index, root, annotator }: Omit<Parts, 'classes'>,
  row: Unread,
): Generator<void, SpanCounts | null> {
  const folder = attemptFolder(root, row);
  const place = { id: row.id, attemptId: row.attempt_id, folder, prompt: row.prompt, live: false };
  const found: { counts: SpanCounts | null; cut: boolean } = { counts: null, cut: false };
  try {
    Object.assign(found, yield* annotator.counts(place, TEXT_LIMIT));
  } catch (error) {
    if (!LonghandError.is(error, 'corrupt')) throw error;
  }
  const insert = `INSERT OR REPLACE INTO behaviours (trace, detector, counts, cut) SELECT :trace, :detector, :counts, :cut WHERE ${STILL_THERE}`;
  const counts = found.counts && JSON.stringify(found.counts);
  const kept = { detector: BEHAVIOURS_KEY, counts, cut: found.cut ? 1 : 0 };
  index.transaction(() => {
    if (index.run(insert, { trace: row.id, run: row.run, ...kept }) > 0) keepCounts(index, row.id, found.counts);
  });
  return found.counts;
}

/** The spans of a completion by label; null where its text is gone. A trace that ended since texts were read counts next time. */
function counts(sums: Sums, row: Row): SpanCounts | null {
  if (row.detector !== BEHAVIOURS_KEY) return null;
  if (row.counts === null) {
    sums.unreadable += 1;
    return null;
  }
  if (row.tokens !== null && row.tokens_exact === 0) sums.exact = false;
  if (row.cut === 1) sums.cut += 1;
  return JSON.parse(row.counts) as SpanCounts;
}

const traceNumber = (row: Row): number => row.id - traceRowId(row.attempt_id, 0);

/** The sets of a side: every evaluation or step, marker setting and set name, in the order in which they were begun. */
export function groupsOf(index: IndexFile, { run, stage, step, marker, of, set }: Side): Group[] {
  if (!index.get('SELECT 1 FROM runs WHERE run = ? AND deleted = 0', run!))
    throw new LonghandError('not_found', `There is no run ${run}.`);
  const rows = index.all<Omit<Group, 'set'> & { set_name: string | null }>(
    `SELECT a.run, a.stage, t.of, t.step, t.set_name, t.marker FROM traces t JOIN attempts a ON a.id = t.attempt_id
     WHERE a.run = :run AND (:stage IS NULL OR a.stage = :stage) AND (:step IS NULL OR t.step = :step) AND t.superseded = 0 AND t.live = 0
     GROUP BY a.stage, t.of, t.step, t.set_name, t.marker ORDER BY min(a.id), t.step, min(t.id)`,
    { run: run!, stage: stage ?? null, step: step ?? null },
  );
  return rows
    .filter(
      (row) =>
        (marker === undefined || row.marker === marker) &&
        (of === undefined || row.of === of) &&
        (set === undefined || row.set_name === set),
    )
    .map(({ set_name: set, ...row }) => ({ ...row, set, class: null }));
}

function page(index: IndexFile, { of, step, set, marker }: Group, attempt: number, after: number): Row[] {
  return index.all<Row>(
    `SELECT t.id, t.attempt_id, a.run, a.stage, a.attempt, p.hash, t.of, t.step, t.set_name, t.marker, t.prompt, t.tokens, t.tokens_exact,
       b.detector, b.counts, b.cut
     FROM attempts a JOIN traces t ON t.attempt_id = a.id JOIN problems p ON p.id = t.problem_id LEFT JOIN behaviours b ON b.trace = t.id
     WHERE a.id = :attempt AND t.of IS :of AND t.step IS :step AND t.set_name IS :set AND t.marker IS :marker
       AND t.superseded = 0 AND t.live = 0 AND t.id > :after
     ORDER BY t.id LIMIT ${PAGE}`,
    { of, step, set, marker, attempt, after },
  );
}

/** What a set is compared with: the same benchmark, with the same marker where the base was asked so. */
function baseOf(sums: Sums, bases: readonly Sums[], named: boolean): Sums | null {
  const { set, marker } = sums.group;
  const same = bases.filter((one) => one.group.set === set);
  const alike = named ? same.find((one) => one.group.marker === marker) : undefined;
  const only = named && bases.length === 1 ? bases[0] : undefined;
  const found = alike ?? same.find((one) => one.group.marker === null) ?? only;
  return found && found !== sums ? found : null;
}

function setOf({ group, tally, ...rest }: Sums, against: Sums | null, figures: LengthFigures | null): BehaviourSet {
  const base = against?.group;
  return {
    ...group,
    traces: tally.completions + rest.unreadable,
    problems: tally.problems.size,
    unreadable: rest.unreadable,
    unknownLength: tally.unknownLength,
    cut: rest.cut,
    tokensExact: rest.exact,
    tokens: figures?.tokens ?? null,
    base: base
      ? {
          ...{ run: base.run, stage: base.stage, step: base.step, set: base.set, marker: base.marker },
          paired: figures?.paired ?? 0,
        }
      : null,
    ratio: figures?.ratio ?? null,
    labels: figures?.labels ?? null,
  };
}
