/** The parts of a change of reward as bars to both sides of nothing; each opens to its components and to the traces that moved it. */
import type { ChangeKind } from '../../core/metrics/reward-table.ts';
import { partNames, SMALL } from '../../core/metrics/reward-words.ts';
import type { RewardChange, RewardChangePart } from '../../core/protocol/reward-change.ts';
import type { BarsModel } from '../charts/model.ts';
import { SaveMenu } from '../charts/save-menu.tsx';
import type { Host } from '../host.ts';
import { verdictText } from '../inspector/columns.ts';
import { toneOf } from '../text/overlay.ts';
import { count, decimal, signed, tokens } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { quantityOf, windowFilter, windowWords, type Quantity } from './why-words.ts';

interface WhyPartsProps {
  host: Host;
  place: { run: string; stage: string };
  found: RewardChange;
  open: ChangeKind | null;
  onOpen: (kind: ChangeKind | null) => void;
}

export function WhyParts({ host, place, found, open, onOpen }: WhyPartsProps) {
  const shown = found.parts
    .filter(({ change }) => Math.abs(change) >= SMALL)
    .toSorted((a, b) => Math.abs(b.change) - Math.abs(a.change));
  const reach = Math.max(
    ...shown.flatMap(({ change, interval }) => [change, interval?.low ?? 0, interval?.high ?? 0].map(Math.abs)),
    1e-9,
  );
  if (shown.length === 0) return <p class="muted">Nothing of it changed by {decimal(SMALL, 4)} or more.</p>;
  return (
    <>
      <ul class="why-parts">
        {shown.map((part) => (
          <Part
            key={part.kind}
            host={host}
            place={place}
            found={found}
            part={part}
            reach={reach}
            open={open === part.kind}
            onOpen={() => onOpen(open === part.kind ? null : part.kind)}
          />
        ))}
      </ul>
      <SaveMenu title="Why the reward changed" model={() => partsModel(shown, found)} />
    </>
  );
}

function partsModel(parts: readonly RewardChangePart[], found: RewardChange): BarsModel {
  return {
    ...{
      kind: 'bars',
      style: 'signed',
      title: 'Why the reward changed',
      xName: 'part',
      yName: 'change of the mean reward',
    },
    categories: parts.map(({ kind }) => partNames[kind].name),
    series: [
      {
        ...{ name: 'change', color: '--lh-verification', values: parts.map(({ change }) => change) },
        low: parts.map(({ interval }) => interval?.low ?? null),
        high: parts.map(({ interval }) => interval?.high ?? null),
      },
    ],
    notes: [
      `Mean reward ${decimal(found.before.mean, 3)} (${windowWords(found.before)}) → ${decimal(found.after.mean, 3)} (${windowWords(found.after)}).`,
      ...(found.interval ? [`95 % intervals by bootstrap over problems, ${count(found.resamples)} resamples.`] : []),
    ],
  };
}

interface PartProps extends Omit<WhyPartsProps, 'open' | 'onOpen'> {
  part: RewardChangePart;
  reach: number;
  open: boolean;
  onOpen: () => void;
}

function Part({ host, place, found, part, reach, open, onOpen }: PartProps) {
  const { kind, change, interval } = part;
  const look = partNames[kind];
  const quantity = quantityOf(kind, found);
  // Per cent of the width; nothing is in the middle.
  const at = (value: number) => 50 + (48 * value) / reach;
  const [left, right] = [Math.min(at(0), at(change)), Math.max(at(0), at(change))];
  return (
    <li>
      <button class="why-part" aria-expanded={open} title={look.title} onClick={onOpen}>
        <Icon name={open ? 'chevron-down' : 'chevron-right'} />
        <span class="why-name">{look.name}</span>
        <span class={`why-bar ${change > 0 ? 'more' : 'less'}`} aria-hidden="true">
          <span class="why-fill" style={{ left: `${left}%`, width: `${right - left}%` }} />
          {interval && (
            <span
              class="why-whisker"
              style={{ left: `${at(interval.low)}%`, width: `${at(interval.high) - at(interval.low)}%` }}
            />
          )}
        </span>
        <span class="why-number num">
          <strong>{signed(change, 3)}</strong>
          {interval && (
            <span class="muted">
              {' '}
              [{decimal(interval.low, 3)}, {decimal(interval.high, 3)}]
            </span>
          )}
        </span>
        <span class="why-quantity muted num">
          {quantity && `${quantity.name} ${quantity.before} → ${quantity.after}`}
        </span>
      </button>
      {open && (
        <div class="why-open">
          {quantity && <Counts host={host} place={place} found={found} quantity={quantity} />}
          <Components found={found} part={part} />
          <Exemplars host={host} place={place} found={found} part={part} />
        </div>
      )}
    </li>
  );
}

/** How many completions of each window are in the part's state; each opens them. */
function Counts({
  host,
  place,
  found,
  quantity,
}: Pick<PartProps, 'host' | 'place' | 'found'> & { quantity: Quantity }) {
  const { state, name } = quantity;
  const cell = (word: string, window: RewardChange['before']) => (
    <button
      class="link num"
      title={`Show the completions ${word}`}
      onClick={() =>
        void host.ask('host/open', {
          view: {
            page: 'inspector',
            title: `${place.stage} · ${windowWords(window)}${state === null ? '' : ` · ${name}`}`,
            filter: windowFilter(place, window, state),
          },
        })
      }
    >
      {count(state === null ? window.completions : window.states[state])}
      {state !== null && ` of ${count(window.completions)}`}
    </button>
  );
  return (
    <p class="why-counts">
      {state === null ? 'Completions' : stateWords[state]}: {cell('before', found.before)} before,{' '}
      {cell('after', found.after)} after
      {found.before.stepsRead < found.before.steps || found.after.stepsRead < found.after.steps
        ? ' (of the steps that were read)'
        : ''}
      .
    </p>
  );
}

const stateWords = {
  right: 'Right',
  wrong: 'Wrong',
  cut: 'Cut and not right',
  unanswered: 'Finished without an answer',
  undecided: 'Undecided',
  ungraded: 'Without a gold answer',
} as const;

function Components({ found, part }: Pick<PartProps, 'found' | 'part'>) {
  const own = found.components.flatMap(({ name, weight }, c) => {
    const change = part.byComponent[c]!;
    return Math.abs(change) < SMALL ? [] : [{ name, weight, change }];
  });
  if (own.length === 0) return null;
  return (
    <p class="why-components">
      By reward:{' '}
      {own.map(({ name, weight, change }, i) => (
        <span key={name} class="num">
          {i > 0 && ', '}
          {name}
          {weight !== 1 && ` × ${weight}`} {signed(change, 3)}
        </span>
      ))}
    </p>
  );
}

function Exemplars({ host, place, found, part }: Omit<PartProps, 'reach' | 'open' | 'onOpen'>) {
  if (part.exemplars.length === 0) return null;
  return (
    <table class="why-exemplars">
      <caption class="muted">Those that moved it most</caption>
      <thead>
        <tr>
          <th scope="col">Problem</th>
          <th scope="col">Window</th>
          <th scope="col" class="num">
            Step
          </th>
          <th scope="col">Verdict</th>
          <th scope="col" class="num">
            Tokens
          </th>
          <th scope="col" class="num">
            Reward
          </th>
          <th scope="col" class="num">
            Moved
          </th>
        </tr>
      </thead>
      <tbody>
        {part.exemplars.map(({ side, moved, row }) => (
          <tr key={row.trace}>
            <td>
              <button
                class="link"
                title="Open the completion"
                onClick={() => {
                  const window = found[side];
                  void host.ask('host/open', {
                    view: {
                      page: 'inspector',
                      title: `${place.stage} · ${windowWords(window)}`,
                      filter: windowFilter(place, window, null),
                      trace: row.trace,
                    },
                  });
                }}
              >
                {row.problemLabel}
              </button>
            </td>
            <td>{side}</td>
            <td class="num">{count(row.step)}</td>
            <td class={toneOf(row)}>
              {verdictText(row)} {row.answer?.slice(0, 24) ?? ''}
            </td>
            <td class="num">{tokens(row.tokens, row.tokensExact)}</td>
            <td class="num">{decimal(row.reward)}</td>
            <td class="num">{signed(moved, 4)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
