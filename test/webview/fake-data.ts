/** What a fake host answers with, beside its traces. */
import type { RejectSettings, StoredSample } from '../../core/metrics/what-if.ts';
import type { AppliedRescore, AuditQueue, RescorePreview, RescoreWish } from '../../core/protocol/audit.ts';
import type { Pair, TraceSet } from '../../core/protocol/comparison.ts';
import type { GroupAtStep, GroupDetail, GroupHealth, ProblemGroups } from '../../core/protocol/groups.ts';
import type { MetricsSnapshot, Params, Result, RunSummary, StageRow } from '../../core/protocol/methods.ts';
import type { RewardChange } from '../../core/protocol/reward-change.ts';
import type { SavedFile } from '../../core/protocol/webview.ts';
import type { SlicedMethod } from '../../server/store/trace-store.ts';
import type { Report, TableRow } from '../../core/protocol/report.ts';
import type { JudgeRule } from './fake-judge.ts';
import type { FakeTrace } from './fake-host.ts';

export interface FakeData {
  traces: FakeTrace[];
  /** Answers of a real store for the methods of the overview, and what has been saved. */
  service?: <M extends SlicedMethod>(method: M, params: Params<M>) => Promise<Result<M>>;
  saved?: SavedFile[];
  judge?: JudgeRule;
  behaviours?: Result<'metrics/behaviours'>;
  audit?: AuditQueue;
  rescore?: (wish: RescoreWish) => RescorePreview;
  rescores?: AppliedRescore[];
  sets?: TraceSet[];
  pairs?: { pairs: Pair[]; onlyBefore: number; onlyAfter: number };
  advisories?: Result<'metrics/advisories'>;
  rewardChange?: (params: Params<'metrics/rewardChange'>) => RewardChange | null;
  run?: RunSummary;
  table?: StageRow[];
  metrics?: MetricsSnapshot;
  report?: Report;
  tables?: Record<string, TableRow[]>;
  /** Samples of a `reject` stage by problem, and how it kept them. */
  whatIf?: { samples: Map<string, StoredSample[]>; settings: RejectSettings };
  /** Texts of part files by their number; one byte a character. */
  parts?: Record<number, string>;
  groups?: {
    problems: ProblemGroups[];
    steps: Record<string, GroupAtStep[]>;
    /** By the group's first trace. */
    details: Record<string, GroupDetail>;
    health: GroupHealth[];
  };
}
