/** The audit in the inspector: what the list shows in its place, the reader's verdicts, the keys, and what lies over the text. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { TraceAnswers } from '../../core/protocol/audit.ts';
import type { TraceDetail, TraceRow } from '../../core/protocol/traces.ts';
import type { InspectorMode, View } from '../../core/protocol/webview.ts';
import { infoOf } from '../../core/query/fields.ts';
import { parseQuery } from '../../core/query/parse.ts';
import { isText, textTerms } from '../../core/query/types.ts';
import { writeQuery } from '../../core/query/write.ts';
import type { Host } from '../host.ts';
import type { Overlay, Tone } from '../text/overlay.ts';
import { isCommand } from '../ui/keys.ts';
import { say } from '../ui/say.ts';
import { Button } from '../ui/controls.ts';
import { Empty } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { AuditFacts } from './audit-facts.tsx';
import type { AuditAction } from './audit-keys.ts';
import { AuditColumn } from './audit-list.tsx';
import { AuditList } from './audit-model.ts';
import { Judging } from './judging.ts';
import type { OpenTrace } from './open-trace.ts';
import { RescoreColumn } from './rescore.tsx';
import { Rescoring } from './rescore-model.ts';

type InspectorView = Extract<View, { page: 'inspector' }>;

interface AuditParts {
  host: Host;
  view: InspectorView;
  open: OpenTrace;
  /** The facts are on the screen. */
  facts: boolean;
  onView: (view: InspectorView) => void;
  onOpen: (row: TraceRow) => void;
  onFocusText: () => void;
  onReveal: (at: { in: 'completion'; start: number; end: number }) => void;
}

export interface AuditView {
  /** In the place of the list of traces; null: that one is shown. */
  column: ComponentChildren | null;
  /** How many traces that column has. */
  total: number | null;
  facts: (detail: TraceDetail) => ComponentChildren;
  overlays: readonly Overlay[];
  /** The rows in the order of the column, for the keys to the next one; null: those of the list. */
  rows: readonly TraceRow[] | null;
  act: (action: AuditAction) => void;
  onMode: (mode: InspectorMode) => void;
}

const none: readonly Overlay[] = [];

export function useAudit({ host, view, open, facts, onView, onOpen, onFocusText, onReveal }: AuditParts): AuditView {
  const list = useMemo(() => new AuditList(host), [host]);
  const rescoring = useMemo(() => new Rescoring(host), [host]);
  const judging = useMemo(() => new Judging(host), [host]);
  const { items, queue } = useStore(list);
  const { changes, preview } = useStore(rescoring);
  const { answers, ...said } = useStore(judging);
  const { detail } = useStore(open);
  const { mode = 'traces', filter, query = '', trace } = view;

  const worded = useMemo(() => query !== '' && textTerms(parseQuery(query).query).length > 0, [query]);
  const scopeKey = JSON.stringify([filter, query]);
  useEffect(() => {
    if (worded) return undefined;
    const scope = { filter, ...(query !== '' && { query }) };
    if (mode === 'audit') void list.show(scope);
    if (mode === 'rescore') void rescoring.show(scope);
    return () => {
      list.stop();
      rescoring.cancel();
    };
  }, [mode, scopeKey]);
  useEffect(
    () =>
      host.on('events/batch', (batch) => {
        list.onEvents(batch);
        rescoring.onEvents(batch);
      }),
    [host],
  );
  // What was said of the trace is part of what decided: read again when that changes, once it has ended.
  const ended = detail !== null && !detail.live && detail.trace === trace;
  const wanted = ended && (facts || mode !== 'traces') ? detail.trace : null;
  useEffect(() => void judging.read(wanted), [wanted, detail?.reader?.version, detail?.rescored?.rescore]);
  // The first of a queue opens by itself, as the first of the list does.
  const rows = useMemo(
    () =>
      worded
        ? null
        : mode === 'audit'
          ? items.map(({ row }) => row)
          : mode === 'rescore'
            ? changes.map(({ row }) => row)
            : null,
    [mode, worded, items, changes],
  );
  useEffect(() => {
    const first = rows?.[0];
    if (first && !rows.some((row) => row.trace === trace)) onOpen(first);
  }, [rows?.[0]?.trace]);

  const overlays = useMemo(
    () => (mode === 'traces' || !answers ? none : candidateOverlays(answers)),
    [mode === 'traces', answers],
  );
  const act = (action: AuditAction): void => {
    switch (action.do) {
      case 'judge':
        if (ended) void judging.judge(detail.trace, action.verdict);
        return;
      case 'unjudge':
        void judging
          .undo()
          .then((undone) => undone && undone !== trace && onView({ ...view, trace: undone, at: undefined }));
        return;
      case 'audit':
        return onView({ ...view, mode: mode === 'traces' ? 'audit' : 'traces' });
      case 'answer': {
        const found = detail?.answerFound;
        say('place', found ? `The answer that counts: ${found.text}` : 'No answer was found');
        if (found) onReveal({ in: 'completion', start: found.start, end: found.end });
        return;
      }
      case 'candidate': {
        const next = judging.next(action.by);
        say('place', next ? `Candidate ${next.text}, ${next.value}` : 'There is no candidate answer');
        if (next) onReveal({ in: 'completion', start: next.start, end: next.end });
        return;
      }
    }
  };
  const column = { selected: trace ?? null, onSelect: onOpen, onEnter: onFocusText };
  return {
    column:
      mode !== 'traces' && worded ? (
        <WithoutWords mode={mode} onLeaveOut={() => onView({ ...view, query: withoutWords(query) })} />
      ) : mode === 'audit' ? (
        <AuditColumn
          {...column}
          list={list}
          onReveal={(at) => onReveal({ in: 'completion', ...at })}
          onReload={() => void list.again()}
        />
      ) : mode === 'rescore' ? (
        <RescoreColumn {...column} model={rescoring} run={filter.run ?? null} />
      ) : null,
    total: worded ? null : mode === 'audit' ? (queue?.total ?? 0) : mode === 'rescore' ? (preview?.total ?? 0) : null,
    facts: (of) => (
      <AuditFacts
        detail={of}
        answers={answers?.trace === of.trace ? answers : null}
        {...said}
        onJudge={(verdict) => act({ do: 'judge', verdict })}
        onUndo={() => act({ do: 'unjudge' })}
        onReveal={onReveal}
      />
    ),
    overlays,
    rows,
    act,
    onMode: (next) => onView({ ...view, mode: next }),
  };
}

/** All candidates but the one that counts, which is marked already, by what the quick check says of each. */
function candidateOverlays({ candidates }: TraceAnswers): Overlay[] {
  return candidates
    .filter(({ extracted }) => !extracted)
    .map(({ text, start, end, rule, value }) => {
      const tone: Tone = value === 'right' || value === 'wrong' ? value : 'neutral';
      return {
        ...{ in: 'completion', start, end, label: 'answer_commitment', detector: `candidate, found by ${rule}` },
        ...{ version: '', confidence: 1, evidence: text, answer: tone },
      };
    });
}

/** Words are looked for by a search, and there is none here: said, with the way on. */
function WithoutWords({ mode, onLeaveOut }: { mode: InspectorMode; onLeaveOut: () => void }) {
  return (
    <Empty icon="search" title="Words are looked for in the list of traces only">
      <p>{mode === 'rescore' ? 'A re-score' : 'The audit'} goes by all other terms of the query.</p>
      <Button onClick={onLeaveOut}>Leave the words out</Button>
    </Empty>
  );
}

function withoutWords(query: string): string | undefined {
  const terms = parseQuery(query).query.terms.filter((term) => !isText(term) && !infoOf(term.field).search);
  return terms.length === 0 ? undefined : writeQuery({ terms });
}

const modes: readonly { mode: InspectorMode; name: string; title: string }[] = [
  { mode: 'traces', name: 'Traces', title: 'All traces (i)' },
  { mode: 'audit', name: 'Audit', title: 'Verdicts that may be wrong, the most suspicious first (i)' },
  { mode: 'rescore', name: 'Re-score', title: 'Judge by other rules, as a preview' },
];

/** What the column of the list shows. */
export function ListModes({ mode, onMode }: { mode: InspectorMode; onMode: (mode: InspectorMode) => void }) {
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0 || isCommand(event)) return;
    event.preventDefault();
    const at = modes.findIndex((one) => one.mode === mode);
    const next = modes[(at + by + modes.length) % modes.length]!;
    onMode(next.mode);
    ((event.currentTarget as HTMLElement).children[modes.indexOf(next)] as HTMLElement).focus();
  };
  return (
    <div class="list-modes" role="tablist" aria-label="What the list shows" onKeyDown={onKeyDown}>
      {modes.map(({ mode: one, name, title }) => (
        <button
          key={one}
          role="tab"
          class="list-mode"
          aria-selected={one === mode}
          tabIndex={one === mode ? 0 : -1}
          title={title}
          onClick={() => onMode(one)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
