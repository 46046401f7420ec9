/** Where the completions of a group part, as a tree: how many went on to right and to wrong; any two of them open side by side. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { pairPrefixes } from '../../core/traces/common-prefix.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import { verdictText, verdictWords } from '../inspector/columns.ts';
import { visible } from '../text/visible.ts';
import { toneOf } from '../text/overlay.ts';
import { count, plural, tokens } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { isCommand, take } from '../ui/keys.ts';
import { useSaid } from '../ui/say.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import { exemplars, linesOf, type Branches, type BranchKind, type BranchLine } from './branches.ts';
import type { SideName } from './place-map.ts';

interface BranchTreeProps {
  model: Branches;
  shown: Record<SideName, string>;
  /** The side in use: where Enter opens an attempt. */
  side: SideName;
  onOpen: (side: SideName, trace: string) => void;
  onPair: (left: string, right: string) => void;
  onKind: (by: BranchKind) => void;
  onClose: () => void;
}

/** UTF-16 units of the text that are shown where branches part. */
const EXCERPT = 90;

export function BranchTree({ model, shown, side, onOpen, onPair, onKind, onClose }: BranchTreeProps) {
  const { by, rows, tree, texts, reading, error, more, undivided } = useStore(model);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => (tree ? linesOf(tree, closed) : []), [tree, closed]);
  const [a, b] = (['left', 'right'] as const).map((name) => rows.findIndex(({ trace }) => trace === shown[name]));
  const prefixes = useMemo(() => (tree ? pairPrefixes(tree) : []), [tree]);
  const shared = a !== b ? prefixes[a!]?.[b!] : undefined;
  const focused = Math.min(at, Math.max(0, lines.length - 1));
  const moved = useRef(false);
  useLayoutEffect(() => {
    if (moved.current) list.current?.querySelectorAll<HTMLElement>('[role=treeitem]')[focused]?.focus();
    moved.current = false;
  }, [focused, lines]);
  const go = (to: number) => {
    moved.current = true;
    setAt(Math.max(0, Math.min(lines.length - 1, to)));
  };
  const toggle = (path: string) => {
    const next = new Set(closed);
    if (!next.delete(path)) next.add(path);
    moved.current = true;
    setClosed(next);
  };
  const open = ({ branch }: BranchLine, to: SideName) => {
    const pair = exemplars(branch, rows);
    if (pair) onPair(rows[pair[0]]!.trace, rows[pair[1]]!.trace);
    else onOpen(to, rows[branch.members[0]!]!.trace);
  };
  const onKey = (event: KeyboardEvent, line: BranchLine) => {
    const hasChildren = line.branch.children.length > 0;
    const isClosed = closed.has(line.path);
    const other: SideName = side === 'left' ? 'right' : 'left';
    const actions: Record<string, () => void> = {
      ArrowDown: () => go(focused + 1),
      ArrowUp: () => go(focused - 1),
      Home: () => go(0),
      End: () => go(lines.length - 1),
      ArrowRight: () => (hasChildren && isClosed ? toggle(line.path) : go(focused + 1)),
      ArrowLeft: () =>
        hasChildren && !isClosed
          ? toggle(line.path)
          : go(lines.findIndex(({ path }) => path === line.path.slice(0, line.path.lastIndexOf('.')))),
      Enter: () => open(line, event.shiftKey ? other : side),
      ' ': () => hasChildren && toggle(line.path),
    };
    const action = isCommand(event) ? undefined : actions[event.key];
    if (!action) return;
    take(event);
    action();
  };
  useSaid('branches', reading || !tree ? '' : `Branches of ${plural(rows.length, 'attempt')}`, by);
  return (
    <section class="branches" aria-label="Branches of the group">
      <header>
        <h2 class="title">Branches</h2>
        {(['text', 'steps'] as const).map((kind) => (
          <button key={kind} class="chip" aria-pressed={by === kind} onClick={() => onKind(kind)}>
            by {kind}
          </button>
        ))}
        <span class="muted">
          {reading
            ? `reading ${plural(rows.length, 'beginning')}…`
            : tree &&
              `${plural(rows.length, 'attempt')}${more > 0 ? `, ${count(more)} more are not read` : ''}${undivided > 0 ? `; ${count(undivided)} still go together where reading ended` : ''}${shared === undefined ? '' : `; left and right go together for ${placeWords(rows[a!]!, shared)}`}`}
        </span>
        <button class="tool" aria-label="Close (t)" title="Close (t)" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {error !== null ? (
        <Failure what="The group cannot be read" error={error} onRetry={() => onKind(by)} />
      ) : !tree ? (
        rows.length > 0 && <Skeleton lines={4} label="Reading the group" />
      ) : (
        <div class="branch-list" role="tree" aria-label="Where the attempts part" ref={list}>
          {lines.map((line, n) => (
            <Line
              key={line.path}
              {...{ line, rows, texts, shown, by, open, onOpen }}
              isClosed={closed.has(line.path)}
              tabIndex={n === focused ? 0 : -1}
              onKey={onKey}
              onFocus={() => setAt(n)}
              onToggle={() => toggle(line.path)}
            />
          ))}
        </div>
      )}
    </section>
  );
}

/** How long a beginning is, in tokens where they are known. */
function placeWords({ tokens: all, length }: TraceRow, units: number): string {
  return all !== null && length > 0 ? `~${count((units * all) / length)} tokens` : plural(units, 'character');
}

interface LineProps {
  line: BranchLine;
  rows: readonly TraceRow[];
  texts: readonly string[];
  shown: Record<SideName, string>;
  by: BranchKind;
  isClosed: boolean;
  tabIndex: number;
  open: (line: BranchLine, side: SideName) => void;
  onOpen: (side: SideName, trace: string) => void;
  onKey: (event: KeyboardEvent, line: BranchLine) => void;
  onFocus: () => void;
  onToggle: () => void;
}

function Line({ line, rows, texts, shown, by, isClosed, tabIndex, open, onOpen, onKey, onFocus, onToggle }: LineProps) {
  const { branch, level, at, of } = line;
  const { members, ends, from, to, children, similarity } = branch;
  const row = rows[members[0]!]!;
  const text = texts[members[0]!] ?? '';
  const place = (offset: number) => (row.tokens && row.length > 0 ? (offset * row.tokens) / row.length : null);
  const words = (start: number) =>
    visible(
      text
        .slice(start, start + EXCERPT)
        .replace(/\s+/g, ' ')
        .trim(),
    );
  const parts = children.length > 0;
  const where = parts ? place(to[0]!) : null;
  const stays = Object.entries(shown).filter(([, trace]) => members.some((i) => rows[i]!.trace === trace));
  const isLeafPair = !parts && members.length > 1;
  return (
    <div
      role="treeitem"
      class={`branch-line${parts ? '' : ' leaf'}`}
      aria-level={level}
      aria-posinset={at}
      aria-setsize={of}
      aria-expanded={parts ? !isClosed : undefined}
      aria-selected={stays.length > 0}
      tabIndex={tabIndex}
      onKeyDown={(event) => onKey(event, line)}
      onFocus={onFocus}
      onDblClick={() => open(line, 'right')}
    >
      <span style={{ width: `${(level - 1) * 14}px` }} />
      {parts ? (
        <button class="twist" tabIndex={-1} aria-hidden="true" onClick={onToggle}>
          <Icon name={isClosed ? 'chevron-right' : 'chevron-down'} />
        </button>
      ) : (
        <span class="twist" />
      )}
      {parts ? (
        <>
          <span class="num branch-at">{where === null ? `char ${count(to[0])}` : `tok ~${count(where + 1)}`}</span>
          <span class="branch-ends">
            {plural(members.length, 'attempt')} part:{' '}
            <span class="right">
              ✓ {count(ends.right)}
              <span class="hidden-text"> went on to right</span>
            </span>{' '}
            <span class="wrong">
              ✗ {count(ends.wrong)}
              <span class="hidden-text"> to wrong</span>
            </span>
            {ends.open > 0 && <span class="muted"> · {count(ends.open)} undecided</span>}
          </span>
          {by === 'steps' && similarity !== null && (
            <span class="muted num" title="How like the next steps of the branches are at most: 1 is the same">
              {similarity.toFixed(2)}
            </span>
          )}
          <span class="branch-words muted">… {words(Math.max(0, to[0]! - 40))}</span>
        </>
      ) : (
        <>
          <span class="num branch-at">
            sample {members.map((i) => rows[i]!.sample + 1).join(', ')}
            {isLeafPair && ' the same'}
          </span>
          <span class={toneOf(row)}>
            {verdictText(row)} {row.answer?.slice(0, 24) ?? ''}
            <span class="hidden-text"> {verdictWords(row)}</span>
          </span>
          <span class="muted num">{tokens(row.tokens, row.tokensExact)} tok</span>
          <span class="branch-words muted">{words(from[0]!)}</span>
        </>
      )}
      {stays.map(([name]) => (
        <span key={name} class="branch-shown">
          {name}
        </span>
      ))}
      <span class="branch-open">
        {parts ? (
          <button
            class="tool"
            tabIndex={-1}
            title="Open two of its branches side by side (Enter)"
            onClick={() => open(line, 'left')}
          >
            <Icon name="split-horizontal" />
            <span class="hidden-text">Open side by side</span>
          </button>
        ) : (
          (['left', 'right'] as const).map((name) => (
            <button
              key={name}
              class="tool"
              tabIndex={-1}
              title={`Show on the ${name}`}
              onClick={() => onOpen(name, row.trace)}
            >
              <Icon name={name === 'left' ? 'arrow-left' : 'arrow-right'} />
              <span class="hidden-text">Show on the {name}</span>
            </button>
          ))
        )}
      </span>
    </div>
  );
}
