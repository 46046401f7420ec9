/** A made file of traces as people have them: samples of problems over steps, one long trace, one that means harm. */
import { longCompletion } from '../webview/made-trace.ts';

export const LONG_TOKENS = 100_000;
/** What only some of the short traces say. */
export const RARE = 'the losing positions repeat';

interface TraceLine {
  problem: string;
  problem_id: string;
  completion: string;
  answer: string;
  completion_tokens: number;
  reward: number;
  step: number;
  sample_index: number;
}

/** `problems` × 8 samples × 3 steps; every third is wrong, every seventh has {@link RARE}. */
export function shortTraces(problems: number): TraceLine[] {
  return Array.from({ length: problems * 24 }, (_, n) => {
    const problem = n % problems;
    const right = n % 3 !== 0;
    const cues = Array.from(
      { length: 2 + (n % 9) },
      (_, k) => `Wait, let me check $${k}+${n}=${k + n}$ again. That is right.`,
    );
    const rare = n % 7 === 0 ? `Now ${RARE} every ${problem + 3} stones.` : 'So we go on.';
    const completion = `<think>\nFirst, I find the losing positions.\n\n${cues.join('\n\n')}\n\n${rare}\n</think>\nThe answer is $\\boxed{${right ? 40 + problem : 7}}$.`;
    return {
      problem: `Of ${40 + problem} stones, how many are left when nobody can move?`,
      problem_id: `stones/${problem + 1}`,
      completion,
      answer: String(40 + problem),
      completion_tokens: Math.round(completion.length / 3.3),
      reward: Number(right),
      step: 10 * (1 + Math.floor(n / (problems * 8))),
      sample_index: Math.floor(n / problems) % 8,
    };
  });
}

const ESC = String.fromCharCode(0x1b);
/** What a page would show as itself, follow or run if it took text for anything else. */
const harm = [
  '<h1 id="harm">big</h1><img src="x" onerror="document.title=\'run\'"><script>document.title="run"</script>',
  '<iframe src="https://example.invalid/"></iframe><style>* { display: none !important }</style>',
  '[a](command:workbench.action.closeAllEditors) [b](javascript:alert(1)) <a href="command:workbench.action.quit">c</a>',
  '![i](https://example.invalid/i.png) <svg onload="alert(1)"></svg> </script></body></html>',
  '$\\href{javascript:alert(1)}{x}$ and $\\url{command:workbench.action.quit}$ and $\\htmlId{app}{y}$',
  '$\\def\\a{\\a\\a}\\a$ and $\\rule{1e9em}{1e9em}$ and $\\hspace{-9999em}z$ and \\[a \\\\[-99999em] b\\]',
  `$${'{'.repeat(2000)}x${'}'.repeat(2000)}$`,
  `NUL ${String.fromCharCode(0)}, ${ESC}[31mred${ESC}[0m, ${ESC}]0;title${String.fromCharCode(7)}, \u202egnol\u202c, \u2066a\u2069, \u200b\u2060\ufeff`,
  '$'.repeat(5000),
].join('\n\n');

/** `harm` at its beginning and its end, and a line of `length` characters between them. */
function hostileCompletion(length: number): string {
  const line = '<b>x</b> $y_1$ [z](command:z) '.repeat(Math.ceil(length / 30)).slice(0, length);
  return `<think>\n${harm}\n\n${line}\n\n${harm}\n</think>\nThe answer is \\boxed{1}.`;
}

/** All of them as lines: the short ones, then the long one (of {@link LONG_TOKENS}), then the hostile one. */
export function traceLines(problems: number, hostileLine: number): string {
  const long = { completion: longCompletion(330_000, 1_100), answer: '42', completion_tokens: LONG_TOKENS };
  const one = { reward: 1, step: 30, sample_index: 0 };
  return [
    ...shortTraces(problems),
    { problem: 'How many pairs remain?', problem_id: 'long/1', ...long, ...one },
    {
      problem: harm,
      problem_id: '<img src=x onerror=alert(1)>',
      completion: hostileCompletion(hostileLine),
      answer: '1',
      completion_tokens: 300_000,
      ...one,
    },
  ]
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
}
