/** Where a completion begins with its own prompt: a base model without a template, or a file that keeps both in one column. */

/** A shorter prompt or problem stands in a completion by chance. */
const LEAST = 24;
/** The problem must begin within this much of the completion: an instruction may stand before it. */
const LEAD = 1_000;

/**
 * Where the completion's own words begin, in UTF-16 units: behind the whole prompt where it begins with it, otherwise behind the
 * problem where that stands near the beginning, outside any thought. 0: it repeats neither. White space and letter case must agree.
 */
export function echoEnd(completion: string, prompt: string, problem: string): number {
  const whole = prompt.trim();
  const lead = completion.length - completion.trimStart().length;
  if (whole.length >= LEAST && completion.startsWith(whole, lead)) return lead + whole.length;
  const asked = problem.trim();
  if (asked.length < LEAST) return 0;
  const at = completion.slice(0, LEAD + asked.length).indexOf(asked);
  if (at < 0) return 0;
  const before = completion.slice(0, at);
  // What a thought repeats of the problem is the model's own reading of it.
  if (/<think>|<\|channel\|>/.test(before) || !/^(?:[^]*[:.\n>]\s*)?$/.test(before)) return 0;
  return at + asked.length;
}
