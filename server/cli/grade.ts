/**
 * `longhand grade`: verdicts by the engine's checker, with the quick check's beside them; without an engine by the quick check alone. JSON
 * lines in and out, in order, as they come: an input of any length takes the same memory.
 */
import { extractAnswer } from '../../core/answers/extract.ts';
import { DEFAULT_POLICY, parsePolicy, POLICY_CHOICES, type Policy } from '../../core/answers/policy.ts';
import { quickCheck, quickCheckVersion } from '../../core/answers/quick-check.ts';
import type { FoundAnswer } from '../../core/protocol/events.ts';
import { EngineFinder, type Engine } from '../engine.ts';
import { UsageError, type Command, type Context } from './command.ts';
import { EngineGrader, type Judged } from '../engine-grader.ts';
import { inputLines, writeLine } from './jsonl-input.ts';

/** The checker's name where no engine was asked. */
const QUICK_CHECKER = 'longhand-quick';

const SWITCHES = Object.keys(DEFAULT_POLICY) as (keyof Policy)[];
const flagOf = (name: keyof Policy) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const grade: Command = {
  name: 'grade',
  usage: `[--quick] [--workers N] [--limit SECONDS] [--policy SWITCH=VALUE,…] [${SWITCHES.map((name) => `--${flagOf(name)}`).join(' | ')} VALUE] < JSONL {id, pred, gold}`,
  summary: 'verdicts → {id, verdict: true|false|null, checker, version, extracted, quick, reason}',
  options: {
    quick: { type: 'boolean' },
    workers: { type: 'string' },
    limit: { type: 'string' },
    policy: { type: 'string' },
    ...Object.fromEntries(SWITCHES.map((name) => [flagOf(name), { type: 'string' }])),
  },
  arguments: [0, 0],
  async run(context) {
    const policy = policyOf(context);
    const engine = context.flag('quick') ? null : await engineOf(context);
    const grader = engine && new EngineGrader(engine, limits(context));
    let bad = 0;
    async function* rows(): AsyncGenerator<{ line: string; row: Row }> {
      for await (const { number, text } of inputLines(process.stdin)) {
        const row = readRow(text, number);
        if ('problem' in row) bad++;
        yield { line: text, row };
      }
    }
    if (grader) {
      const judged = grader.judge(rows(), ({ row }) => opinionOf(row, policy));
      for await (const { own, line } of judged) await writeLine(verdictLine(own, line));
      const trouble = await grader.end();
      if (trouble !== null) {
        context.output.error(trouble);
        return 1;
      }
    } else {
      for await (const { row } of rows()) await writeLine(verdictLine(opinionOf(row, policy), null));
    }
    if (bad > 0) context.output.error(`${bad} lines could not be read; each has its reason in the output.`);
    return bad > 0 ? 1 : 0;
  },
};

/** @throws UsageError */
function policyOf(context: Context): Policy {
  const named = SWITCHES.flatMap((name) => {
    const value = context.text(flagOf(name));
    return value === undefined ? [] : [`${name}=${value}`];
  });
  try {
    return parsePolicy([context.text('policy') ?? '', ...named].join(','));
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`${error.message} Switches: ${Object.entries(POLICY_CHOICES).map(([name, choices]) => `${name}=${choices.join('|')}`).join(', ')}.`); // prettier-ignore
    throw error;
  }
}

function limits(context: Context): string[] {
  const workers = context.whole('workers', 1, 256);
  const limit = context.whole('limit', 1, 3600);
  return [
    ...(workers === undefined ? [] : ['--workers', String(workers)]),
    ...(limit === undefined ? [] : ['--limit', String(limit)]),
  ];
}

/** The engine, or null where there is none and none was named: then the quick check decides alone, and it is said. */
async function engineOf(context: Context): Promise<Engine | null> {
  const finder = new EngineFinder({ python: context.python, folder: context.engine });
  const found = await finder.look();
  if (!('code' in found)) return found;
  if (context.python !== null || found.code !== 'engine_missing') return finder.find();
  context.output.error(`${found.message} The verdicts are the quick check's alone (checker “${QUICK_CHECKER}”).`);
  return null;
}

type Row = { id: unknown; pred: string; gold: string | null } | { id: unknown; problem: string };

function readRow(line: string, number: number): Row {
  const problem = (id: unknown, why: string) => ({
    id,
    problem: `line ${number} cannot be read: ${why}`.slice(0, 500),
  });
  let value: unknown;
  try {
    value = JSON.parse(line, exactId);
  } catch (error) {
    return problem(null, error instanceof Error ? error.message : 'not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return problem(null, 'it is no object');
  const { id = null, pred, gold = null } = value as Record<string, unknown>;
  if (pred === undefined) return problem(id, 'it has no `pred`');
  if (!isScalar(pred)) return problem(id, '`pred` must be a text or a number');
  if (gold !== null && !isScalar(gold)) return problem(id, '`gold` must be a text, a number or null');
  // A half of a surrogate pair becomes U+FFFD, as everywhere; offsets do not change.
  return { id, pred: String(pred).toWellFormed(), gold: gold === null ? null : String(gold).toWellFormed() };
}

const isScalar = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

/** A number too large for JavaScript stays as it was written. */
function exactId(key: string, value: unknown, context?: { source?: string }): unknown {
  const raw = (JSON as { rawJSON?: (text: string) => unknown }).rawJSON;
  const isCut = key === 'id' && typeof value === 'number' && context?.source !== undefined && String(value) !== context.source; // prettier-ignore
  return isCut && raw ? raw(context.source!) : value;
}

/** What is known of a row without the engine. */
interface Own {
  id: unknown;
  /** Why the row could not be read. */
  problem: string | null;
  quick: boolean | null;
  version: string;
  reason: string;
  answer: FoundAnswer | null;
}

function opinionOf(row: Row, policy: Policy): Own {
  const version = quickCheckVersion(policy);
  if ('problem' in row)
    return { id: row.id, problem: row.problem, quick: null, version, reason: row.problem, answer: null };
  const answer = extractAnswer(row.pred);
  const known = { id: row.id, problem: null, version, answer };
  if (row.gold === null || row.gold.trim() === '') return { ...known, quick: null, reason: 'no gold' };
  if (answer === null) return { ...known, quick: false, reason: 'no answer' };
  const { value, reason } = quickCheck(row.gold, answer.text, policy);
  return { ...known, quick: value === 'undecided' ? null : value === 'right', reason };
}

/** The line of a row: the engine's word where it was asked, otherwise the quick check's. */
function verdictLine(own: Own, judged: Judged | null): string {
  const { id, problem, quick, version, reason, answer } = own;
  if (problem !== null)
    return JSON.stringify({ id, verdict: null, checker: null, version: null, extracted: null, quick: null, reason });
  if (!judged) return JSON.stringify({ id, verdict: quick, checker: QUICK_CHECKER, version, extracted: answer, quick, reason }); // prettier-ignore
  return JSON.stringify({
    id,
    verdict: judged.verdict,
    checker: judged.checker,
    version: judged.version,
    extracted: judged.extracted,
    quick,
    reason: judged.reason,
  });
}
