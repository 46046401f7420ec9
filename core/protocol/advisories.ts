/** What is wrong with the stages of a run (`core/metrics/advisories.ts`). */
import type { AdvisedSeries, Advisory } from '../metrics/advisories.ts';

export interface AdvisoryMethods {
  /**
   * Alarms before advice, by stage in the order in which they were made. Loops are found in texts that were read: `read` of `n`
   * finished completions. `unread` names the last steps, `n` completions of a series, of which too few were read to say anything:
   * `traces/readTexts` reads them, sorted by `lost`.
   */
  'metrics/advisories': {
    params: { run: string };
    result: {
      advisories: Advisory[];
      read: number;
      n: number;
      unread: (AdvisedSeries & { from: number; to: number; n: number })[];
    };
  };
}
