/** What is left after each step, and what each step dropped, by reason. */
import { count } from '../ui/format.ts';
import { Frame, Mark, type BlockOf, type OnRows } from './block.tsx';
import { funnelModel } from './models.ts';
import { share } from './numbers.ts';

export function Funnel({ block, onRows }: { block: BlockOf<'funnel'>; onRows: OnRows }) {
  const most = Math.max(1, ...block.steps.map(({ n, dropped }) => n + lost(dropped)));
  const first = block.steps[0]?.n ?? 0;
  return (
    <Frame block={block} model={() => funnelModel(block)}>
      <ol class="funnel">
        {block.steps.map(({ label, n, rows, dropped }, i) => (
          <li key={`${i}/${label}`}>
            <span class="funnel-label" title={label}>
              {label}
            </span>
            <Mark
              rows={rows}
              label={label}
              class="funnel-bar"
              bare
              onRows={onRows}
              says={`${label}: ${count(n)} left${dropped?.length ? `, ${count(lost(dropped))} dropped` : ''}`}
            >
              <span class="funnel-left" style={{ width: `${(100 * n) / most}%` }} />
              <span class="funnel-lost" style={{ width: `${(100 * lost(dropped)) / most}%` }} />
            </Mark>
            <span class="num">{count(n)}</span>
            <span class="num muted">{i === 0 ? '' : share(n, first)}</span>
            {dropped && dropped.length > 0 && (
              <ul class="funnel-reasons" aria-label={`Dropped by ${label}`}>
                {dropped.map((one) => (
                  <li key={one.reason}>
                    <Mark
                      rows={one.rows}
                      label={`${label}: ${one.reason}`}
                      class="reason"
                      onRows={onRows}
                      says={`${count(one.n)} dropped: ${one.reason}`}
                    >
                      <span class="num">−{count(one.n)}</span> {one.reason}
                    </Mark>
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
    </Frame>
  );
}

function lost(dropped: readonly { n: number }[] | undefined): number {
  return (dropped ?? []).reduce((sum, { n }) => sum + n, 0);
}
