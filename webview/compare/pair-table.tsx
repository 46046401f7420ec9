/** The problems of a comparison as a grid: how each changed, and by how many tokens. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import type { Pair, PairSide } from '../../core/protocol/methods.ts';
import { count, signed } from '../ui/format.ts';
import { lookOfChange } from './pairs.ts';

interface PairTableProps {
  pairs: readonly Pair[];
  selected: string | null;
  onSelect: (pair: Pair) => void;
  onEnter: () => void;
}

export function PairTable({ pairs, selected, onSelect, onEnter }: PairTableProps) {
  const list = useRef<VirtualizerHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const index = useMemo(() => pairs.findIndex((pair) => pair.problem === selected), [pairs, selected]);
  const widest = useMemo(() => pairs.reduce((most, pair) => Math.max(most, Math.abs(pair.tokensDelta ?? 0)), 1), [pairs]);
  useEffect(() => {
    if (index >= 0) list.current?.scrollToIndex(index, { align: 'nearest' });
  }, [index]);

  const onKeyDown = (event: KeyboardEvent) => {
    const to = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + 20,
      PageUp: index - 20,
      Home: 0,
      End: pairs.length - 1,
    }[event.key];
    if (event.key === 'Enter') onEnter();
    else if (to === undefined || event.ctrlKey || event.metaKey) return;
    else {
      const pair = pairs[Math.max(0, Math.min(pairs.length - 1, to))];
      if (pair) onSelect(pair);
    }
    event.preventDefault();
  };
  return (
    <div class="grid pairs">
      <div
        role="grid"
        class="grid-body"
        tabIndex={0}
        aria-label="Problems"
        aria-rowcount={pairs.length + 1}
        aria-activedescendant={index >= 0 ? `pair-${index}` : undefined}
        onKeyDown={onKeyDown}
      >
        <div role="row" class="grid-head" aria-rowindex={1}>
          <span role="columnheader">Problem</span>
          <span role="columnheader">Change</span>
          <span role="columnheader" class="num">
            Right
          </span>
          <span role="columnheader" aria-label="Length change" />
          <span role="columnheader" class="num">
            Δ tokens
          </span>
        </div>
        <div ref={scroller} class="grid-rows">
          <Virtualizer
            ref={list as never}
            scrollRef={scroller as never}
            data={pairs}
            itemSize={22}
            keepMounted={index >= 0 ? [index] : []}
          >
            {(pair: Pair, i: number) => {
              const look = lookOfChange(pair.change);
              const delta = pair.tokensDelta ?? 0;
              return (
                <div
                  role="row"
                  key={pair.problem}
                  id={`pair-${i}`}
                  class="grid-row"
                  aria-rowindex={i + 2}
                  aria-selected={pair.problem === selected}
                  title={`${pair.problemLabel}: ${look.name}\nbefore ${words(pair.before)}\nafter ${words(pair.after)}`}
                  onClick={() => onSelect(pair)}
                >
                  <span role="gridcell">{pair.problemLabel}</span>
                  <span role="gridcell" class={look.tone} aria-label={look.name}>
                    {look.sign}
                  </span>
                  <span role="gridcell" class="num">
                    {share(pair.before)}→{share(pair.after)}
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
              ) as never;
            }}
          </Virtualizer>
        </div>
      </div>
    </div>
  );
}

function share(side: PairSide): string {
  return side.n === 1 ? (side.right === 1 ? '✓' : '✗') : `${side.right}/${side.n}`;
}

function words(side: PairSide): string {
  return `${side.right} of ${side.n} right, mean ${count(side.tokensMean)} tokens`;
}
