/** Figures of sets and of traces that are made of the texts themselves (`methods.ts`; formulas in `core/metrics`). */
import type { Label } from '../behaviours/spans.ts';
import type { PathAnswer } from '../metrics/answer-path.ts';
import type { StandardisedRates } from '../metrics/rates.ts';
import type { SetFigures } from '../metrics/set-figures.ts';
import type { TraceFigures } from '../metrics/trace-figures.ts';
import type { TraceSide } from './comparison.ts';

/** Behaviours of one set by label: those of its right completions against its wrong ones, and its own against those of a base. */
export interface ControlledRates {
  label: Label;
  rightToWrong: StandardisedRates | null;
  toBase: StandardisedRates | null;
}

/** The finished completions of one evaluation or step, benchmark and marker setting. */
export interface FigureSet {
  run: string;
  stage: string;
  /** The stage whose checkpoint wrote them; null where they are its own. */
  of: string | null;
  step: number | null;
  set: string | null;
  marker: string | null;
  /** Completions whose text is gone: in no figure of texts. */
  unreadable: number;
  /** Very long ones of which only the beginning was read. */
  cut: number;
  /** Null while texts are still to be read. */
  figures: SetFigures | null;
  /** Null where behaviours have not been counted: ask `metrics/behaviours` first. */
  controlled: ControlledRates[] | null;
  /** The set of the same benchmark at step 0 that `toBase` compares with. */
  base: Pick<FigureSet, 'run' | 'stage' | 'step' | 'set' | 'marker'> | null;
}

export interface TimedPathAnswer extends PathAnswer {
  /** Tokens up to its end; null where the length is unknown. */
  tokens: number | null;
}

/** What the text of one completion says. Places are UTF-16 units, and tokens beside them where they can be said. */
export interface TraceFiguresAnswer extends TraceFigures {
  trace: string;
  version: string;
  answers: TimedPathAnswer[];
  tokens: number | null;
  /** The total is the tokenizer's; a place within the text is an estimate by proportion unless `placesExact`. */
  tokensExact: boolean;
  placesExact: boolean;
  /** Of `lost`. */
  lostTokens: number | null;
  /** Only the first so many units were read. */
  cut: boolean;
}

export interface FigureMethods {
  /**
   * Figures of sets, with 95 % intervals over problems. `of` are sides, or a run's evaluations (all its traces where it has none). `budgets`
   * default to powers of two thousand up to the longest completion; `ks` to powers of two up to the fewest samples a problem.
   *
   * Texts are read when they are asked for, as for `metrics/behaviours`: while `waiting` is above 0 the same call goes on. `only: 'texts'` reads them,
   * and answers without figures.
   */
  'metrics/figures': {
    params: {
      of: { run: string } | { sides: Partial<TraceSide>[] };
      budgets?: number[];
      ks?: number[];
      only?: 'texts';
    };
    result: { version: string; sets: FigureSet[]; waiting: number; more: number };
  };
  'traces/figures': { params: { trace: string }; result: TraceFiguresAnswer };
}
