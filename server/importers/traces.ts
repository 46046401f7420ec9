/** Rows as traces: explodes a row with several completions, takes the recorded facts, says why a row gives none. */
import type { ImportedTrace } from '../store/trace-store.ts';
import { problemId } from '../store/record-writer.ts';
import { leaves } from './columns.ts';
import { FactReader } from './facts.ts';
import { goldText } from './gold.ts';
import type { Row } from './importer.ts';
import { chatText, conversation, isMessages, problemOfPrompt, toMessages, withReasoning } from './messages.ts';
import { isRecord, readPath } from './paths.ts';
import type { CompletionColumn, Plan } from './recognise.ts';
import { scoresOf } from './token-scores.ts';

/** Problems that are remembered: how many completions each has, so that sample numbers go on over rows, and its gold. */
const MAX_COUNTED = 1_000_000;

export interface RowResult {
  traces: ImportedTrace[];
  /** Completions of the row that are no text: which one, and why. */
  skipped: string[];
  /** Completions that were put together from parts that the file keeps apart. */
  composed: number;
  /** Completions whose log-probabilities could not be placed in them. */
  unplaced: number;
  /** The gold of a row that differs from the one that its problem had before, which stays. */
  otherGold: string | null;
}

const NO_TEXT = '(its text is not in the file)';

/** True for the stand-in of a problem whose text the file does not have. */
export const lacksText = (problem: string): boolean => problem.endsWith(NO_TEXT);

export class TraceMaker {
  readonly #plan: Plan;
  readonly #file: string;
  readonly #samples = new Map<string, number>();
  readonly #golds = new Map<string, string>();
  #around: Record<string, unknown> = {};
  #row = 0;
  #last: { problem: string; id: string } | null = null;

  constructor(plan: Plan, file: string) {
    this.#plan = plan;
    this.#file = file;
  }

  /** Takes what stands around the rows that follow. */
  surround(value: Record<string, unknown>): void {
    this.#around = flatSurroundings(value);
    this.#row = 0;
  }

  /** The traces of a row; a string says why it has none. */
  make(row: Row): RowResult | string {
    this.#row++;
    if (!isRecord(row.value)) return `not an object but ${kindName(row.value)}`;
    const result: RowResult = { traces: [], skipped: [], composed: 0, unplaced: 0, otherGold: null };
    let missing = '';
    let found = false;
    for (const column of this.#plan.completions) {
      const value = readPath(row.value, column.path);
      if (value === undefined || value === null) {
        missing = `no completion: ${JSON.stringify(column.path)} is ${value === null ? 'null' : 'not there'}`;
        continue;
      }
      found = true;
      this.#column(row, column, value, result);
    }
    if (result.traces.length > 0) return result;
    return found ? (result.skipped[0] ?? 'no completion: the list is empty') : missing;
  }

  #column(row: Row, column: CompletionColumn, value: unknown, result: RowResult): void {
    const completions = leaves(value);
    const facts = new FactReader(this.#plan, row.value, this.#around);
    for (const [index, entry] of completions.entries()) {
      const read = this.#completion(entry, facts, index, completions.length);
      if (!read) {
        result.skipped.push(
          `completion ${index + 1} of ${completions.length} in ${JSON.stringify(column.path)} is ${kindName(entry)}, not text`,
        );
        continue;
      }
      if (read.composed) result.composed++;
      result.traces.push(this.#trace(row, column, read, facts, index, completions.length, result));
    }
  }

  #completion(entry: unknown, facts: FactReader, index: number, count: number): Completion | null {
    if (isMessages(entry)) {
      const messages = toMessages(entry);
      const split = conversation(messages);
      if (split.completion !== null)
        return { text: split.completion, composed: split.composed, problem: split.problem, prompt: split.prompt };
      return null;
    }
    if (typeof entry !== 'string') return null;
    const reasoning = facts.text('reasoning', index, count);
    if (reasoning === undefined || entry.includes('</think>'))
      return { text: entry, composed: false, problem: null, prompt: null };
    return { text: withReasoning(reasoning, entry), composed: true, problem: null, prompt: null };
  }

  #trace(
    row: Row,
    column: CompletionColumn,
    read: Completion,
    facts: FactReader,
    index: number,
    count: number,
    result: RowResult,
  ): ImportedTrace {
    const asked = this.#problem(row.value, column, read, index);
    const gold = this.#plan.gold === null ? null : goldText(readPath(row.value, this.#plan.gold), this.#plan.gold);
    const step = facts.whole('step', index, count);
    const epoch = facts.number('epoch', index, count);
    const set = column.set ?? facts.text('set', index, count);
    const problem = clean(asked.problem).text;
    const completion = clean(read.text);
    const model = column.model ?? facts.text('model', index, count);
    const sampling = facts.sampling();
    const own = facts.facts(index, count);
    const id = this.#id(problem);
    const group =
      facts.get('group', index, count)?.value ??
      (own.advantage_logged !== undefined && step !== undefined ? `${step}/${id}` : null);
    const trace: ImportedTrace = {
      problem: {
        text: problem,
        gold: gold === null ? null : clean(gold).text,
        sourceId: this.#sourceId(row.value, asked),
      },
      prompt: asked.prompt === null ? null : clean(asked.prompt).text,
      completion: completion.text,
      facts: own,
      sample: facts.whole('sample', index, count) ?? this.#sample(`${step ?? ''}|${set ?? ''}|${model ?? ''}|${id}`),
      group: scalar(group),
      source: { file: this.#file, line: row.line },
      replaced: completion.replaced + (row.replaced > 0 ? Math.min(row.replaced, replacements(read.text)) : 0),
    };
    const scores = scoresOf(row.value, { path: column.path, index, count, text: completion.text });
    if (scores === 'unplaced') result.unplaced += 1;
    else if (scores) {
      trace.scores = scores.stretch;
      // A file that counts none has them one by one.
      if (own.tokens === undefined) Object.assign(own, { tokens: scores.tokens, tokens_exact: true });
    }
    if (trace.problem.gold !== null) {
      trace.problem.goldOrigin = 'given';
      const known = this.#golds.get(id);
      if (known !== undefined && known !== trace.problem.gold) result.otherGold = trace.problem.gold;
      else if (known === undefined && this.#golds.size < MAX_COUNTED) this.#golds.set(id, trace.problem.gold);
    }
    if (step !== undefined) trace.step = step;
    if (epoch !== undefined) trace.epoch = epoch;
    if (set !== undefined) trace.set = set;
    if (model !== undefined) trace.model = model;
    if (sampling) trace.sampling = sampling;
    return trace;
  }

  /** The problem's text and the prompt as the model saw it, from wherever the file has them. */
  #problem(row: unknown, column: CompletionColumn, read: Completion, index: number): Asked {
    const plan = this.#plan;
    const prompt = promptText(plan.prompt === null ? null : readPath(row, plan.prompt), index);
    const path = column.problem ?? plan.problem;
    const own = path === null ? null : promptText(readPath(row, path), index);
    if (own && path !== plan.prompt) {
      const problem = own.problem ?? own.text;
      return { problem, prompt: prompt && prompt.text !== problem ? prompt.text : null, known: true };
    }
    const only = prompt ?? own;
    if (only) {
      if (only.problem === null) return { problem: only.text, prompt: null, known: true };
      return { problem: only.problem, prompt: only.verbatim ? only.text : only.beyond, known: true };
    }
    if (read.problem) return { problem: read.problem, prompt: read.prompt, known: true };
    const name = typeof this.#around.benchmark === 'string' ? this.#around.benchmark : this.#file;
    const number = this.#row;
    return { problem: `Problem ${number} of ${name} ${NO_TEXT}`, prompt: null, known: false };
  }

  #sourceId(row: unknown, asked: Asked): string | null {
    const value = this.#plan.id === null ? null : readPath(row, this.#plan.id);
    const benchmark = this.#around.benchmark;
    if (!asked.known && typeof benchmark === 'string') return `${benchmark}-${scalar(value) ?? this.#row - 1}`;
    return scalar(value);
  }

  /** The problem's id; neighbouring rows are often of one problem. */
  #id(problem: string): string {
    if (this.#last?.problem !== problem) this.#last = { problem, id: problemId(problem) };
    return this.#last.id;
  }

  #sample(key: string): number {
    const sample = this.#samples.get(key) ?? 0;
    if (sample > 0 || this.#samples.size < MAX_COUNTED) this.#samples.set(key, sample + 1);
    return sample;
  }
}

interface Completion {
  text: string;
  composed: boolean;
  problem: string | null;
  prompt: string | null;
}

interface Asked {
  problem: string;
  prompt: string | null;
  /** False: the file has no text of the problem. */
  known: boolean;
}

interface PromptText {
  text: string;
  /** The problem inside a templated prompt; null: the text is the problem. */
  problem: string | null;
  /** The text is what the model saw, not made here from messages. */
  verbatim: boolean;
  /** What stands around the problem, for messages; null where nothing does. */
  beyond: string | null;
}

function promptText(value: unknown, index: number): PromptText | null {
  if (isMessages(value)) {
    const messages = toMessages(value);
    const last = messages.findLastIndex((m) => m.role === 'user');
    const problem = last < 0 ? '' : messages[last]!.text;
    const text = chatText(messages);
    return { text, problem, verbatim: false, beyond: messages.length > 1 ? text : null };
  }
  if (Array.isArray(value)) return promptText(value[index] ?? value[0], 0);
  if (typeof value !== 'string') return null;
  return { text: value, problem: problemOfPrompt(value), verbatim: true, beyond: null };
}

/** Lone surrogates become U+FFFD, one unit each, so that offsets stay what they are. */
function clean(text: string): { text: string; replaced: number } {
  if (text.isWellFormed()) return { text, replaced: 0 };
  const well = text.toWellFormed();
  return { text: well, replaced: replacements(well) - replacements(text) };
}

function replacements(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) count++;
  return count;
}

/** Names that mean something for all rows, wherever they stand in what surrounds them. */
function flatSurroundings(value: Record<string, unknown>): Record<string, unknown> {
  const inner: unknown[] = [value.metadata, value.config, value.eval, value];
  const flat: Record<string, unknown> = Object.assign({}, ...inner.filter(isRecord));
  const model = [flat.model, flat.model_name, flat.model_path, flat.model_id].find((name) => typeof name === 'string');
  const benchmark = [flat.benchmark, flat.task].find((name) => typeof name === 'string');
  return { ...flat, ...(model ? { model } : {}), ...(benchmark ? { benchmark, set: benchmark } : {}) };
}

/** A text or a number as text; null for anything else. */
function scalar(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? clean(String(value)).text
    : null;
}

function kindName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
