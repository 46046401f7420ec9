/** Work that yields now and then, so that its caller can do other work between. */

/** Runs all of it at once. */
export function atOnce<T>(steps: Generator<void, T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
