/** Single figures, with their intervals. */
import { figure } from './numbers.ts';
import { Frame, Mark, type BlockOf, type OnRows } from './block.tsx';

export function Figures({ block, onRows }: { block: BlockOf<'figures'>; onRows: OnRows }) {
  return (
    <Frame block={block}>
      <dl class="figures">
        {block.items.map(({ label, value, unit, ci95, rows }) => (
          <div key={label}>
            <dt class="muted">{label}</dt>
            <dd>
              <Mark rows={rows} label={label} class="figure" onRows={onRows}>
                {value === null ? '–' : typeof value === 'number' ? figure(value) : value}
              </Mark>
              {unit && <span class="muted"> {unit}</span>}
              {ci95 && (
                <span class="muted ci" title="95 % interval">
                  {' '}
                  {figure(ci95[0])}–{figure(ci95[1])}
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </Frame>
  );
}
