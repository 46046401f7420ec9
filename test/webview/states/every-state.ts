/** All pages in all their states. A new page, or a part of one, has its state in one of these files: everyone.test.ts says when it has none. */
import { inspectorStates } from './inspector-states.ts';
import { listStates } from './list-states.ts';
import { pairStates } from './pair-states.ts';
import { reportStates } from './report-states.ts';
import { runStates } from './run-states.ts';
import type { PageState } from './state.ts';

export const everyState: readonly PageState[] = [
  ...inspectorStates,
  ...listStates,
  ...pairStates,
  ...runStates,
  ...reportStates,
];
