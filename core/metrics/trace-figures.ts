/** Figures of one completion that need its text. Places are UTF-16 units; whoever shows them turns them into tokens. */
import { answerPathSteps, type AnswerPath, type PathOptions } from './answer-path.ts';
import { echoEnd } from './echo.ts';
import { distinctSteps } from './efficiency.ts';
import { garblingSteps, type Garbling } from './garbling.ts';
import { languageSteps, type LanguageSwitch, type Script } from './language.ts';
import { loopSteps, unitsLost, type Loop } from './loops.ts';
import { alikeSteps, ngramSteps } from './repetition.ts';
import { QUICK_CHECK_VERSION } from '../answers/quick-check.ts';
import { sections } from '../traces/sections.ts';

/** Changes whenever any figure may change: what was kept under another version is found anew. */
export const FIGURES_VERSION = `3 (quick check ${QUICK_CHECK_VERSION})`;

export interface TraceFigures extends Pick<AnswerPath, 'answers' | 'more' | 'first' | 'flips'> {
  /** Units of the completion that was read. */
  units: number;
  /** Where its own words begin: behind the prompt that it repeats; 0 where it repeats none. */
  from: number;
  /** How often `</think>` stands in it, and whether a thought that was opened was closed. Null: no thought. */
  closes: number;
  closed: boolean | null;
  /** Stretches that each end in an answer, and whether they say something new (`efficiency.ts`). */
  rounds: { end: number; distinct: boolean }[];
  loops: Loop[];
  /** Units in loops beyond their first copies. */
  lost: number;
  /** `1 − distinct / all` word trigrams, and the share of neighbouring pieces that are alike; null where there are too few. */
  trigrams: number | null;
  alike: number | null;
  script: Script | null;
  /** Share of letters in another script; null without letters. */
  otherScript: number | null;
  switches: LanguageSwitch[];
  garbled: Garbling;
}

export interface FiguresInput {
  completion: string;
  prompt: string;
  problem: string;
  gold: string | null;
  verdict: PathOptions['verdict'];
}

/** Most loops and switches that are listed. */
const MOST = 50;

/**
 * Yields between its parts, each of which takes some milliseconds for a text of half a million units.
 *
 * The repeated prompt is in no figure but `units`. An empty completion has no answer, no loop and no share. A thought that never
 * closes is all reasoning, and its answers count like any other's; with several `</think>` the last one ends the thought; of harmony's
 * channels all but `final` are reasoning (`core/traces/sections.ts`).
 */
export function* traceFigures({
  completion,
  prompt,
  problem,
  gold,
  verdict,
}: FiguresInput): Generator<void, TraceFigures> {
  const from = echoEnd(completion, prompt, problem);
  const reasoningAssumed = prompt.lastIndexOf('<think>') > prompt.lastIndexOf('</think>');
  const path = yield* answerPathSteps(completion, gold, { from, reasoningAssumed, ...(verdict && { verdict }) });
  yield;
  const own = from === 0 ? completion : completion.slice(from);
  const ends = path.answers.map(({ end }) => end);
  const rounds = (yield* distinctSteps(completion, ends)).map(({ end, distinct }) => ({ end, distinct }));
  yield;
  const found = yield* loopSteps(own);
  yield;
  const trigrams = yield* ngramSteps(own);
  yield;
  const alike = yield* alikeSteps(own);
  yield;
  const said = yield* languageSteps(own);
  yield;
  const garbled = yield* garblingSteps(own);
  const moved = <T extends { start: number; end: number }>(one: T): T => {
    return { ...one, start: one.start + from, end: one.end + from };
  };
  const parts = sections(completion, reasoningAssumed);
  const thought = parts.some(({ kind }) => kind === 'reasoning');
  return {
    units: completion.length,
    from,
    closes: completion.split('</think>').length - 1,
    closed: thought ? parts.some(({ kind }) => kind === 'answer') : null,
    ...path,
    rounds,
    loops: found.slice(0, MOST).map(moved),
    lost: unitsLost(found),
    trigrams,
    alike,
    script: said.main,
    otherScript: said.letters === 0 ? null : said.others / said.letters,
    switches: said.switches.slice(0, MOST).map(moved),
    garbled: { ...garbled, found: garbled.found.slice(0, MOST).map(moved) },
  };
}
