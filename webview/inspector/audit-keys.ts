/** The keys of the audit, for the table of the inspector's keys. Pure. */
import type { GivenVerdict } from '../../core/protocol/files.ts';
import type { AuditKey } from '../../core/protocol/webview.ts';

export type AuditAction =
  | { do: 'judge'; verdict: GivenVerdict | null }
  | { do: 'unjudge' | 'answer' | 'audit' }
  | { do: 'candidate'; by: 1 | -1 };

export interface AuditKeyLine {
  keys: readonly string[];
  words: string;
  actions: readonly AuditAction[];
}

const judge = (verdict: GivenVerdict | null): AuditAction => ({ do: 'judge', verdict });

export const auditKeyLines: readonly AuditKeyLine[] = [
  { keys: ['=', '-'], words: 'Your verdict: right, wrong', actions: [judge('right'), judge('wrong')] },
  { keys: ['.', '0'], words: '… undecided, taken back', actions: [judge('undecided'), judge(null)] },
  { keys: ['z'], words: 'Undo your last verdict', actions: [{ do: 'unjudge' }] },
  { keys: ['q'], words: 'The answer that counts', actions: [{ do: 'answer' }] },
  {
    keys: ['t', 'T'],
    words: 'Next, previous candidate answer',
    actions: [
      { do: 'candidate', by: 1 },
      { do: 'candidate', by: -1 },
    ],
  },
  { keys: ['i'], words: 'Queue of the audit, list of traces', actions: [{ do: 'audit' }] },
];

/** What the commands of the editor do. */
export const hostActions: Record<AuditKey, AuditAction> = {
  judgeRight: judge('right'),
  judgeWrong: judge('wrong'),
  judgeUndecided: judge('undecided'),
  judgeNone: judge(null),
  undoVerdict: { do: 'unjudge' },
  showAnswer: { do: 'answer' },
};
