/** The problems of two checkpoints by whether they were solved before and after; each field lists its problems. */
import { useState } from 'preact/hooks';
import type { Pair, PairChange, PairSide } from '../../core/protocol/comparison.ts';
import type { Cell, Checkpoint } from '../../core/protocol/overview.ts';
import type { View } from '../../core/protocol/webview.ts';
import type { BarsModel } from '../charts/model.ts';
import { changes, countChanges, selectPairs } from '../compare/pairs.ts';
import type { Host } from '../host.ts';
import { count, plural } from '../ui/format.ts';
import { checkpointFilter, sideOfCheckpoint, tracesView, type Place } from './open.ts';
import { Panel, Wait } from './panel.tsx';
import { ProblemList, type Listed, type ListedProblem } from './problem-list.tsx';
import { useAnswer } from './use-answer.ts';

interface QuadrantsProps {
  host: Host;
  place: Place;
  before: Checkpoint;
  after: Checkpoint;
  version: number;
}

/** As a square: solved before above, solved after at the right. */
const fields: { change: PairChange; row: number; column: number }[] = [
  { change: 'right_to_wrong', row: 0, column: 0 },
  { change: 'both_right', row: 0, column: 1 },
  { change: 'both_wrong', row: 1, column: 0 },
  { change: 'wrong_to_right', row: 1, column: 1 },
];

export function Quadrants({ host, place, before, after, version }: QuadrantsProps) {
  const [left, right] = [sideOfCheckpoint(place, before), sideOfCheckpoint(place, after)];
  const answer = useAnswer(host, 'traces/pairs', left && right && { before: left, after: right }, version);
  const [shown, setShown] = useState<PairChange | null>(null);
  const title = 'Solved before and after';
  if (!left || !right) {
    return (
      <Panel title={title}>
        <p class="muted">
          {before.label} and {after.label} are several steps put together: choose a stage with fewer of them.
        </p>
      </Panel>
    );
  }
  const compare = (problem?: string): View => ({
    page: 'compare',
    title: `${before.label} → ${after.label} · ${place.name}`,
    ...{ before: left, after: right },
    ...(problem !== undefined && { problem }),
  });
  const pairs = answer.value?.pairs ?? [];
  const counts = countChanges(pairs);
  const listed = (change: PairChange): Listed => ({
    key: `${change} ${before.key} ${after.key} ${version}`,
    title: changes.find((one) => one.change === change)!.name,
    ...{ beforeName: before.label, afterName: after.label },
    read: (offset, limit) => {
      const own = selectPairs(pairs, { kinds: [change], text: '', sort: 'problem' });
      return Promise.resolve({ rows: own.slice(offset, offset + limit).map(listedPair), total: own.length });
    },
    onBefore: (row) => open(row, before),
    onAfter: (row) => void host.ask('host/open', { view: compare(row.problem) }),
  });
  const open = (row: ListedProblem, checkpoint: Checkpoint) =>
    void host.ask('host/open', {
      view: tracesView(place, `${row.label} · ${checkpoint.label}`, {
        ...checkpointFilter(place, checkpoint),
        problem: row.problem,
      }),
    });
  return (
    <Panel
      title={title}
      note={`${before.label} → ${after.label}`}
      tools={
        <button class="chip" onClick={() => void host.ask('host/open', { view: compare() })}>
          Open the comparison
        </button>
      }
      model={answer.value ? () => quadrantsModel(counts, place, before, after) : null}
    >
      <Wait answer={answer} what={title} height={190}>
        {({ onlyBefore, onlyAfter }) => (
          <>
            <table class="quadrants">
              <thead>
                <tr>
                  <td />
                  <th scope="col">not solved after</th>
                  <th scope="col">solved after</th>
                </tr>
              </thead>
              <tbody>
                {['solved before', 'not solved before'].map((name, row) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    {fields
                      .filter((field) => field.row === row)
                      .map(({ change }) => {
                        const look = changes.find((one) => one.change === change)!;
                        return (
                          <td key={change}>
                            <button
                              class={`quadrant ${look.tone}`}
                              aria-pressed={shown === change}
                              title={`${look.name}: list the problems`}
                              onClick={() => setShown(shown === change ? null : change)}
                            >
                              <span class="quadrant-n num">{count(counts[change])}</span>
                              <span>
                                <span aria-hidden="true">{look.sign}</span> {look.name}
                              </span>
                            </button>
                          </td>
                        );
                      })}
                  </tr>
                ))}
              </tbody>
            </table>
            <p class="muted panel-foot">
              Solved: at least half of what was judged is right.
              {counts.unknown > 0 && (
                <>
                  {' '}
                  <button class="link" onClick={() => setShown('unknown')}>
                    {plural(counts.unknown, 'problem')} not judged
                  </button>
                  .
                </>
              )}
              {onlyBefore + onlyAfter > 0 && ` ${count(onlyBefore)} only before, ${count(onlyAfter)} only after.`}
            </p>
          </>
        )}
      </Wait>
      {shown && answer.value && <ProblemList listed={listed(shown)} onClose={() => setShown(null)} />}
    </Panel>
  );
}

const cellOf = ({ right, n }: PairSide): Cell => [right, n, n];

function listedPair({ problem, problemLabel, before, after }: Pair): ListedProblem {
  return { problem, label: problemLabel, before: cellOf(before), after: cellOf(after) };
}

function quadrantsModel(
  counts: Record<PairChange, number>,
  place: Place,
  before: Checkpoint,
  after: Checkpoint,
): BarsModel {
  return {
    ...{ kind: 'bars', style: 'stacked', title: 'Solved before and after', xName: 'change', yName: 'problems' },
    categories: changes.map(({ name }) => name),
    series: [{ name: 'problems', color: '--lh-verification', values: changes.map(({ change }) => counts[change]) }],
    notes: [
      `${place.name}: ${before.label} → ${after.label}. A problem is solved where at least half of its judged samples are right and not cut.`,
    ],
  };
}
