/**
 * Figures of texts and sets (`core/metrics`). A text is read when it is asked for and its figures kept in the index, under the version
 * that found them and the verdict that they were found with: another of either reads it again. Everything is a generator that yields
 * after some milliseconds, so that the store goes on with other work between.
 */
import { normalise } from '../../core/answers/normalise.ts';
import type { SpanCounts } from '../../core/behaviours/spans.ts';
import { unitsLost } from '../../core/metrics/loops.ts';
import { setFigures, type FigureSample, type TextFigures } from '../../core/metrics/set-figures.ts';
import { proportional, type Positions } from '../../core/metrics/token-position.ts';
import { FIGURES_VERSION, traceFigures, type TraceFigures } from '../../core/metrics/trace-figures.ts';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { FigureSet, TraceFiguresAnswer } from '../../core/protocol/figures.ts';
import type { Params, Result } from '../../core/protocol/methods.ts';
import { unitsAtEnd } from './annotate.ts';
import { groupsOf, MOST_SETS, ofRun, type Group } from './behaviours.ts';
import { controlledRates, type Counted } from './controlled.ts';
import { BEHAVIOURS_KEY } from './detector-key.ts';
import type { IndexFile } from './index-file.ts';
import { attemptFolder } from './paths.ts';
import type { TokenPlaces } from './places.ts';
import { Reading } from './reading.ts';
import { finishCodes, verdictCodes } from './schema.ts';
import { PAGE, pagesById, Slices, STILL_THERE } from './slices.ts';
import { keepFigures } from './text-columns.ts';
import type { TextReader } from './text.ts';
import { findTrace, textOf, type TracePlace } from './traces.ts';

/** UTF-16 units of a completion that are read: some 150,000 tokens. */
const TEXT_LIMIT = 2 ** 19;
/** Most k of a run that are shown when none is named. */
const MOST_KS = 8;

interface Row {
  id: number;
  attempt_id: number;
  run: string;
  stage: string;
  attempt: number;
  hash: string;
  prompt: number | null;
  tokens: number | null;
  tokens_exact: number;
  verdict: number | null;
  finish: number | null;
  answer: string | null;
  reward: number | null;
  model: string | null;
  version: string | null;
  found_verdict: number | null;
  figures: string | null;
  cut: number | null;
  detector: string | null;
  counts: string | null;
}

const ROW = `t.id, t.attempt_id, a.run, a.stage, a.attempt, p.hash, t.prompt, t.tokens, t.tokens_exact, t.verdict, t.finish, t.answer, t.reward,
  coalesce(d.model, a.model) AS model, f.version, f.verdict AS found_verdict, f.figures, f.cut, b.detector, b.counts
  FROM attempts a JOIN traces t ON t.attempt_id = a.id JOIN problems p ON p.id = t.problem_id JOIN details d ON d.id = t.id
    LEFT JOIN figures f ON f.trace = t.id LEFT JOIN behaviours b ON b.trace = t.id`;

/** What is kept of a text: its figures, and its places in tokens where they are exact. */
interface KeptFigures extends TraceFigures {
  exact: Places | null;
}

/** Tokens up to the end of each answer, before the completion's own words, and in loops beyond their first copies. */
interface Places {
  answers: number[];
  from: number;
  lost: number;
}

/** The set while its traces are gone through. */
interface Gathered {
  group: Group;
  samples: FigureSample[];
  counted: Counted[];
  /** A completion of it has no counts of behaviours. */
  uncounted: boolean;
  unreadable: number;
  cut: number;
}

export class Figures {
  private readonly index: IndexFile;
  private readonly root: string;
  private readonly texts: TextReader;
  private readonly places: TokenPlaces;

  constructor(index: IndexFile, root: string, texts: TextReader, places: TokenPlaces) {
    this.index = index;
    this.root = root;
    this.texts = texts;
    this.places = places;
  }

  /** Answers `metrics/figures`. @throws `not_found` for a run that is not there */
  *sets({ of, budgets, ks, only }: Params<'metrics/figures'>): Generator<void, Result<'metrics/figures'>> {
    const sides = 'sides' in of ? of.sides : ofRun(this.index, of.run);
    const groups = new Map<string, Group>();
    for (const side of sides) {
      for (const group of groupsOf(this.index, side)) groups.set(JSON.stringify(group), group);
      yield;
    }
    const all = [...groups.values()];
    const shown = all.slice(0, MOST_SETS);
    const more = all.length - shown.length;
    const waiting = yield* this.readTexts(only === 'texts' ? all : shown);
    if (only === 'texts') return { version: FIGURES_VERSION, sets: [], waiting, more };
    const gathered: Gathered[] = [];
    if (waiting === 0) for (const group of shown) gathered.push(yield* this.gather(group));
    const sets: FigureSet[] = [];
    for (const [i, group] of shown.entries()) {
      const { class: _class, ...place } = group;
      const own = gathered[i];
      if (!own) {
        sets.push({ ...place, unreadable: 0, cut: 0, figures: null, controlled: null, base: null });
        continue;
      }
      const figures = yield* setFigures(own.samples, {
        budgets: budgets ?? usualBudgets(own.samples),
        ks: ks ?? usualKs(own.samples),
      });
      const base = baseOf(own, gathered);
      yield;
      const controlled = own.uncounted
        ? null
        : controlledRates(own.counted, base && !base.uncounted ? base.counted : null);
      const { run, stage, step, set, marker } = base?.group ?? group;
      sets.push({
        ...place,
        unreadable: own.unreadable,
        cut: own.cut,
        figures,
        controlled,
        base: base ? { run, stage, step, set, marker } : null,
      });
    }
    return { version: FIGURES_VERSION, sets, waiting, more };
  }

  /** Answers `traces/figures`; those of a text that still grows are not kept. @throws `not_found`, `corrupt` where the text is gone */
  *trace({ trace }: Params<'traces/figures'>): Generator<void, TraceFiguresAnswer> {
    const place = findTrace(this.index, this.root, trace);
    const row = this.index.get<Row>(`SELECT ${ROW} WHERE t.id = ?`, place.id)!;
    const known = isKnown(row) && !place.live;
    const { figures, cut } = known
      ? { figures: row.figures === null ? null : (JSON.parse(row.figures) as KeptFigures), cut: row.cut === 1 }
      : yield* this.read(place, row);
    if (!figures) throw new LonghandError('corrupt', `The text of ${trace} is gone.`);
    if (!known && !place.live) this.keep(row, figures, cut);
    const { exact, ...rest } = figures;
    const at = row.tokens === null ? null : placesOf(rest, proportional(row.tokens, this.texts.length(0, place.id)));
    const places = exact ?? at;
    return {
      ...rest,
      trace,
      version: FIGURES_VERSION,
      answers: rest.answers.map((one, i) => ({ ...one, tokens: places && places.answers[i]! })),
      tokens: row.tokens,
      tokensExact: row.tokens_exact === 1,
      placesExact: exact !== null,
      lostTokens: places && places.lost,
      cut,
    };
  }

  /** Reads texts that were not yet, for a fraction of a second; how many are still to be read. */
  private *readTexts(groups: readonly Group[]): Generator<void, number> {
    const work = new Reading();
    for (const group of groups)
      for (const row of this.rows(group)) {
        if (!isKnown(row) && work.hasTime()) yield* work.read(this.readAndKeep(row));
        yield* work.breath();
      }
    return work.waiting;
  }

  /** Reads one finished text by its row id; nothing where the trace is gone. Yields between its parts. */
  *readOne(id: number): Generator<void> {
    const row = this.index.get<Row>(`SELECT ${ROW} WHERE t.id = ?`, id);
    if (row) yield* this.readAndKeep(row);
  }

  private *readAndKeep(row: Row): Generator<void> {
    const folder = attemptFolder(this.root, row);
    const place = { id: row.id, attemptId: row.attempt_id, folder, prompt: row.prompt, live: false };
    const { figures, cut } = yield* this.read(place, row);
    this.keep(row, figures, cut);
  }

  /** The figures of one text; null: it is gone. Yields between its parts. */
  private *read(place: TracePlace, row: Row): Generator<void, { figures: KeptFigures | null; cut: boolean }> {
    const told = this.index.get<{ problem: string; gold: string | null; ending: number }>(
      'SELECT p.text AS problem, p.gold, d.ending FROM traces t JOIN problems p ON p.id = t.problem_id JOIN details d ON d.id = t.id WHERE t.id = ?',
      place.id,
    );
    if (!told) return { figures: null, cut: false };
    let completion = this.text(place, 'completion');
    const prompt = this.text(place, 'prompt');
    if (completion === null || prompt === null) return { figures: null, cut: false };
    const cut = this.texts.length(0, place.id) > completion.length;
    const at = yield* this.places.of(place, completion, cut);
    // What ended it (a stop text, an end token) is no word of the model.
    if (told.ending > 0 && !cut)
      completion = completion.slice(0, completion.length - unitsAtEnd(completion, told.ending));
    const value = row.verdict === null ? null : (verdictCodes[row.verdict] ?? null);
    const verdict = value !== null && row.answer !== null ? { answer: row.answer, value } : null;
    const input = { completion, prompt, problem: JSON.parse(told.problem) as string, gold: told.gold, verdict };
    const figures = yield* traceFigures(input);
    return { figures: { ...figures, exact: at && placesOf(figures, at) }, cut };
  }

  private text(place: TracePlace, side: 'prompt' | 'completion'): string | null {
    const { kind, owner } = textOf(place, side);
    try {
      return this.texts.slice(place.folder, kind, owner, 0, TEXT_LIMIT, TEXT_LIMIT).text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  private keep(row: Row, figures: KeptFigures | null, cut: boolean): void {
    const json = figures && JSON.stringify(figures);
    const length = this.texts.length(0, row.id);
    const places =
      figures && (figures.exact ?? (row.tokens === null ? null : placesOf(figures, proportional(row.tokens, length))));
    const first = figures?.first ?? null;
    const after = places && first !== null && row.tokens !== null ? row.tokens - places.answers[first]! : null;
    const flips = figures && figures.flips.filter(({ kind }) => kind !== 'wrong_to_wrong').length;
    const found = { verdict: row.verdict, figures: json, cut: cut ? 1 : 0 };
    this.index.transaction(() => {
      const kept = this.index.run(
        `INSERT OR REPLACE INTO figures (trace, version, verdict, figures, cut)
         SELECT :trace, :version, :verdict, :figures, :cut WHERE ${STILL_THERE}`,
        { trace: row.id, run: row.run, version: FIGURES_VERSION, ...found },
      );
      if (kept > 0) keepFigures(this.index, row, { after, flips, lost: places && places.lost });
    });
  }

  private *gather(group: Group): Generator<void, Gathered> {
    const found: Gathered = { group, samples: [], counted: [], uncounted: false, unreadable: 0, cut: 0 };
    const slices = new Slices();
    for (const row of this.rows(group)) {
      // One that ended since texts were read counts next time.
      if (isKnown(row)) {
        const sample = sampleOf(row, this.texts.length(0, row.id));
        found.samples.push(sample);
        if (row.figures === null) found.unreadable += 1;
        if (row.cut === 1) found.cut += 1;
        if (row.detector !== BEHAVIOURS_KEY || row.counts === null) found.uncounted = true;
        else found.counted.push({ sample, counts: JSON.parse(row.counts) as SpanCounts });
      }
      yield* slices.breath();
    }
    return found;
  }

  private *rows({ run, stage, of, step, set, marker }: Group): Generator<Row, void> {
    const attempts = this.index.all<{ id: number }>(
      'SELECT id FROM attempts WHERE run = ? AND stage = ? ORDER BY id',
      run,
      stage,
    );
    for (const { id } of attempts) {
      const page = (after: number): Row[] =>
        this.index.all<Row>(
          `SELECT ${ROW} WHERE a.id = :attempt AND t.of IS :of AND t.step IS :step AND t.set_name IS :set AND t.marker IS :marker
             AND t.superseded = 0 AND t.live = 0 AND t.id > :after ORDER BY t.id LIMIT ${PAGE}`,
          { of, step, set, marker, attempt: id, after },
        );
      for (const rows of pagesById(page, 0)) yield* rows;
    }
  }
}

const isKnown = (row: Row): boolean => row.version === FIGURES_VERSION && row.found_verdict === row.verdict;

function placesOf(figures: TraceFigures, { at }: Positions): Places {
  const listed = unitsLost(figures.loops);
  const lost = figures.loops.reduce((sum, { start, end, period }) => sum + at(end) - at(start + period), 0);
  return {
    answers: figures.answers.map(({ end }) => at(end)),
    from: at(figures.from),
    // Of very many loops the first are listed; the others have as many tokens a character.
    lost: listed === 0 ? 0 : Math.round((lost * figures.lost) / listed),
  };
}

function sampleOf(row: Row, units: number): FigureSample {
  const figures = row.figures === null ? null : (JSON.parse(row.figures) as KeptFigures);
  const places = figures && (figures.exact ?? placesOf(figures, proportional(row.tokens ?? 0, units)));
  const timed = figures?.answers.map(({ value, boxed }, i) => ({ tokens: places!.answers[i]!, value, boxed })) ?? [];
  return {
    problem: row.hash,
    verdict: row.verdict === null ? null : (verdictCodes[row.verdict] ?? null),
    tokens: row.tokens,
    tokensExact: row.tokens_exact === 1,
    placesExact: figures?.exact != null,
    finish: row.finish === null ? null : (finishCodes[row.finish] ?? null),
    answer: row.answer === null ? null : normalise(row.answer),
    reward: row.reward,
    model: row.model,
    answers: row.tokens === null ? [] : timed,
    text: figures && textFigures(figures, places!),
  };
}

function textFigures(figures: TraceFigures, places: Places): TextFigures {
  const count = (kind: string) => figures.flips.filter((flip) => flip.kind === kind).length;
  return {
    firstRight: figures.first === null ? null : places.answers[figures.first]!,
    wrongToRight: count('wrong_to_right'),
    rightToWrong: count('right_to_wrong'),
    wrongToWrong: count('wrong_to_wrong'),
    rounds: figures.rounds.map(({ distinct }, i) => {
      return { tokens: places.answers[i]! - (i === 0 ? places.from : places.answers[i - 1]!), distinct };
    }),
    loops: figures.loops.length,
    lost: places.lost,
    trigrams: figures.trigrams,
    alike: figures.alike,
    otherScript: figures.otherScript,
    switches: figures.switches.length,
    garbled: figures.units === 0 ? 0 : figures.garbled.units / figures.units,
    unclosed: figures.closed === false,
    echo: figures.from > 0,
  };
}

/** 1,000 · 2ⁿ up to the first that holds the longest completion; none where no length is known. */
function usualBudgets(samples: readonly FigureSample[]): number[] {
  const longest = samples.reduce((most, { tokens }) => Math.max(most, tokens ?? 0), 0);
  if (longest === 0) return [];
  const found = [1000];
  while (found.at(-1)! < longest && found.length < 12) found.push(2 * found.at(-1)!);
  return found;
}

/** 1, 2, 4, … and the fewest samples that a graded problem has. */
function usualKs(samples: readonly FigureSample[]): number[] {
  const sizes = new Map<string, number>();
  for (const { problem, verdict } of samples)
    if (verdict !== null && verdict !== 'none') sizes.set(problem, (sizes.get(problem) ?? 0) + 1);
  let fewest = Infinity;
  for (const n of sizes.values()) fewest = Math.min(fewest, n);
  if (!Number.isFinite(fewest)) return [];
  const found: number[] = [];
  for (let k = 1; k < fewest && found.length < MOST_KS - 1; k *= 2) found.push(k);
  return [...found, fewest];
}

/** The set of the same benchmark at step 0 without a marker. */
function baseOf({ group }: Gathered, all: readonly Gathered[]): Gathered | null {
  const found = all.find((one) => one.group.set === group.set && one.group.step === 0 && one.group.marker === null);
  return found && found.group !== group ? found : null;
}
