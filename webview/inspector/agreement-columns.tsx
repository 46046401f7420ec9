/** Columns that say how far the detector agrees with somebody's labels: a reader's, a judge's. */
import { noCounts, scores, type Counts } from '../../core/labels/agreement.ts';
import { count } from '../ui/format.ts';

/** Whose labels are taken for what is right. */
type Whose = 'you' | 'judge';

const HAS = { you: 'you have', judge: 'the judge has' } as const;

/** `before`: columns that stand before the figures. `counted`: what the first figure counts. */
export function AgreementHead({ whose, before, counted }: { whose: Whose; before: number; counted: string }) {
  const has = HAS[whose];
  return (
    <thead>
      <tr>
        <th scope="col" colSpan={before}>
          <span class="hidden-text">Label</span>
        </th>
        <th scope="col" class="num" title={counted}>
          n
        </th>
        <th scope="col" class="num" title={`Precision: of what the detector has, the share that ${has}`}>
          P
        </th>
        <th scope="col" class="num" title={`Recall: of what ${has}, the share that the detector has`}>
          R
        </th>
        <th scope="col" class="num" title="F1: harmonic mean of precision and recall">
          F1
        </th>
        <th scope="col" class="num" title="Cohen’s κ, by step">
          κ
        </th>
      </tr>
    </thead>
  );
}

/** Null: the label occurs nowhere. */
export function AgreementCells({ whose, counts }: { whose: Whose; counts: Counts | null }) {
  const { precision, recall, f1, kappa } = scores(counts ?? noCounts());
  const raw = counts
    ? `both ${count(counts.both)}, ${whose} ${count(counts.gold)}, detector ${count(counts.found)}`
    : undefined;
  return (
    <>
      <td class="num">{counts ? count(counts.gold) : ''}</td>
      {[precision, recall, f1, kappa].map((value, i) => (
        <td key={i} class="num" title={raw}>
          {value === null ? '' : value.toFixed(2)}
        </td>
      ))}
    </>
  );
}
