/** Over both texts: where they part, and how much of them says the same; every number goes to the next of its kind. */
import type { Positions } from '../../core/metrics/token-position.ts';
import type { RowKind } from '../../core/traces/align.ts';
import { count, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { useSaid } from '../ui/say.ts';
import type { PairState } from './pair.ts';
import { ALIGN_LIMIT } from './pair.ts';
import type { SideName } from './place-map.ts';

interface SummaryProps {
  pair: PairState;
  /** Where the tokens of each completion are; null: unknown. */
  positions: Record<SideName, Positions | null>;
  at: number;
  onDifference: (by: 1 | -1) => void;
  onParting: () => void;
  onKind: (kind: RowKind) => void;
}

/** Where two traces part, in one sentence. */
export function partingWords({ map, common }: PairState, positions: Positions | null): string {
  if (!map) return '';
  const { common: steps, left, right } = map.alignment;
  const [hunk] = map.hunks;
  if (!hunk)
    return left.length === 0 && right.length === 0 ? 'Both are empty' : 'Every step of one is in the other, in order';
  const long = (units: number) =>
    positions === null
      ? plural(Math.round(units), 'character')
      : `${positions.exact ? '' : '~'}${plural(positions.at(units), 'token')}`;
  const [first] = hunk.rows;
  const [place] = hunk.left;
  if (first === 0)
    return `${common > 0 ? `The same text for the first ${long(common)}` : 'No common beginning'}; the first steps differ already`;
  const tied = steps === first ? 'the same' : 'the same or alike';
  const begin = `Together for the first ${long(place)}, ${plural(first, 'step')} that ${first === 1 ? 'is' : 'are'} ${tied}`;
  // The words part before the steps do.
  const inWords = common > 0 ? `the first ${long(common)} are word for word the same` : 'in other words from the start';
  return `${begin}; then they part${common + 40 < place ? ` (${inWords})` : ''}`;
}

export function Summary({ pair, positions, at, onDifference, onParting, onKind }: SummaryProps) {
  const { map, working, error } = pair;
  const words = partingWords(pair, positions.left);
  useSaid('aligned', words);
  if (!map)
    return (
      <section class="sides-summary" aria-label="Alignment">
        <span class="muted">{working ? 'Aligning the steps…' : ''}</span>
        {error !== null && <span role="alert">The steps cannot be aligned: {error}</span>}
      </section>
    );
  const { counts, hunks } = map;
  const beyond = pair.left.beyond + pair.right.beyond;
  const alone = (side: SideName) => {
    const tokens = positions[side];
    return tokens === null ? '' : ` (${tokens.exact ? '' : '~'}${count(map.aloneIn(side, tokens.at))} tok)`;
  };
  const figure = (kind: RowKind, n: number, words: string, title: string) => (
    <button
      class={`chip row-${kind}`}
      disabled={n === 0}
      title={`${title}: go to the next`}
      onClick={() => onKind(kind)}
    >
      <span class={`row-swatch row-${kind}`} aria-hidden="true" />
      <span class="num">{count(n)}</span> {words}
    </button>
  );
  return (
    <section class="sides-summary" aria-label="Alignment" aria-busy={working}>
      <button
        class="chip parting"
        disabled={hunks.length === 0}
        title={`${words}\nGo to where they part (d)`}
        onClick={onParting}
      >
        <Icon name="git-compare" />
        <span>{words}</span>
      </button>
      <span class="figures" role="group" aria-label="Counts of steps">
        {figure('same', counts.same, 'same', 'Steps that say the same')}
        {figure('alike', counts.alike, 'alike', 'Steps that share equations or rare words')}
        {figure('moved', counts.moved, 'moved', 'Steps that match out of order')}
        {figure('onlyLeft', counts.onlyLeft, `only left${alone('left')}`, 'Steps that only the left has')}
        {figure('onlyRight', counts.onlyRight, `only right${alone('right')}`, 'Steps that only the right has')}
      </span>
      <span class="differences" role="group" aria-label="Differences">
        <button
          class="tool"
          aria-label="Previous difference (N)"
          title="Previous difference (N)"
          disabled={hunks.length === 0}
          onClick={() => onDifference(-1)}
        >
          <Icon name="arrow-up" />
        </button>
        <span class="num muted">
          {hunks.length === 0
            ? 'no difference'
            : at >= 0
              ? `${count(at + 1)} of ${count(hunks.length)}`
              : plural(hunks.length, 'difference')}
        </span>
        <button
          class="tool"
          aria-label="Next difference (n)"
          title="Next difference (n)"
          disabled={hunks.length === 0}
          onClick={() => onDifference(1)}
        >
          <Icon name="arrow-down" />
        </button>
      </span>
      {beyond > 0 && (
        <span class="muted">
          The first {count(ALIGN_LIMIT)} characters of each are aligned; {count(beyond)} more are shown and not aligned.
        </span>
      )}
    </section>
  );
}
