/** What a file records about a completion, with where it comes from. */
import { samplingSchema, type Finish, type Sampling, type TraceFacts } from '../../core/protocol/events.ts';
import { leaves } from './columns.ts';
import type { FactName } from './names.ts';
import { readPath } from './paths.ts';
import type { Plan } from './recognise.ts';

/** Facts that hold for a whole row with several completions; all others belong to one completion. */
const ofRow: ReadonlySet<FactName> = new Set([
  'step', 'epoch', 'model', 'group', 'set', 'checker', 'temperature', 'top_p', 'top_k', 'max_tokens', 'seed',
]); // prettier-ignore

const asked = ['temperature', 'top_p', 'top_k', 'max_tokens', 'seed'] as const;

/** Reads the facts of completion `index` of the `count` in a row; `around` is what stands around the rows. */
export class FactReader {
  readonly #plan: Plan;
  readonly #row: unknown;
  readonly #around: Record<string, unknown>;

  constructor(plan: Plan, row: unknown, around: Record<string, unknown>) {
    this.#plan = plan;
    this.#row = row;
    this.#around = around;
  }

  /** The first value that is not null of the columns of a fact, with the column's name. */
  get(fact: FactName, index: number, count: number): { value: unknown; column: string } | null {
    for (const column of this.#plan.facts[fact] ?? []) {
      const value = this.#at(column, index, count, ofRow.has(fact));
      if (value !== null && value !== undefined) return { value, column };
    }
    const outside = ofRow.has(fact) ? this.#around[fact] : undefined;
    return outside === null || outside === undefined ? null : { value: outside, column: fact };
  }

  #at(column: string, index: number, count: number, whole: boolean): unknown {
    const value = readPath(this.#row, column);
    if (Array.isArray(value)) {
      const parts = leaves(value);
      return parts.length === count ? parts[index] : null;
    }
    return whole || count === 1 ? value : null;
  }

  number(fact: FactName, index: number, count: number): number | undefined {
    const value = this.get(fact, index, count)?.value;
    const number = typeof value === 'bigint' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
  }

  whole(fact: FactName, index: number, count: number): number | undefined {
    const number = this.number(fact, index, count);
    return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
  }

  text(fact: FactName, index: number, count: number): string | undefined {
    const value = this.get(fact, index, count)?.value;
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  facts(index: number, count: number): TraceFacts {
    const facts: TraceFacts = {};
    const verdict = this.get('verdict', index, count);
    const right = verdict ? rightness(verdict.value) : null;
    if (verdict && right !== null) {
      const checker = this.text('checker', index, count);
      facts.verdict = {
        value: right ? 'right' : 'wrong',
        checker: 'file',
        version: verdict.column,
        ...(checker ? { reason: `the file names ${checker}` } : {}),
      };
    }
    const finish =
      finishOf(this.get('finish', index, count)?.value) ??
      (this.get('truncated', index, count)?.value === true ? 'length' : null);
    if (finish) facts.finish = finish;
    const tokens = this.get('tokens', index, count);
    const n = this.whole('tokens', index, count);
    if (tokens && n !== undefined && n >= 0) {
      facts.tokens = n;
      // A server's usage is counted by the model's own tokenizer; of other counts the file does not say what counted.
      facts.tokens_exact =
        /completion_?tokens/i.test(tokens.column) || readPath(this.#row, `${tokens.column}_exact`) === true;
    }
    const rewards: Record<string, number | null> = {};
    for (const [name, column] of Object.entries(this.#plan.rewards)) {
      const value = this.#at(column, index, count, false);
      const number = typeof value === 'bigint' ? Number(value) : value;
      if (typeof number === 'number') rewards[name] = Number.isFinite(number) ? number : null;
      else if (value === null) rewards[name] = null;
    }
    if (Object.keys(rewards).length > 0) facts.rewards = rewards;
    const reward = this.number('reward', index, count);
    if (reward !== undefined) facts.reward = reward;
    const advantage = this.number('advantage', index, count);
    if (advantage !== undefined) facts.advantage_logged = advantage;
    return facts;
  }

  /** What was asked of the sampler, where the file says; undefined where it says nothing. */
  sampling(): Sampling | undefined {
    if (!asked.some((name) => this.#plan.facts[name] || name in this.#around)) return undefined;
    const around: Record<string, unknown> = {};
    for (const name of asked) {
      const number = this.number(name, 0, 1);
      if (number !== undefined) around[name] = number;
    }
    const parsed = samplingSchema.safeParse(around);
    return parsed.success && Object.keys(parsed.data).length > 0 ? parsed.data : undefined;
  }
}

/** What a flag says; null where it is no flag (a fraction, a text that is neither). */
export function rightness(value: unknown): boolean | null {
  if (value === true || value === 1 || value === 1n) return true;
  if (value === false || value === 0 || value === 0n) return false;
  if (typeof value !== 'string') return null;
  if (/^(?:true|correct|right|yes|1|1\.0)$/i.test(value)) return true;
  return /^(?:false|incorrect|wrong|no|0|0\.0)$/i.test(value) ? false : null;
}

/** A finish reason in the words of the record; null for one that is not known. */
export function finishOf(value: unknown): Finish | null {
  if (typeof value !== 'string') return null;
  if (/^(?:stop|eos|eos_token|end_turn|stop_sequence|completed?)$/i.test(value)) return 'stop';
  if (/^(?:length|max_tokens|max_length|max_output_tokens|model_length|incomplete)$/i.test(value)) return 'length';
  return /^(?:error|abort|aborted|content_filter|failed)$/i.test(value) ? 'error' : null;
}
