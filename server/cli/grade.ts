/** `longhand grade`: verdicts by the engine's checker, with the quick check's beside them. JSON lines in and out. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { extractAnswer } from '../../core/answers/extract.ts';
import { quickCheck } from '../../core/answers/quick-check.ts';
import { EngineFinder, engineEnvironment } from '../engine.ts';
import type { Command } from './command.ts';
import { inputLines, writeLine } from './jsonl-input.ts';

export const grade: Command = {
  name: 'grade',
  usage: '< JSONL {id, pred, gold}',
  summary: 'verdicts → {id, verdict: true|false|null, checker, version, extracted, quick, reason}',
  arguments: [0, 0],
  async run(context) {
    const engine = await new EngineFinder({ python: context.python, folder: context.engine }).find();
    const child = spawn(engine.python, ['-m', 'longhand_engine.checker.grade'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: engineEnvironment(),
    });
    const exited = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    // The checker answers every line in order, so the first line that waits is the one that an answer belongs to.
    const waiting: string[] = [];
    const feed = async () => {
      for await (const { text } of inputLines(process.stdin)) {
        waiting.push(text);
        if (!child.stdin.write(`${text}\n`)) await new Promise((resolve) => child.stdin.once('drain', resolve));
      }
      child.stdin.end();
    };
    // A checker that died says so by its exit code.
    child.stdin.on('error', () => undefined);
    const fed = feed();
    for await (const line of createInterface({ input: child.stdout })) {
      const verdict = JSON.parse(line) as Record<string, unknown>;
      const { reason, ...rest } = verdict;
      await writeLine(JSON.stringify({ ...rest, quick: quickVerdict(waiting.shift() ?? ''), reason }));
    }
    const code = await exited;
    if (code !== 0) {
      context.output.error(`the checker ended with code ${code}; ${waiting.length} lines have no verdict.`);
      return 1;
    }
    await fed;
    return 0;
  },
};

/** Our own opinion: true, false, or null where there is none. */
function quickVerdict(line: string): boolean | null {
  try {
    const { pred, gold } = JSON.parse(line) as { pred?: unknown; gold?: unknown };
    if (!isScalar(pred) || !isScalar(gold)) return null;
    const text = String(pred);
    const { value } = quickCheck(String(gold), extractAnswer(text)?.text ?? text);
    return value === 'undecided' ? null : value === 'right';
  } catch {
    return null;
  }
}

const isScalar = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';
