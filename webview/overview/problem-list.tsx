/** The problems behind a mark: each with what is right of it before and after, each of which opens its traces. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Cell } from '../../core/protocol/overview.ts';
import { count, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Said } from '../ui/say.ts';
import { Failure, Skeleton } from '../ui/states.tsx';
import { cellText, cellWords } from './open.ts';

export interface ListedProblem {
  problem: string;
  label: string;
  before: Cell | null;
  after: Cell | null;
}

export interface ProblemPage {
  rows: ListedProblem[];
  total: number;
}

/** What is listed: how to read a page of it, and what its cells open. */
export interface Listed {
  /** Changes when something else is listed. */
  key: string;
  title: string;
  beforeName: string;
  afterName: string;
  read: (offset: number, limit: number) => Promise<ProblemPage>;
  onBefore: ((row: ListedProblem) => void) | null;
  onAfter: (row: ListedProblem) => void;
  /** A cell opens the traces that are right, which it counts within a budget, and not all that are judged. */
  within?: boolean;
  /** Opens the traces of all of them. */
  onAll?: () => void;
}

const PAGE = 200;

export function ProblemList({ listed, onClose }: { listed: Listed; onClose: () => void }) {
  const [page, setPage] = useState<ProblemPage | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  const shown = useRef(listed.key);
  shown.current = listed.key;
  useEffect(() => {
    let current = true;
    setPage(null);
    setError(null);
    listed.read(0, PAGE).then(
      (found) => current && setPage(found),
      (failure: unknown) => current && setError(failure),
    );
    return () => {
      current = false;
    };
  }, [listed.key, tries]);
  const more = () => {
    if (!page) return;
    const { key } = listed;
    listed.read(page.rows.length, PAGE).then(
      // Another list may be here by now, and a second click asks for the same rows.
      ({ rows, total }) =>
        shown.current === key && setPage((now) => (now === page ? { rows: [...page.rows, ...rows], total } : now)),
      (failure: unknown) => shown.current === key && setError(failure),
    );
  };
  return (
    <div class="problem-list">
      <div class="problem-list-head">
        <h3>{listed.title}</h3>
        <Said
          topic="problems"
          words={page ? `${listed.title}: ${plural(page.total, 'problem')}` : ''}
          asked={listed.key}
        />
        <span class="muted num">{page ? `${count(page.total)} ${page.total === 1 ? 'problem' : 'problems'}` : ''}</span>
        {listed.onAll && page && page.total > 0 && (
          <button class="chip" onClick={listed.onAll}>
            Open their traces
          </button>
        )}
        <span class="grow" />
        <button class="tool" aria-label={`Close: ${listed.title}`} title="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {error !== null ? (
        <Failure what="The problems cannot be listed" error={error} onRetry={() => setTries(tries + 1)} />
      ) : !page ? (
        <Skeleton lines={4} label="Listing the problems" />
      ) : (
        <div class="problem-rows" tabIndex={0} role="region" aria-label={listed.title}>
          <table>
            <thead>
              <tr>
                <th scope="col">Problem</th>
                <th scope="col" class="num">
                  {listed.beforeName}
                </th>
                <th scope="col" class="num">
                  {listed.afterName}
                </th>
              </tr>
            </thead>
            <tbody>
              {page.rows.map((row) => (
                <tr key={row.problem}>
                  <th scope="row" title={row.label}>
                    {row.label}
                  </th>
                  <td class="num">
                    <CellButton
                      cell={row.before}
                      within={listed.within}
                      onOpen={listed.onBefore && (() => listed.onBefore!(row))}
                    />
                  </td>
                  <td class="num">
                    <CellButton cell={row.after} within={listed.within} onOpen={() => listed.onAfter(row)} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {page.rows.length < page.total && (
            <button class="chip" onClick={more}>
              {count(page.rows.length)} of {count(page.total)}: show more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

interface CellProps {
  cell: Cell | null;
  within: boolean | undefined;
  onOpen: (() => void) | null;
}

function CellButton({ cell, within, onOpen }: CellProps) {
  if (!cell) return <span class="muted">–</span>;
  if (!onOpen || (within && cell[0] === 0)) return <span title={cellWords(cell)}>{cellText(cell)}</span>;
  return (
    <button
      class="link"
      title={`${cellWords(cell)}: open ${within ? plural(cell[0], 'right trace') : 'the traces'}`}
      onClick={onOpen}
    >
      {cellText(cell)}
    </button>
  );
}
