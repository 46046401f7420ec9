/** What can be said of a finished completion at once: the answer as found, and the quick check against the gold. */
import { extractAnswer } from '../../core/answers/extract.ts';
import { QUICK_CHECK_VERSION, quickCheck } from '../../core/answers/quick-check.ts';
import type { FoundAnswer, Verdict } from '../../core/protocol/events.ts';

export function quickVerdict(text: string, gold: string | null): { found: FoundAnswer | null; quick: Verdict } {
  const found = extractAnswer(text);
  const by = { checker: 'quick', version: QUICK_CHECK_VERSION };
  if (gold === null) return { found, quick: { ...by, value: 'none', reason: 'there is no gold answer' } };
  const { value, reason } = quickCheck(gold, found?.text ?? '');
  return { found, quick: { ...by, value, reason } };
}
