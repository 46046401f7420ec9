/**
 * A trace while it is being read into the index: its row, its details and the end of its text, kept in memory until the
 * chunk of events is through and then written once. Traces that still grow stay here between chunks.
 */
import type { TraceFacts, Verdict, FoundAnswer } from '../../core/protocol/events.ts';
import type { IndexFile } from './index-file.ts';
import { Lru } from './lru.ts';
import { PIECE } from './measure.ts';
import type { Piece } from './measure.ts';
import { plain } from './plain.ts';
import { hasRulings, ruling } from './rulings.ts';
import { finishCodes, traceRowId, verdictCodes } from './schema.ts';
import type { AttemptKey } from './trace-store.ts';

export interface TraceState {
  id: number;
  attempt_id: number;
  problem_id: number;
  prompt: number | null;
  sample: number;
  step: number | null;
  epoch: number | null;
  of: string | null;
  of_attempt: number | null;
  set_name: string | null;
  marker: string | null;
  grp: string | null;
  seq: number;
  live: number;
  superseded: number;
  units: number;
  item: string | null;
  facts: TraceFacts;
  sampling: string | null;
  model: string | null;
  quick: Verdict | null;
  found: FoundAnswer | null;
  replaced: number;
  source_file: string | null;
  source_line: number | null;
  token_ids: string | null;
  scores: string | null;
  begun: number;
  ended: number | null;
  /** Bytes at the end of its text that ended it and are not part of the completion. */
  ending: number;
  /** The last extent, and its number; -1: no text yet. */
  ix: number;
  tail: { part: number; position: number; bytes: number; units: number } | null;
  /** Its row or its details differ from what is stored. */
  changed: boolean;
  /** Its last extent differs from what is stored. */
  grown: boolean;
  /** How it counts in what is stored; null: it is new. */
  counted: { live: number; superseded: number } | null;
}

const ANSWER_LIMIT = 500;

export class TraceStates {
  private readonly index: IndexFile;
  private readonly states = new Lru<number, TraceState>(4096);
  private readonly changed = new Map<number, TraceState>();
  /** Attempts of which the journal says verdicts; null: of this one it says none. */
  private readonly ruled = new Lru<number, { key: AttemptKey | null }>(256);

  constructor(index: IndexFile) {
    this.index = index;
  }

  add(state: TraceState): void {
    this.states.set(state.id, state);
    this.changed.set(state.id, state);
  }

  /** The trace as it is known now, or null: it never began. */
  get(attemptId: number, n: number): TraceState | null {
    const id = traceRowId(attemptId, n);
    const state = this.changed.get(id) ?? this.states.get(id) ?? this.load(id);
    if (state) this.states.set(id, state);
    return state ?? null;
  }

  touch(state: TraceState): void {
    state.changed = true;
    this.changed.set(state.id, state);
  }

  private load(id: number): TraceState | null {
    const row = this.index.get<Record<string, never>>('SELECT * FROM traces JOIN details USING (id) WHERE id = ?', id);
    if (!row) return null;
    const tail = this.index.get<NonNullable<TraceState['tail']> & { ix: number }>(
      'SELECT ix, part, position, bytes, units FROM extents WHERE kind = 0 AND owner = ? ORDER BY ix DESC LIMIT 1',
      id,
    );
    const state = { ...row, changed: false, grown: false, ix: tail?.ix ?? -1 } as unknown as TraceState;
    state.counted = { live: state.live, superseded: state.superseded };
    state.facts = JSON.parse(row['facts'] ?? '{}') as TraceFacts;
    state.quick = row['quick'] === null ? null : (JSON.parse(row['quick'] ?? 'null') as Verdict);
    state.found = row['found'] === null ? null : (JSON.parse(row['found'] ?? 'null') as FoundAnswer);
    state.tail = tail ? { part: tail.part, position: tail.position, bytes: tail.bytes, units: tail.units } : null;
    return state;
  }

  /** Appends measured text; extents that touch become one while that keeps the map fine enough. */
  grow(state: TraceState, part: number, pieces: readonly Piece[], startsWhole: boolean): void {
    pieces.forEach((piece, i) => {
      const tail = state.tail;
      const touches =
        tail && tail.part === part && tail.position + tail.bytes === piece.position && (i > 0 || startsWhole);
      const uniform = tail && tail.units === tail.bytes && piece.units === piece.bytes;
      if (tail && touches && (uniform || tail.bytes + piece.bytes <= PIECE)) {
        tail.bytes += piece.bytes;
        tail.units += piece.units;
      } else {
        this.writeTail(state);
        state.ix++;
        state.tail = { part, ...piece };
      }
      state.units += piece.units;
      state.grown = true;
    });
    this.changed.set(state.id, state);
  }

  private writeTail(state: TraceState): void {
    const tail = state.tail;
    if (!tail || !state.grown) return;
    this.index.run(
      'INSERT OR REPLACE INTO extents VALUES (0, ?, ?, ?, ?, ?, ?)',
      state.id,
      state.ix,
      tail.part,
      tail.position,
      tail.bytes,
      tail.units,
    );
  }

  /** Makes the text so far readable through the index. */
  flushText(state: TraceState): void {
    this.writeTail(state);
    state.grown = false;
  }

  /** Writes what has changed, within the transaction of the chunk. Returns by how much the attempt's counts change. */
  flush(): { traces: number; live: number } {
    const delta = { traces: 0, live: 0 };
    for (const state of this.changed.values()) {
      this.flushText(state);
      if (state.changed) writeRow(this.index, state, this.verdictOf(state));
      else this.index.run('UPDATE traces SET units = ? WHERE id = ?', state.units, state.id);
      state.changed = false;
      delta.live += state.live - (state.counted?.live ?? 0);
      delta.traces += 1 - state.superseded - (state.counted ? 1 - state.counted.superseded : 0);
      state.counted = { live: state.live, superseded: state.superseded };
    }
    this.changed.clear();
    return delta;
  }

  /** The code of the verdict that counts: the journal's, where it has one. */
  private verdictOf({ id, attempt_id: attempt, facts, quick }: TraceState): number | null {
    let ruled = this.ruled.get(attempt);
    if (!ruled) {
      const key = this.index.get<{ run: string; stage: string; attempt: number }>(
        'SELECT run, stage, attempt FROM attempts WHERE id = ?',
        attempt,
      );
      this.ruled.set(attempt, (ruled = { key: key && hasRulings(this.index, key) ? key : null }));
    }
    const given = ruled.key ? ruling(this.index, ruled.key, id - traceRowId(attempt, 0)) : null;
    const own = shownVerdict({ facts, quick });
    return given ?? (own ? verdictCodes.indexOf(own.value) : null);
  }

  /** Forgets everything, after a transaction that failed or a change of the tables behind it. */
  clear(): void {
    this.states.clear();
    this.changed.clear();
    this.ruled.clear();
  }
}

/** The word of the record itself: the checker's, or the quick check's where no checker has spoken. */
export const shownVerdict = (state: Pick<TraceState, 'facts' | 'quick'>): Verdict | null =>
  state.facts.verdict ?? state.quick;

function writeRow(index: IndexFile, state: TraceState, verdict: number | null): void {
  const facts = state.facts;
  const said = facts.answer ?? state.found;
  const answer = said ? plain(said.text.slice(0, ANSWER_LIMIT)) : null;
  const search = answer?.toLowerCase() ?? null;
  index.run(
    `INSERT INTO traces (id, attempt_id, problem_id, prompt, sample, step, epoch, of, of_attempt, set_name, marker, grp, seq, verdict, answer,
       answer_search, tokens, tokens_exact, finish, reward, advantage, live, superseded, units, item, answered, scored)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET superseded = excluded.superseded, verdict = excluded.verdict, answer = excluded.answer,
       answer_search = excluded.answer_search, tokens = excluded.tokens, tokens_exact = excluded.tokens_exact,
       finish = excluded.finish, reward = excluded.reward, advantage = excluded.advantage, live = excluded.live, units = excluded.units,
       answered = excluded.answered, scored = excluded.scored`,
    state.id,
    state.attempt_id,
    state.problem_id,
    state.prompt,
    state.sample,
    state.step,
    state.epoch,
    state.of,
    state.of_attempt,
    state.set_name,
    state.marker,
    state.grp,
    state.seq,
    verdict,
    answer,
    search === answer ? null : search,
    facts.tokens ?? null,
    facts.tokens_exact ? 1 : 0,
    facts.finish ? finishCodes.indexOf(facts.finish) : null,
    facts.reward ?? null,
    facts.advantage ?? facts.advantage_logged ?? null,
    state.live,
    state.superseded,
    state.units,
    state.item,
    (facts.answer === undefined ? said : facts.answer) ? 1 : 0,
    state.scores === null ? 0 : 1,
  );
  index.run(
    'INSERT OR REPLACE INTO details VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    state.id,
    JSON.stringify(facts),
    state.sampling,
    state.model,
    state.quick ? JSON.stringify(state.quick) : null,
    state.found ? JSON.stringify(state.found) : null,
    state.replaced,
    state.source_file,
    state.source_line,
    state.token_ids,
    state.scores,
    state.begun,
    state.ended,
    state.ending,
  );
}
