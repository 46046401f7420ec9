/** A reader's labels beside the text: the labels to give, what the detector makes of them, what is reviewed, what to read next. */
import { useMemo, useState } from 'preact/hooks';
import { addCounts, agreementByLabel, covered, noCounts, type Counts } from '../../core/labels/agreement.ts';
import { comparable } from '../../core/labels/disagreements.ts';
import type { LabelAgreement, QueueItem, ReaderLayer } from '../../core/protocol/labels.ts';
import { count, percent, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { lookOf } from '../ui/labels.ts';
import { useStore } from '../ui/store.ts';
import { AgreementCells, AgreementHead } from './agreement-columns.tsx';
import { labelKeys, type EditAction } from './edit-keys.ts';
import { reviewedShare } from './edit-made.ts';
import type { LabelEditor } from './edit-model.ts';
import { sameItem, whyWords, type LabelFigures } from './label-figures.ts';
import type { OpenTrace } from './open-trace.ts';

interface PanelProps {
  editor: LabelEditor;
  figures: LabelFigures;
  open: OpenTrace;
  onAction: (action: EditAction) => void;
  onItem: (item: QueueItem) => void;
}

/** Places of the queue that are listed at once. */
const LISTED = 6;

export function EditPanel(props: PanelProps) {
  const { editor, onAction } = props;
  const { layer, error } = useStore(editor);
  return (
    <>
      <section class="facts-section edit-section">
        <h2 class="title">Your labels{layer ? ` · ${layer.by}` : ''}</h2>
        {error !== null && (
          <p class="wrong" role="alert">
            {messageOf(error)}{' '}
            <button class="link" onClick={() => void editor.load()}>
              Read them again
            </button>
          </p>
        )}
        {layer?.revision === 0 && (
          <button class="tool framed edit-begin" onClick={() => onAction({ do: 'begin' })}>
            Begin with the detector’s spans (Enter)
          </button>
        )}
        <Tools editor={editor} onAction={onAction} />
        {layer && <Reviewed {...props} layer={layer} />}
      </section>
      {layer && <Figures {...props} layer={layer} />}
      <Queue {...props} />
    </>
  );
}

function Tools({ editor, onAction }: Pick<PanelProps, 'editor' | 'onAction'>) {
  const { undo, redo, snap, compare, target } = useStore(editor);
  const isSpan = target?.kind === 'span';
  const tool = (action: EditAction, icon: string, label: string, disabled = false) => (
    <button class="tool" aria-label={label} title={label} disabled={disabled} onClick={() => onAction(action)}>
      <Icon name={icon} />
    </button>
  );
  const move = (which: 'start' | 'end', by: 1 | -1, icon: string, label: string) =>
    tool({ do: 'move', which, unit: 'step', by }, icon, label, !isSpan);
  return (
    <div class="edit-tools" role="group" aria-label="Edit">
      {tool({ do: 'undo' }, 'discard', 'Undo (z)', undo === 0)}
      {tool({ do: 'redo' }, 'redo', 'Do again (Z)', redo === 0)}
      {tool({ do: 'remove' }, 'trash', 'Remove the label (Delete)', !isSpan)}
      {move('start', -1, 'arrow-up', 'Begin a step earlier (<)')}
      {move('start', 1, 'fold-down', 'Begin a step later (>)')}
      {move('end', -1, 'fold-up', 'End a step earlier (,)')}
      {move('end', 1, 'arrow-down', 'End a step later (.)')}
      <button
        class="chip"
        aria-pressed={snap}
        title="What is selected snaps to steps (i)"
        onClick={() => onAction({ do: 'snap' })}
      >
        Snap
      </button>
      <button
        class="chip"
        aria-pressed={compare}
        title="Show the detector’s spans beside yours (t)"
        onClick={() => onAction({ do: 'compare' })}
      >
        Detector
      </button>
    </div>
  );
}

/** How much the reader vouches for. */
function Reviewed({ open, onAction, layer }: PanelProps & { layer: ReaderLayer }) {
  const { annotations } = useStore(open);
  const share = reviewedShare(layer, annotations?.length ?? open.text.completion.length);
  return (
    <div class="edit-reviewed">
      <span class="num">{percent(share, 0)} % reviewed</span>
      <button class="chip" title="All up to what is selected (m)" onClick={() => onAction({ do: 'reviewed' })}>
        Up to here
      </button>
      <button
        class="chip"
        aria-pressed={share === 1}
        title="All of the text, or none (M)"
        onClick={() => onAction({ do: 'whole' })}
      >
        All
      </button>
    </div>
  );
}

/** Every label with its key and how far the detector agrees on it, here or over all that was reviewed of the run. */
function Figures({ editor, figures, open, onAction, layer }: PanelProps & { layer: ReaderLayer }) {
  const [wide, setWide] = useState(false);
  const [bySpan, setBySpan] = useState(false);
  const { annotations, loaded } = useStore(open);
  const { agreement } = useStore(figures);
  const { target } = useStore(editor);
  const here = useMemo(() => {
    const within = layer.reviewed.map(([start, end]) => ({ start, end }));
    const found = comparable(annotations?.spans ?? []);
    const { steps } = editor;
    const read = covered(steps, within).filter(Boolean).length;
    return { by: agreementByLabel({ steps, gold: layer.spans, found, within }), read };
  }, [layer.spans, layer.reviewed, annotations?.spans, loaded.completion]);
  const countsOf = (label: LabelAgreement['label']): Counts | null => {
    const found = wide ? agreement?.labels.find((one) => one.label === label) : here.by.get(label);
    return found ? (bySpan ? found.spans : found.steps) : null;
  };
  const sum = noCounts(bySpan ? null : 0);
  for (const { label } of labelKeys) {
    const counts = countsOf(label);
    if (counts) addCounts(sum, counts);
  }
  const detector = agreement?.detector;
  const isSpan = target?.kind === 'span';
  return (
    <section class="facts-section edit-section">
      <h2 class="title">The detector against you</h2>
      <div class="edit-switch">
        <span role="group" aria-label="Over">
          <button class="chip" aria-pressed={!wide} onClick={() => setWide(false)}>
            This trace
          </button>
          <button class="chip" aria-pressed={wide} onClick={() => setWide(true)}>
            Run
          </button>
        </span>
        <span role="group" aria-label="By">
          <button class="chip" aria-pressed={!bySpan} onClick={() => setBySpan(false)}>
            Steps
          </button>
          <button class="chip" aria-pressed={bySpan} onClick={() => setBySpan(true)}>
            Spans
          </button>
        </span>
      </div>
      <table class="legend edit-figures">
        <caption class="hidden-text">How far the detector agrees with your labels</caption>
        <colgroup>
          {Array.from({ length: 8 }, (_, i) => (
            <col key={i} />
          ))}
        </colgroup>
        <AgreementHead whose="you" before={3} counted={bySpan ? 'Your spans' : 'Your steps'} />
        <tbody>
          {labelKeys.map(({ label, name, key }) => (
            <tr key={label}>
              <td>
                <button
                  class="swatch"
                  aria-label={isSpan ? `Make it ${name} (${key})` : `Add ${name} (${key})`}
                  title={isSpan ? `Make it ${name} (${key})` : `Add ${name} (${key})`}
                  onClick={() => onAction({ do: 'label', label })}
                >
                  <span class={`span label-${label}`}>{lookOf(label).letter}</span>
                </button>
              </td>
              <td>
                <kbd>{key}</kbd>
              </td>
              <th scope="row" title={name}>
                {lookOf(label).short ?? name}
              </th>
              <AgreementCells whose="you" counts={countsOf(label)} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td colSpan={2} />
            <th scope="row">All labels</th>
            <AgreementCells whose="you" counts={sum.gold + sum.found === 0 ? null : sum} />
          </tr>
        </tfoot>
      </table>
      <p class="muted edit-note">
        {!wide && here.read === 0 && 'Nothing is reviewed here yet: m reviews all up to what is selected. '}
        {detector ? `Detector ${detector.name} ${detector.version}, over ` : 'Over '}
        {wide
          ? `${plural(agreement?.steps ?? 0, 'reviewed step')} of ${plural(agreement?.traces ?? 0, 'trace')}${agreement && agreement.waiting > 0 ? `; ${count(agreement.waiting)} still to be read` : ''}`
          : `${count(here.read)} reviewed of ${plural(editor.steps.length, 'step')}`}
        .
      </p>
    </section>
  );
}

function Queue({ figures, onItem, onAction }: PanelProps) {
  const { queue, at, waiting, error } = useStore(figures);
  const items = queue?.items ?? [];
  const here = at ? items.findIndex((item) => sameItem(item, at)) : -1;
  const from = Math.max(0, Math.min(here, items.length - LISTED));
  return (
    <section class="facts-section edit-section">
      <h2 class="title">
        Read next
        {queue
          ? ` · ${here >= 0 ? `${count(here + 1)} of ` : ''}${count(items.length)}${queue.more > 0 ? '+' : ''}`
          : ''}
      </h2>
      {error !== null && <p class="wrong">{messageOf(error)}</p>}
      {queue && items.length === 0 && waiting === 0 && <p class="muted edit-note">No disagreement is left.</p>}
      <ul class="queue">
        {items.slice(from, from + LISTED).map((item) => (
          <li key={`${item.trace} ${item.why} ${item.label} ${item.start}`}>
            <button
              class="queue-row"
              aria-current={at !== null && sameItem(item, at)}
              title={`${lookOf(item.label).name}: ${whyWords(item)}. ${item.problemLabel}`}
              onClick={() => onItem(item)}
            >
              <span class={`span label-${item.label}`}>{lookOf(item.label).letter}</span>
              <span class="queue-why">{item.why}</span>
              <span class="queue-text">{item.text}</span>
            </button>
          </li>
        ))}
      </ul>
      {at !== null && here >= 0 && (
        <p class="edit-note">
          {lookOf(at.label).name}: {whyWords(at)}.{' '}
          {(at.why === 'missed' || at.why === 'extra') && (
            <button class="link" onClick={() => onAction({ do: 'settle' })}>
              My labels stand (q)
            </button>
          )}
        </p>
      )}
      {queue && (
        <p class="muted edit-note">
          {waiting > 0
            ? `${plural(waiting, 'trace')} still to be read.`
            : `Unsure spans of ${count(queue.looked)} of ${plural(queue.traces, 'trace')}${queue.more > 0 ? `; ${count(queue.more)} places more` : ''}.`}
        </p>
      )}
    </section>
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'It did not work.');
