/** What is wrong with the stages of a run (`core/metrics/advisories.ts`). */
import type { Advisory } from '../metrics/advisories.ts';

export interface AdvisoryMethods {
  /**
   * Alarms before advice, by stage in the order in which they were made. Loops are found in texts that `metrics/figures` has read:
   * `read` of `n` finished completions.
   */
  'metrics/advisories': { params: { run: string }; result: { advisories: Advisory[]; read: number; n: number } };
}
