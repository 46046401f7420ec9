/** The queue of the audit in the place of the list: the most suspicious verdict first, with its reason. */
import { memo } from 'preact/compat';
import { auditReasons, type AuditItem, type AuditReason, type Suspect } from '../../core/protocol/audit.ts';
import type { TraceRow } from '../../core/protocol/traces.ts';
import { brief } from '../text/visible.ts';
import { Button, Dropdown } from '../ui/controls.ts';
import { count, plural } from '../ui/format.ts';
import { Grid } from '../ui/grid.tsx';
import { useProgress, useSaid } from '../ui/say.ts';
import { Empty, Failure, Skeleton } from '../ui/states.tsx';
import { useStore } from '../ui/store.ts';
import type { AuditList } from './audit-model.ts';
import { reasonNames, suspectLooks, valueSigns } from './audit-words.ts';

interface AuditColumnProps {
  list: AuditList;
  selected: string | null;
  onSelect: (row: TraceRow) => void;
  onEnter: () => void;
  onReveal: (at: { start: number; end: number }) => void;
  onReload: () => void;
}

const suspects: readonly Suspect[] = ['false_negative', 'false_positive', 'unclear'];

export function AuditColumn({ list, selected, onSelect, onEnter, onReveal, onReload }: AuditColumnProps) {
  const { items, queue, wish, loading, partial, error, judged } = useStore(list);
  const index = items.findIndex(({ row }) => row.trace === selected);
  const waiting = queue?.waiting ?? 0;
  const show = (change: Partial<typeof wish>) => void list.again({ ...wish, ...change });
  const shown = items.length > 0 && (!loading || partial);
  const toLookAt = queue ? `${count(queue.total)} of ${plural(queue.looked, 'verdict')} to look at` : '';
  useSaid('list', loading || waiting > 0 ? '' : toLookAt, wish);
  return (
    <>
      <div class="audit-filter">
        <div class="chips" role="group" aria-label="What the verdict may be">
          <span class="muted chips-name">may be</span>
          {suspects.map((suspect) => {
            const { sign, tone, chip, words } = suspectLooks[suspect];
            return (
              <button
                key={suspect}
                class="chip"
                aria-pressed={wish.suspect === suspect}
                title={`Only ${words}`}
                onClick={() => show({ suspect: wish.suspect === suspect ? null : suspect })}
              >
                <span class={tone} aria-hidden="true">
                  {sign.charAt(0)}
                </span>
                {chip}
              </button>
            );
          })}
        </div>
        <Dropdown
          label="Reason"
          value={wish.reason ?? ''}
          options={[
            { value: '', text: 'Any reason' },
            ...auditReasons.map((reason) => ({
              value: reason,
              text: `${reasonNames[reason]} (${count(queue?.reasons[reason] ?? 0)})`,
            })),
          ]}
          onChange={(value) => show({ reason: value === '' ? null : (value as AuditReason) })}
        />
      </div>
      {error !== null ? (
        <Failure what="The queue cannot be shown" error={error} onRetry={onReload} />
      ) : shown ? (
        <Grid
          label="Audit"
          id="audit"
          rows={items}
          columns={4}
          index={index}
          selected={selected}
          head={<Head />}
          onEnter={onEnter}
          onMove={(to) => items[to] && onSelect(items[to].row)}
          onView={(_, last) => list.look(last)}
        >
          {(item, i) => (
            <Row
              key={item.row.trace}
              item={item}
              index={i}
              judged={judged.get(item.row.trace)}
              selected={item.row.trace === selected}
              onSelect={onSelect}
            />
          )}
        </Grid>
      ) : loading ? (
        waiting > 0 ? (
          <Reading done={(queue?.looked ?? 0) - waiting} all={queue?.looked ?? 0} onEarly={() => list.early()} />
        ) : (
          <Skeleton lines={12} label="Looking at the verdicts" />
        )
      ) : (
        <Empty
          icon="pass"
          title={queue?.looked === 0 ? 'There is no verdict to audit' : 'Nothing speaks against a verdict'}
        >
          <p>
            {queue && queue.looked === 0
              ? 'None of these traces has a gold answer.'
              : `${plural(queue?.looked ?? 0, 'trace')} with a gold answer, ${count(queue?.done ?? 0)} judged by a reader.`}
          </p>
        </Empty>
      )}
      {(shown || loading) && (
        <Why item={items[index] ?? null} place={index} total={queue?.total ?? items.length} onReveal={onReveal} />
      )}
      {queue && queue.looked > 0 && (
        <div class="note">
          {toLookAt}
          {queue.done > 0 ? `, ${count(queue.done)} judged by a reader` : ''}
          {waiting > 0 ? `, ${count(waiting)} texts still to be read` : ''}
          {queue.unreadable > 0 ? `, ${plural(queue.unreadable, 'text')} gone` : ''}
          {queue.cut > 0 ? `, ${plural(queue.cut, 'text')} longer than is read` : ''}
          {queue.beyond > 0 ? `, ${count(queue.beyond)} more were not looked at: narrow the filter` : ''}
          {partial && !loading && (
            <>
              {'. All texts are read. '}
              <button class="link" onClick={onReload}>
                Show the whole queue
              </button>
            </>
          )}
        </div>
      )}
    </>
  );
}

function Reading({ done, all, onEarly }: { done: number; all: number; onEarly: () => void }) {
  useProgress('audit', `Reading the texts: ${count(done)} of ${count(all)}`);
  return (
    <div class="state">
      <h2>Reading the texts</h2>
      <p class="num">
        {count(done)} of {count(all)}
      </p>
      <progress class="audit-progress" max={Math.max(1, all)} value={done} aria-label="Texts that were read" />
      <Button onClick={onEarly}>Show what is found so far</Button>
    </div>
  );
}

function Head() {
  return (
    <div role="row" class="grid-head" aria-rowindex={1}>
      {['', 'Problem', 'Reason', 'Answer'].map((title) => (
        <span key={title} role="columnheader">
          {title || <span class="hidden-text">May be</span>}
        </span>
      ))}
    </div>
  );
}

interface RowProps {
  item: AuditItem;
  index: number;
  /** A reader's word since it was listed; null: taken back. */
  judged: string | null | undefined;
  selected: boolean;
  onSelect: (row: TraceRow) => void;
}

const Row = memo(function Row({ item: { row, suspect, reasons }, index, judged, selected, onSelect }: RowProps) {
  const look = suspectLooks[suspect];
  const said = judged ? valueSigns[judged as keyof typeof valueSigns] : null;
  const first = reasons[0];
  return (
    <div
      role="row"
      id={`audit-${index}`}
      class={`grid-row${said ? ' audit-done' : ''}`}
      aria-rowindex={index + 2}
      aria-selected={selected}
      title={[row.problemLabel, `Sample ${row.sample + 1}: ${look.words}`, ...reasons.map(({ detail }) => detail)].join(
        '\n',
      )}
      onClick={() => onSelect(row)}
    >
      <span role="gridcell" class={said?.tone ?? look.tone} aria-label={said ? `you say ${said.word}` : look.words}>
        {said ? `${said.sign}•` : look.sign}
      </span>
      <span role="gridcell">{row.problemLabel}</span>
      <span role="gridcell" class="cell-place">
        {first ? reasonNames[first.reason] : ''}
        {reasons.length > 1 ? ` +${reasons.length - 1}` : ''}
      </span>
      <span role="gridcell">{brief(row.answer ?? '–')}</span>
    </div>
  );
});

/** Why the open trace is in the queue. Of one height, so that nothing moves from one to the next. */
function Why({
  item,
  place,
  total,
  onReveal,
}: {
  item: AuditItem | null;
  place: number;
  total: number;
  onReveal: AuditColumnProps['onReveal'];
}) {
  return (
    <section class="audit-why" aria-label="Why it is in the queue" tabIndex={0}>
      {item ? (
        <>
          <h2 class="title">
            {count(place + 1)} of {count(total)} · {suspectLooks[item.suspect].words}
          </h2>
          <ul>
            {item.reasons.map(({ reason, detail, at }) => (
              <li key={reason}>
                {detail}{' '}
                {at && (
                  <button class="link" onClick={() => onReveal(at)}>
                    Show
                  </button>
                )}
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p class="muted">Choose a verdict to see what speaks against it.</p>
      )}
    </section>
  );
}
