/** Colours of the parts of a report's bars and flows, the same for the same label on the whole page. */

const palette = [
  '--lh-verification',
  '--lh-backtracking',
  '--lh-backward_reasoning',
  '--lh-subgoal',
  '--lh-uncertainty',
  '--lh-restart',
  '--lh-case_split',
];

/** Labels whose colour is their meaning. */
const known: Record<string, string> = {
  right: '--lh-right',
  kept: '--lh-right',
  chosen: '--lh-right',
  wrong: '--lh-wrong',
  trained: '--lh-verification',
  masked: '--lh-grey',
  dropped: '--lh-grey',
  undecided: '--lh-cut',
  none: '--lh-grey',
};

/** A CSS variable for each label, in the order in which they come. */
export function colorsOf(labels: readonly string[]): Map<string, string> {
  const colors = new Map<string, string>();
  let next = 0;
  for (const label of labels) {
    if (colors.has(label)) continue;
    const meant = known[label.toLowerCase()];
    colors.set(label, meant ?? palette[next % palette.length]!);
    if (!meant) next += 1;
  }
  return colors;
}
