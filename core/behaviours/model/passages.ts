/** Checks as passages: from the step with which one begins to its last. */

export interface Passage {
  /** Steps, both inclusive. */
  from: number;
  to: number;
}

export interface PassageRules {
  /** A check begins with this step. */
  begins: (step: number) => boolean;
  /** A check that is under way goes on with it. */
  goesOn: (step: number) => boolean;
  /** It is part of a check even where none was seen to begin. */
  alone: (step: number) => boolean;
}

/** Joins `n` steps to passages, in order; no two overlap. */
export function passages(n: number, { begins, goesOn, alone }: PassageRules): Passage[] {
  const found: Passage[] = [];
  let open: Passage | null = null;
  for (let i = 0; i < n; i += 1) {
    if (!begins(i) && open && goesOn(i)) open.to = i;
    else if (begins(i) || alone(i)) found.push((open = { from: i, to: i }));
    else open = null;
  }
  return found;
}
