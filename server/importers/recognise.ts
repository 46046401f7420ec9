/** Which column is what: by name and by shape, with a score, and a word about every doubt. */
import type { ImportMapping } from '../../core/protocol/imports.ts';
import { meanLength, reasoningShare, summary, type Column } from './columns.ts';
import { answered } from './answered.ts';
import { conversation, isMessages, toMessages } from './messages.ts';
import {
  completionNames,
  factNames,
  facts,
  goldNames,
  idNames,
  nameScore,
  plainName,
  problemNames,
  promptNames,
  type FactName,
  type NameTable,
} from './names.ts';
import { readPath } from './paths.ts';

/** One column of completions; a file with several gives several traces a row. */
export interface CompletionColumn {
  path: string;
  /** The problem that these completions answer, where it is not the row's. */
  problem?: string;
  model?: string;
  set?: string;
}

/** How the rows of a file become traces. */
export interface Plan {
  completions: CompletionColumn[];
  problem: string | null;
  /** The prompt as the model saw it. */
  prompt: string | null;
  gold: string | null;
  id: string | null;
  /** A column of conversations gives the problem too. */
  chat: boolean;
  facts: Partial<Record<FactName, string[]>>;
  /** Numeric columns that are parts of the reward, by the name of the part. */
  rewards: Record<string, string>;
}

export interface Recognition {
  /** `completions`: a run. `gold`: problems and answers without completions. `unknown`: nobody can tell without help. */
  holds: 'completions' | 'gold' | 'unknown';
  plan: Plan;
  sure: boolean;
  notes: string[];
}

const SURE = 0.6;
/** Two columns whose scores are nearer than this are equally likely. */
const MARGIN = 0.08;

interface Scored {
  column: Column;
  score: number;
}

/** Recognises the columns of sampled rows. `file` is the name for the messages. */
export function recognise(columns: Column[], rows: readonly unknown[]): Recognition {
  const notes: string[] = [];
  const asked = askedColumns(columns);
  const candidates = distinct(completionCandidates(columns), rows);
  const best = candidates[0];
  const rival = candidates[1];
  const plan = emptyPlan();

  if (asked.length > 0) plan.completions = asked;
  else if (best && best.score >= 0.3) plan.completions = [{ path: best.column.path }];
  if (asked.length > 0)
    notes.push(`${list(asked.map((c) => c.path))}: completions, named after the model and the column that it answers`);

  const chosen = new Set(plan.completions.map((c) => c.path));
  plan.chat = plan.completions.length === 1 && isChat(columns.find((c) => c.path === plan.completions[0]!.path));
  chooseProblem(plan, columns, rows, chosen, notes);
  if (plan.completions.length === 1 && best?.column.path === 'chosen' && columns.some((c) => c.path === 'rejected')) {
    plan.completions = [
      { path: 'chosen', set: 'chosen' },
      { path: 'rejected', set: 'rejected' },
    ];
    chosen.add('rejected');
  }
  plan.gold = pick(columns, goldNames, (c) => !chosen.has(c.path) && c.path !== plan.problem && fitsGold(c), 0.5);
  // The id of an answer of a server is not the problem's.
  const answerId = columns.some((c) => c.path.startsWith('choices[]')) ? 'id' : null;
  plan.id = pick(
    columns,
    idNames,
    (c) => c.path !== answerId && !c.path.includes('[]') && has(c, 'text', 'number'),
    0.5,
  );
  recogniseFacts(plan, columns);

  const sure =
    asked.length > 0 || (best !== undefined && best.score >= SURE && (!rival || best.score - rival.score >= MARGIN));
  if (sure) return { holds: 'completions', plan, sure, notes };

  const gold = plan.gold !== null && (plan.problem !== null || promptOnly(columns, rows));
  if (gold && (!best || best.score < SURE)) {
    plan.completions = [];
    notes.push(
      'This file has no completions: it is a source of problems and gold answers. Give it together with a file of completions, and its answers are joined to them.',
    );
    return { holds: 'gold', plan: withoutChat(plan, columns), sure: true, notes };
  }
  if (best && rival && best.score >= SURE)
    notes.push(`Two columns could be the completions: ${quoted(best.column)} and ${quoted(rival.column)}.`);
  else if (best && best.score >= 0.3)
    notes.push(`The completions are perhaps in ${quoted(best.column)}: ${reason(best)}. Its name does not say so.`);
  else notes.push('No column looks like completions. Say which one it is.');
  return { holds: 'unknown', plan, sure: false, notes };
}

/** A plan that obeys the user's mapping; what it does not name is recognised. */
export function planFromMapping(mapping: ImportMapping, columns: Column[], rows: readonly unknown[]): Plan {
  const recognised = recognise(columns, rows).plan;
  const plan = { ...recognised, completions: [{ path: mapping.completion }] };
  plan.chat = isChatPath(mapping.completion, rows);
  if (recognised.completions.some((c) => c.path === mapping.completion))
    plan.completions = recognised.completions.filter((c) => c.path === mapping.completion);
  if (mapping.prompt !== undefined) {
    plan.problem = mapping.prompt;
    plan.prompt = nameScore(mapping.prompt, promptNames) > 0 ? mapping.prompt : null;
    plan.completions = plan.completions.map((c) => ({ ...c, problem: undefined }));
  } else if (plan.problem === mapping.completion) plan.problem = null;
  if (mapping.gold !== undefined) plan.gold = mapping.gold;
  else if (plan.gold === mapping.completion) plan.gold = null;
  if (mapping.id !== undefined) plan.id = mapping.id;
  return plan;
}

/** The plan in the four words of the contract. */
export function mappingOf(plan: Plan): ImportMapping | null {
  const first = plan.completions[0];
  if (!first) return null;
  const prompt = first.problem ?? plan.problem ?? plan.prompt;
  return {
    ...(prompt !== null ? { prompt } : {}),
    completion: first.path,
    ...(plan.gold !== null ? { gold: plan.gold } : {}),
    ...(plan.id !== null ? { id: plan.id } : {}),
  };
}

function emptyPlan(): Plan {
  return { completions: [], problem: null, prompt: null, gold: null, id: null, chat: false, facts: {}, rewards: {} };
}

/** Columns named `<model> (<column that it answers>)`. */
function askedColumns(columns: Column[]): CompletionColumn[] {
  const names = new Set(columns.map((c) => c.path));
  return columns.flatMap((c) => {
    const match = /^(.+) \(([^()]+)\)$/.exec(c.path);
    if (!match || !names.has(match[2]!) || !has(c, 'text', 'texts')) return [];
    return [{ path: c.path, model: match[1]!, problem: match[2]! }];
  });
}

function completionCandidates(columns: Column[]): Scored[] {
  const scored: Scored[] = [];
  for (const column of columns) {
    if (isChat(column)) scored.push({ column, score: chatScore(column) });
    if (!has(column, 'text', 'texts')) continue;
    const name = nameScore(column.path, completionNames);
    const named = Math.max(
      nameScore(column.path, problemNames),
      nameScore(column.path, goldNames) - 0.2,
      nameScore(column.path, idNames),
    );
    if (name === 0 && named > 0.4) continue;
    const length = meanLength(column);
    let score = name > 0 ? name : 0.1;
    if (length >= 400) score += 0.1;
    if (reasoningShare(column) >= 0.5) score += length >= 400 ? 0.3 : 0.15;
    if (length < 20 && name < 0.7) score -= 0.3;
    if (score >= 0.2) scored.push({ column, score });
  }
  return scored.sort((a, b) => b.score - a.score);
}

/** A list of messages is a completion by its name (TRL's `completion`), or when an assistant speaks in it. */
function chatScore(column: Column): number {
  const name = nameScore(column.path, completionNames);
  if (name >= 0.7) return name;
  if (/^(?:prompt|input|query)$/.test(plainName(column.path))) return 0;
  return /^(?:messages|conversations?|chat|dialogue)$/.test(plainName(column.path)) ? 0.8 : 0.65;
}

/** Of columns with the same texts only the first counts: some harnesses write the completion twice. */
function distinct(candidates: Scored[], rows: readonly unknown[]): Scored[] {
  const seen = new Set<string>();
  return candidates.filter(({ column, score }) => {
    if (score <= 0) return false;
    if (isChat(column) && !rows.some((row) => hasAssistant(readPath(row, column.path), column.path))) return false;
    const key = isChat(column) ? column.path : JSON.stringify(column.texts.slice(0, 4));
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function hasAssistant(value: unknown, path: string): boolean {
  const lists = isMessages(value) ? [value] : Array.isArray(value) ? value.filter(isMessages) : [];
  return lists.some((list) => {
    if (nameScore(path, completionNames) >= 0.7) return true;
    return conversation(toMessages(list)).completion !== null;
  });
}

function chooseProblem(
  plan: Plan,
  columns: Column[],
  rows: readonly unknown[],
  taken: Set<string>,
  notes: string[],
): void {
  const free = columns.filter((c) => !taken.has(c.path) && has(c, 'text', 'messages'));
  const problem = best(free, problemNames);
  plan.problem = problem?.score && problem.score >= 0.5 ? problem.column.path : null;
  const prompt = best(
    columns.filter((c) => !taken.has(c.path) && has(c, 'text', 'texts', 'messages')),
    promptNames,
  );
  plan.prompt = prompt && prompt.score >= 0.5 ? prompt.column.path : null;
  const first = plan.completions[0];
  if (!plan.problem || !first || first.problem || plan.completions.length > 1) return;
  const other = answered(columns, rows, plan.problem, first.path);
  if (other === null) return;
  notes.push(
    `The completions speak of what is in ${JSON.stringify(other)}, not of what only ${JSON.stringify(plan.problem)} says: ${JSON.stringify(other)} is taken as their problem. Gold answers are the file's own for the row.`,
  );
  plan.problem = other;
}

function recogniseFacts(plan: Plan, columns: Column[]): void {
  const taken = new Set([plan.problem, plan.prompt, plan.gold, plan.id, ...plan.completions.map((c) => c.path)]);
  for (const fact of facts) {
    const table: NameTable = factNames[fact];
    const found = columns
      .filter((c) => !taken.has(c.path) && besideCompletions(c, plan) && fitsFact(fact, c))
      .map((column) => ({ column, score: nameScore(column.path, table) }))
      .filter(({ score }) => score >= 0.6)
      .sort((a, b) => b.score - a.score)
      .map(({ column }) => column.path);
    if (found.length > 0) plan.facts[fact] = found;
  }
  const verdicts = plan.facts.verdict ?? [];
  if (plan.facts.reward) plan.facts.reward = plan.facts.reward.filter((path) => !verdicts.includes(path));
  const used = new Set([...taken, ...Object.values(plan.facts).flat()]);
  const logged = ['step', 'prompt', 'completion', 'advantage'].every((name) => columns.some((c) => c.path === name));
  for (const column of columns) {
    if (used.has(column.path) || !besideCompletions(column, plan)) continue;
    const allNull = column.kinds.size === 0 && /reward/.test(plainName(column.path));
    if (!allNull && !has(column, 'number', 'numbers')) continue;
    const name = column.path.replace(/^rewards?\./, '');
    const named = name !== column.path || /reward/.test(plainName(column.path));
    // TRL's log of completions has no other columns of numbers than the reward functions and what they logged themselves.
    if (named || (logged && !column.int64 && !column.path.includes('.'))) plan.rewards[name] = column.path;
  }
}

/** False for what lies in a list of the row that the completions do not lie in: the events of a log, the turns of a talk. */
function besideCompletions(column: Column, plan: Plan): boolean {
  const list = column.path.slice(0, column.path.lastIndexOf('[]') + 2);
  return !column.path.includes('[]') || plan.completions.some((completion) => completion.path.startsWith(list));
}

function fitsFact(fact: FactName, column: Column): boolean {
  // Null in all rows that were looked at: what it has is only known where it stands, and is checked there.
  if ([...column.kinds].every((kind) => kind === 'list')) return true;
  if (fact === 'verdict') {
    if (has(column, 'boolean', 'booleans')) return true;
    // `score` is a reward unless it is true or false; the other names say themselves what 0 and 1 mean.
    if (/score/.test(plainName(column.path))) return false;
    return has(column, 'number', 'numbers') && column.numbers.every((n) => n === 0 || n === 1);
  }
  if (fact === 'truncated') return has(column, 'boolean', 'booleans');
  if (fact === 'finish' || fact === 'reasoning') return has(column, 'text', 'texts');
  if (fact === 'model' || fact === 'set' || fact === 'checker') return has(column, 'text');
  if (fact === 'group') return has(column, 'text', 'number');
  return has(column, 'number', 'numbers');
}

function fitsGold(column: Column): boolean {
  if (!has(column, 'text', 'number', 'texts', 'numbers')) return false;
  // A proof or a train of thought under the name of an answer is none.
  return !(has(column, 'text') && reasoningShare(column) >= 0.5 && meanLength(column) > 1500);
}

function promptOnly(columns: Column[], rows: readonly unknown[]): boolean {
  return columns.some((c) => isChat(c) && rows.some((row) => isMessages(readPath(row, c.path))));
}

/** Problems whose only text is a conversation without an answer. */
function withoutChat(plan: Plan, columns: Column[]): Plan {
  if (plan.problem !== null) return plan;
  return { ...plan, problem: columns.find(isChat)?.path ?? null };
}

function isChat(column: Column | undefined): boolean {
  return column !== undefined && has(column, 'messages', 'conversations');
}

function isChatPath(path: string, rows: readonly unknown[]): boolean {
  return rows.some((row) => {
    const value = readPath(row, path);
    return isMessages(value) || (Array.isArray(value) && value.some(isMessages));
  });
}

function has(column: Column, ...kinds: Column['kinds'] extends Set<infer K> ? K[] : never): boolean {
  return kinds.some((kind) => column.kinds.has(kind));
}

function best(columns: Column[], table: NameTable): Scored | null {
  let found: Scored | null = null;
  for (const column of columns) {
    const score = nameScore(column.path, table);
    if (score > (found?.score ?? 0)) found = { column, score };
  }
  return found;
}

function pick(columns: Column[], table: NameTable, fits: (column: Column) => boolean, least: number): string | null {
  const found = best(columns.filter(fits), table);
  return found && found.score >= least ? found.column.path : null;
}

function reason({ column }: Scored): string {
  const parts = [`texts of ${Math.round(meanLength(column))} characters on average`];
  const share = reasoningShare(column);
  if (share > 0) parts.push(`${Math.round(share * 100)} % of them read like reasoning`);
  return parts.join(', ');
}

const quoted = (column: Column): string => `${JSON.stringify(column.path)} (“${summary(column).example.slice(0, 60)}”)`;
const list = (names: string[]): string => names.map((name) => JSON.stringify(name)).join(', ');
