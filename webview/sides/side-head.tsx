/** The line over one of two texts: which attempt it is, how it ended, and the choice of another. */
import type { TraceDetail, TraceRow } from '../../core/protocol/traces.ts';
import { placeOf, verdictText, verdictWords } from '../inspector/columns.ts';
import { toneOf } from '../text/overlay.ts';
import { Dropdown } from '../ui/controls.ts';
import { count, tokens } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import type { SideName } from './place-map.ts';

interface SideHeadProps {
  side: SideName;
  /** What it is called. */
  name: string;
  trace: string;
  detail: TraceDetail | null;
  attempts: readonly TraceRow[];
  /** Attempts that are not offered. */
  more: number;
  /** Share of its text that is tied; null: not known yet. */
  matched: number | null;
  onChoose: (trace: string) => void;
  onInspect: () => void;
}

/** What tells attempts apart comes first: the end is cut where there is little room. */
function attemptName(row: TraceRow): string {
  return `sample ${row.sample + 1} · ${placeOf(row)}`;
}

/** What the two sides are called: with the model, or else the run, where their places alone do not tell them apart. */
export function sideNames(left: TraceDetail | null, right: TraceDetail | null): Record<SideName, string> {
  const name = (row: TraceDetail | null) => (row ? attemptName(row) : '');
  const names = { left: name(left), right: name(right) };
  if (!left || !right || names.left !== names.right) return names;
  const of = left.model !== right.model ? ([left.model, right.model] as const) : ([left.run, right.run] as const);
  if (of[0] === of[1]) return names;
  return { left: `${of[0] ?? 'no model'} · ${names.left}`, right: `${of[1] ?? 'no model'} · ${names.right}` };
}

export function SideHead({ side, name, trace, detail, attempts, more, matched, onChoose, onInspect }: SideHeadProps) {
  const options = attempts.map((row) => ({
    value: row.trace,
    text: `${attemptName(row)}  ${verdictText(row)}${row.answer ? ` ${row.answer.slice(0, 20)}` : ''}  ${tokens(row.tokens, row.tokensExact)} tok`,
  }));
  return (
    <header class="side-head">
      <span class="side-name" aria-hidden="true">
        {side === 'left' ? '−' : '+'}
      </span>
      {detail && (
        <>
          <strong class="side-place" title={name}>
            {name}
          </strong>
          <span class={`side-verdict ${detail.live ? '' : toneOf(detail)}`} title={verdictWords(detail)}>
            {verdictText(detail)} {detail.live ? '' : (detail.answer?.slice(0, 40) ?? '')}
          </span>
          {detail.live && <span class="live">writing</span>}
          <span class="num muted">
            {detail.tokens === null ? '' : `${tokens(detail.tokens, detail.tokensExact)} tok`}
          </span>
          {matched !== null && (
            <span
              class="num muted side-matched"
              title="Share of its text whose steps are tied to a step of the other side"
            >
              matched {count(100 * matched)} %
            </span>
          )}
        </>
      )}
      {options.length > 1 && (
        <Dropdown
          label={`Attempt on the ${side}${more > 0 ? ` (${count(more)} more are in the list of traces)` : ''}`}
          value={trace}
          options={options}
          onChange={onChoose}
        />
      )}
      <button
        class="tool"
        aria-label={`Open in the inspector, ${side}`}
        title="Open in the inspector"
        onClick={onInspect}
      >
        <Icon name="go-to-file" />
      </button>
    </header>
  );
}
