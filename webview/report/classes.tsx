/** Behaviours of a synthesis by the class of its documents, counted by the service; a number opens the documents behind it. */
import { useEffect, useState } from 'preact/hooks';
import type { BehaviourSet } from '../../core/protocol/comparison.ts';
import type { Result } from '../../core/protocol/methods.ts';
import type { Host } from '../host.ts';
import { Dropdown } from '../ui/controls.ts';
import { count, decimal, plural } from '../ui/format.ts';
import { labelLooks } from '../ui/labels.ts';
import { readBehaviours } from '../ui/read-behaviours.ts';
import { Failure } from '../ui/states.tsx';
import { Frame, Mark, type OnRows } from './block.tsx';

interface ClassesProps {
  host: Host;
  run: string;
  stage: string;
  /** The table of the documents. */
  table: string;
  onRows: OnRows;
}

const WHOLE = 'whole documents';

export function Classes({ host, run, stage, table, onRows }: ClassesProps) {
  const [found, setFound] = useState<Result<'metrics/behaviours'> | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(WHOLE);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let closed = false;
    setError(null);
    readBehaviours(host, { of: { sides: [{ run, stage }] }, classes: true }, (answer) => {
      if (!closed) setFound(answer);
      return !closed;
    }).catch((problem: unknown) => closed || setError(problem));
    return () => {
      closed = true;
    };
  }, [run, stage, tries]);
  if (error !== null)
    return <Failure what="Behaviours cannot be shown" error={error} onRetry={() => setTries(tries + 1)} />;
  if (!found || found.sets.length === 0) return null;
  const turnOf = ({ set }: BehaviourSet) => set ?? WHOLE;
  const turns = [...new Set([WHOLE, ...found.sets.map(turnOf)])];
  const shown = found.sets.filter((set) => turnOf(set) === turn);
  const { name, version } = found.detector;
  const note =
    found.waiting > 0
      ? `${plural(found.waiting, 'completion is', 'completions are')} still to be read by the detector.`
      : `Spans for each thousand tokens by ${name} ${version}, over all documents that have a class, also those not kept; 95 % intervals over problems.`;
  return (
    <Frame block={{ type: 'figures', title: 'Behaviours by class', note }}>
      {found.waiting === 0 && (
        <>
          <Dropdown
            label="Turn"
            value={turn}
            options={turns.map((value) => ({ value, text: `${value[0]!.toUpperCase()}${value.slice(1)}` }))}
            onChange={setTurn}
          />
          <ClassTable sets={shown} table={table} onRows={onRows} />
        </>
      )}
    </Frame>
  );
}

function ClassTable({
  sets,
  table,
  onRows,
}: { sets: readonly BehaviourSet[] } & Pick<ClassesProps, 'table' | 'onRows'>) {
  const figureOf = (set: BehaviourSet, label: string) => set.labels?.find((one) => one.label === label);
  const looks = labelLooks.filter(({ label }) => label !== 'marker' && sets.some((set) => figureOf(set, label)?.spans));
  const rowsOf = (set: BehaviourSet) => ({ table, where: { class: set.class } });
  return (
    <table class="figure-table">
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden-text">Figure</span>
          </th>
          {sets.map((set) => (
            <th key={set.class} scope="col" class="num">
              {set.class}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">{sets[0]?.set === null ? 'Documents' : 'Completions'}</th>
          {sets.map((set) => (
            <td key={set.class} class="num">
              <Mark rows={rowsOf(set)} label={`Class ${set.class}`} onRows={onRows}>
                {count(set.traces)}
              </Mark>
            </td>
          ))}
        </tr>
        <tr>
          <th scope="row">Mean tokens</th>
          {sets.map((set) => (
            <td key={set.class} class="num">
              {decimal(set.tokens?.mean, 1)}
            </td>
          ))}
        </tr>
        {looks.map(({ label, name }) => (
          <tr key={label}>
            <th scope="row">{name}</th>
            {sets.map((set) => {
              const one = figureOf(set, label);
              const says = one ? `${plural(one.spans, 'span')}; class ${set.class}` : '';
              return (
                <td key={set.class} class="num">
                  <Mark rows={rowsOf(set)} label={`Class ${set.class}`} says={says} onRows={onRows}>
                    {decimal(one?.rate?.mean)}
                  </Mark>{' '}
                  {one?.rate && (
                    <span class="muted">
                      [{decimal(one.rate.low)}, {decimal(one.rate.high)}]
                    </span>
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
