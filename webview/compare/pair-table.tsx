/** The problems of a comparison as a grid: how each changed, and by how many tokens. */
import { useMemo } from 'preact/hooks';
import type { Pair, PairChange, PairSide } from '../../core/protocol/comparison.ts';
import { count, signed } from '../ui/format.ts';
import { Grid } from '../ui/grid.tsx';
import { lookOfChange } from './pairs.ts';

interface PairTableProps {
  pairs: readonly Pair[];
  selected: string | null;
  onSelect: (pair: Pair) => void;
  onEnter: () => void;
}

export function PairTable({ pairs, selected, onSelect, onEnter }: PairTableProps) {
  const index = useMemo(() => pairs.findIndex((pair) => pair.problem === selected), [pairs, selected]);
  const widest = useMemo(
    () => pairs.reduce((most, pair) => Math.max(most, Math.abs(pair.tokensDelta ?? 0)), 1),
    [pairs],
  );
  const head = (
    <div role="row" class="grid-head" aria-rowindex={1}>
      <span role="columnheader">Problem</span>
      <span role="columnheader">Change</span>
      <span role="columnheader" class="num">
        Right
      </span>
      <span role="columnheader">
        <span class="hidden-text">Length change</span>
      </span>
      <span role="columnheader" class="num">
        Δ tokens
      </span>
    </div>
  );
  return (
    <Grid
      label="Problems"
      id="pair"
      rows={pairs}
      columns={5}
      index={index}
      selected={selected}
      head={head}
      onEnter={onEnter}
      onMove={(to) => pairs[to] && onSelect(pairs[to])}
    >
      {(pair, i) => (
        <Row
          key={pair.problem}
          pair={pair}
          index={i}
          widest={widest}
          selected={pair.problem === selected}
          onSelect={onSelect}
        />
      )}
    </Grid>
  );
}

interface RowProps {
  pair: Pair;
  index: number;
  widest: number;
  selected: boolean;
  onSelect: (pair: Pair) => void;
}

function Row({ pair, index, widest, selected, onSelect }: RowProps) {
  const look = lookOfChange(pair.change);
  const delta = pair.tokensDelta ?? 0;
  return (
    <div
      role="row"
      id={`pair-${index}`}
      class="grid-row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      title={`${pair.problemLabel}: ${look.name}\nbefore ${words(pair.before, pair.change)}\nafter ${words(pair.after, pair.change)}`}
      onClick={() => onSelect(pair)}
    >
      <span role="gridcell">{pair.problemLabel}</span>
      <span role="gridcell" class={look.tone} aria-label={look.name}>
        {look.sign}
      </span>
      <span role="gridcell" class="num">
        {share(pair.before, pair.change)}→{share(pair.after, pair.change)}
      </span>
      <span role="gridcell" class="delta" aria-label={delta < 0 ? 'shorter' : 'longer'}>
        <span
          class={delta < 0 ? 'delta-fill shorter' : 'delta-fill longer'}
          style={{ width: `${(50 * Math.abs(delta)) / widest}%` }}
        />
      </span>
      <span role="gridcell" class="num">
        {signed(pair.tokensDelta, 0)}
      </span>
    </div>
  );
}

/** None is right, and a side has no verdict: nothing says that they are wrong. */
const isUngraded = (side: PairSide, change: PairChange): boolean => change === 'unknown' && side.right === 0;

function share(side: PairSide, change: PairChange): string {
  if (isUngraded(side, change)) return '–';
  return side.n === 1 ? (side.right === 1 ? '✓' : '✗') : `${side.right}/${side.n}`;
}

function words(side: PairSide, change: PairChange): string {
  return `${isUngraded(side, change) ? 'none known to be right' : `${side.right} of ${side.n} right`}, mean ${count(side.tokensMean)} tokens`;
}
