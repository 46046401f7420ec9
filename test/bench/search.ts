/**
 * Full-text search over 200 MB of completions beside ripgrep over the same files, both warm: from the call to the last hit, counts of
 * all hits, traces with their rows and snippets. ripgrep counts the same hits (`--count-matches`), which is the least that it can do.
 * Its program is `LONGHAND_RG`, `rg` of the PATH, or that of the VS Code for the browser; without one only our figures are printed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { attemptFolder } from '../../server/store/paths.ts';
import { openStore } from '../../server/store/client.ts';
import { Searches } from '../../server/search/searches.ts';
import { makeAttempt, makeRun } from '../support/attempt-writer.ts';
import { withFolder } from '../support/temporary.ts';
import type { Figure } from './run.ts';

const BYTES = 200 * 2 ** 20;
const TIMES = 7;
const key = { run: 'texts', stage: 'evaluate', attempt: 1 };

/** A query, and the same for ripgrep; `exact`: both count the same hits. */
const cases: { name: string; query: string; rg: string[] }[] = [
  {
    name: 'a phrase that is rare',
    query: 'match:case "let me count the marbles"',
    rg: ['-F', 'let me count the marbles'],
  },
  { name: 'the same in any case', query: '"let me count the marbles"', rg: ['-i', '-F', 'let me count the marbles'] },
  { name: 'a word that is common, in any case', query: 'wait', rg: ['-i', '-F', 'wait'] },
  { name: 'a word that no text has', query: 'xylophone', rg: ['-i', '-F', 'xylophone'] },
  { name: 'a word with letters beyond ASCII', query: 'match:case "≤ β"', rg: ['-F', '≤ β'] },
  { name: 'an expression with a literal in it', query: '/\\bwait\\b, (no|let)/i', rg: ['-i', '\\bwait\\b, (no|let)'] },
  { name: 'an expression of classes', query: '/[0-9]+ \\+ [0-9]+ = 9[0-9]{2}/', rg: ['[0-9]+ \\+ [0-9]+ = 9[0-9]{2}'] },
  {
    name: 'an expression of alternatives',
    query: '/hold on|let me check|is that right/i',
    rg: ['-i', 'hold on|let me check|is that right'],
  },
];

export async function bench(): Promise<Figure[]> {
  return withFolder(async (root) => {
    const sizes: Figure[] = [];
    for (const [shape, length] of [
      ['5,000 long texts', 40_000],
      ['66,000 short texts', 3_000],
    ] as const) {
      const run = `${key.run}-${length}`;
      fill(root, run, length);
      sizes.push(...(await measured(root, run, shape)));
    }
    return sizes;
  });
}

async function measured(root: string, run: string, shape: string): Promise<Figure[]> {
  const store = await openStore({ root });
  await store.catchUp();
  const searches = new Searches(store);
  const rg = ripgrep();
  if (!rg) console.error('  search: no ripgrep here (LONGHAND_RG names one): nothing to compare with');
  const folder = join(attemptFolder(root, { ...key, run }), 'text');
  const figures: Figure[] = [];
  const search = (query: string) =>
    searches.search(
      { filter: { run }, query },
      { signal: new AbortController().signal, progress: () => Promise.resolve() },
    );
  // Its threads begin with it, and nobody has asked yet where the texts lie.
  const first = performance.now();
  await search(cases[0]!.query);
  figures.push({
    name: `search: ${shape}, the first search`,
    value: Math.round(performance.now() - first),
    ...{ unit: 'ms', target: null },
  });
  for (const { name, query, rg: args } of cases) {
    const ours: number[] = [];
    const theirs: number[] = [];
    let hits = 0;
    let counted = 0;
    for (let i = 0; i < TIMES; i++) {
      const began = performance.now();
      const totals = await search(query);
      ours.push(performance.now() - began);
      hits = totals.hits;
      if (!rg) continue;
      const start = performance.now();
      counted = countedBy(rg, args, folder);
      theirs.push(performance.now() - start);
    }
    if (rg && counted !== hits) throw new Error(`${query}: ${hits} hits here, ${counted} by ripgrep`);
    const [us, them] = [median(ours), median(theirs)];
    figures.push({
      name: `search: ${shape}, ${name} (${hits} hits)`,
      value: Math.round(us),
      unit: 'ms',
      target: rg ? `<=${Math.round(3 * them)}` : null,
      peer: rg ? `ripgrep ${Math.round(them)} ms (${(us / them).toFixed(2)} times)` : null,
    });
  }
  await searches.close();
  await store.close();
  return figures;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

function countedBy(rg: string, args: string[], folder: string): number {
  const { stdout, status } = spawnSync(rg, ['--no-config', '-a', '--count-matches', '--no-filename', ...args, folder], {
    encoding: 'utf8',
  });
  if (status === 2) throw new Error(`ripgrep failed on ${args.join(' ')}`);
  return stdout.split('\n').reduce((sum, line) => sum + Number(line), 0);
}

function ripgrep(): string | null {
  const named = process.env['LONGHAND_RG'];
  if (named) return named;
  const found = spawnSync('which', ['rg'], { encoding: 'utf8' });
  if (found.status === 0) return found.stdout.trim();
  const [, server = join('.tools', 'vscode', 'node_modules', 'code-server', 'lib', 'vscode', 'out', 'server-main.js')] =
    JSON.parse(process.env['LONGHAND_VSCODE'] ?? '[]') as string[];
  const packages = join(server, '..', '..', 'node_modules', '@vscode');
  if (!existsSync(packages)) return null;
  const places = readdirSync(packages)
    .filter((name) => name.startsWith('ripgrep'))
    .flatMap((name) => [
      join(packages, name, 'bin', 'rg'),
      join(packages, name, 'bin', `${process.platform}-${process.arch}`, 'rg'),
    ]);
  return places.find((path) => existsSync(path) && runs(path)) ?? null;
}

function runs(path: string): boolean {
  try {
    execFileSync(path, ['--version']);
    return true;
  } catch {
    return false;
  }
}

const sentences = [
  'So the total number of ways is the product of these. ',
  'Wait, let me check this again before I go on. ',
  'If we substitute this back into the equation, we get the same value on both sides. ',
  'Hmm, that does not look right. Hold on. ',
  'Now consider the case in which the first term is even. ',
  'The remainder when it is divided by 7 has to be 3, therefore the number has the form 7k + 3. ',
  'By symmetry, the other two cases give the same count.\n\n',
  'Alternatively, I could use the formula for the sum of a geometric series. ',
  'Therefore, the area of the triangle is half of the base times the height.\n',
];
const beyond = ['Since α ≤ β, the sum ∑ converges → the limit exists. ', 'Thus x² − 2x + 1 ≥ 0 for every x ∈ ℝ. '];

/** Texts of about `length` bytes, the same every time; a third of them has characters beyond ASCII. */
function fill(root: string, run: string, length: number): void {
  makeRun(root, run);
  const record = makeAttempt(root, { ...key, run });
  const problem = record.problem('What is 2 + 2?', { gold: '4' });
  let seed = 1;
  const next = (n: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return (seed >>> 8) % n;
  };
  const count = Math.ceil(BYTES / length);
  for (let begin = 0; begin < count; begin += 50) {
    record.batch(() => {
      for (let i = begin; i < begin + 50; i++) {
        let text = '';
        while (text.length < length) {
          text += sentences[next(sentences.length)]!;
          if (next(3) === 0) text += `${next(1000)} + ${next(1000)} = ${next(2000)}. `;
          if (i % 3 === 0 && next(8) === 0) text += beyond[next(2)]!;
        }
        if (i % 997 === 5) text += 'To be sure, let me count the marbles one by one.\n';
        const trace = record.traceBegin(problem, null, { sample: i });
        record.traceText(trace, text);
        record.traceEnd(trace, { tokens: Math.round(length / 4), finish: 'stop' });
      }
    });
  }
  record.event({ type: 'end', complete: true, step: null, max_steps: null, outputs: {} });
  record.close();
}
