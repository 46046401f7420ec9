/** How many problems changed in each way; each keeps its own in the table. */
import { count } from '../ui/format.ts';
import { Dropdown } from '../ui/controls.ts';
import { changes, factors, lengthLooks, type PairKind } from './pairs.ts';

interface PairChipsProps {
  counts: Record<PairKind, number>;
  kept: readonly PairKind[];
  onKeep: (kinds: PairKind[]) => void;
  factor: number;
  onFactor: (factor: number) => void;
}

export function PairChips({ counts, kept, onKeep, factor, onFactor }: PairChipsProps) {
  const toggle = (kind: PairKind) => onKeep(kept.includes(kind) ? kept.filter((one) => one !== kind) : [...kept, kind]);
  const chip = (kind: PairKind, sign: string, name: string, tone: string) => (
    <button
      key={kind}
      class="chip"
      aria-pressed={kept.includes(kind)}
      disabled={counts[kind] === 0 && !kept.includes(kind)}
      onClick={() => toggle(kind)}
    >
      <span class={tone} aria-hidden="true">
        {sign}
      </span>{' '}
      {name} <span class="num">{count(counts[kind])}</span>
    </button>
  );
  return (
    <>
      <div class="chips" role="group" aria-label="Change">
        {changes
          .filter(({ change }) => change !== 'unknown' || counts.unknown > 0)
          .map(({ change, sign, name, tone }) => chip(change, sign, name, tone))}
        {lengthLooks.map(({ kind, sign, name }) => chip(kind, sign, name, 'muted'))}
      </div>
      <div class="pair-factor">
        <span class="muted">longer or shorter from</span>
        <Dropdown
          label="From how many times the length"
          value={String(factor)}
          options={factors.map((times) => ({ value: String(times), text: `${times} times` }))}
          onChange={(value) => onFactor(Number(value))}
        />
      </div>
    </>
  );
}
