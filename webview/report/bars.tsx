/** Bars of stacked parts on one scale; each part with its name and number beside it, not by its colour alone. */
import { count } from '../ui/format.ts';
import { Frame, Mark, type BlockOf, type OnRows } from './block.tsx';
import { barsModel } from './models.ts';
import { figure, share } from './numbers.ts';

interface BarsProps {
  block: BlockOf<'bars'>;
  colors: ReadonlyMap<string, string>;
  onRows: OnRows;
}

export function Bars({ block, colors, onRows }: BarsProps) {
  const sum = (parts: readonly { n: number }[]) => parts.reduce((total, { n }) => total + Math.max(0, n), 0);
  const most = Math.max(...block.bars.map(({ parts }) => sum(parts)), 0) || 1;
  const words = (n: number) => (Number.isInteger(n) ? count(n) : figure(n));
  return (
    <Frame block={block} unit={block.unit} model={() => barsModel(block, colors)}>
      <ul class="bars">
        {block.bars.map(({ label, parts }, i) => {
          const total = sum(parts);
          return (
            <li key={`${i}/${label}`}>
              <span class="bars-label" title={label}>
                {label}
              </span>
              <span class="bars-bar">
                {parts.map((part) => (
                  <span
                    key={part.label}
                    class="bars-part"
                    style={{
                      width: `${(100 * Math.max(0, part.n)) / most}%`,
                      '--c': `var(${colors.get(part.label) ?? '--lh-grey'})`,
                    }}
                  />
                ))}
              </span>
              <span class="num">{words(total)}</span>
              <span class="keys">
                {parts.map((part) => (
                  <Mark
                    key={part.label}
                    rows={part.rows}
                    label={`${label}: ${part.label}`}
                    class="key"
                    onRows={onRows}
                    says={`${label}: ${part.label} ${words(part.n)}`}
                  >
                    <span
                      class="key-swatch"
                      style={{ '--c': `var(${colors.get(part.label) ?? '--lh-grey'})` }}
                      aria-hidden="true"
                    />
                    <span class="hidden-text">{label}: </span>
                    {part.label} <span class="num">{words(part.n)}</span>{' '}
                    {parts.length > 1 && <span class="muted num">{share(part.n, total)}</span>}
                  </Mark>
                ))}
              </span>
            </li>
          );
        })}
      </ul>
    </Frame>
  );
}
