/** Counts by bin: the last series filled, those before it as outlines over it. Values are read by arrow keys and by mouse. */
import { useState } from 'preact/hooks';
import { count, short } from '../ui/format.ts';
import { isCommand } from '../ui/keys.ts';
import { say } from '../ui/say.ts';
import { histogramModel } from './models.ts';
import { Frame, type BlockOf } from './block.tsx';
import { figure } from './numbers.ts';
import { useWidth } from './use-width.ts';

const HEIGHT = 150;
const FOOT = 18;
const SIDE = 44;
const lines = ['--lh-grey', '--lh-verification', '--lh-subgoal', '--lh-uncertainty'];

export function Histogram({ block }: { block: BlockOf<'histogram'> }) {
  const { edges, series, unit } = block;
  const [box, width] = useWidth(360);
  const [at, setAt] = useState<number | null>(null);
  const bins = Math.max(0, edges.length - 1);
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const most = Math.max(1, ...series.flatMap(({ counts }) => counts));
  const x = (value: number) => SIDE + ((value - low) / (high - low || 1)) * (width - SIDE - 6);
  const y = (n: number) => HEIGHT - FOOT - (n / most) * (HEIGHT - FOOT - 8);
  const colorOf = (i: number) => (i === series.length - 1 ? '--lh-right' : lines[i % lines.length]!);
  const total = (counts: readonly number[]) => counts.reduce((sum, n) => sum + n, 0);
  const read = (bin: number) =>
    `${figure(edges[bin]!)}–${figure(edges[bin + 1]!)}: ${series
      .map(({ label, counts }) => `${label} ${count(counts[bin])}`)
      .join(' · ')}`;
  const onKeyDown = (event: KeyboardEvent) => {
    const now = at ?? -1;
    const to = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: bins - 1, Escape: -1 }[event.key];
    if (to === undefined || bins === 0 || isCommand(event)) return;
    event.preventDefault();
    const bin = Math.min(bins - 1, to);
    setAt(bin < 0 ? null : bin);
    say('value', bin < 0 ? '' : read(bin));
  };
  return (
    <Frame block={block} unit={unit} model={() => histogramModel(block, colorOf)}>
      <div
        ref={box}
        class="histogram"
        role="group"
        tabIndex={0}
        aria-label={`${block.title}, ${unit}, histogram of ${series.map(({ label }) => label).join(' and ')}. Arrow keys read the bins.`}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => {
          const left = event.clientX - event.currentTarget.getBoundingClientRect().left;
          const value = low + ((left - SIDE) / (width - SIDE - 6)) * (high - low);
          const bin = edges.findIndex((edge, i) => i < bins && value >= edge && value < edges[i + 1]!);
          setAt(bin < 0 ? null : bin);
        }}
        onPointerLeave={() => setAt(null)}
      >
        <svg width={width} height={HEIGHT} aria-hidden="true">
          {[0, most / 2, most].map((n) => (
            <g key={n}>
              <line class="grid-line" x1={SIDE} x2={width - 6} y1={y(n)} y2={y(n)} />
              {Number.isInteger(n) && (
                <text x={SIDE - 5} y={y(n) + 3.5} text-anchor="end">
                  {short(n)}
                </text>
              )}
            </g>
          ))}
          {at !== null && (
            <rect
              class="bin-at"
              x={x(edges[at]!)}
              y={0}
              width={x(edges[at + 1]!) - x(edges[at]!)}
              height={HEIGHT - FOOT}
            />
          )}
          {series.map(({ label, counts }, i) =>
            i === series.length - 1 ? (
              counts.map((n, bin) => (
                <rect
                  key={`${label}/${edges[bin]}`}
                  class="bin"
                  style={{ '--c': `var(${colorOf(i)})` }}
                  x={x(edges[bin]!) + 0.5}
                  y={y(n)}
                  width={Math.max(0.5, x(edges[bin + 1]!) - x(edges[bin]!) - 1)}
                  height={Math.max(0, HEIGHT - FOOT - y(n))}
                />
              ))
            ) : (
              <path
                key={label}
                class="bin-outline"
                style={{ '--c': `var(${colorOf(i)})` }}
                d={`M${x(low)},${y(0)}${counts
                  .map((n, bin) => `V${y(n)}H${x(edges[bin + 1] ?? high)}`)
                  .join('')}V${y(0)}`}
              />
            ),
          )}
          {[low, (low + high) / 2, high].map((value, i) => (
            <text key={value} x={x(value)} y={HEIGHT - 4} text-anchor={(['start', 'middle', 'end'] as const)[i]}>
              {short(Math.abs(value) >= 100 ? Math.round(value) : value)}
              {i === 2 ? ` ${unit}` : ''}
            </text>
          ))}
        </svg>
      </div>
      <div class="keys">
        {at === null ? (
          series.map(({ label, counts }, i) => (
            <span key={label} class="key">
              <span
                class={`key-swatch${i === series.length - 1 ? '' : ' outline'}`}
                style={{ '--c': `var(${colorOf(i)})` }}
              />
              {label} <span class="muted num">{count(total(counts))}</span>
            </span>
          ))
        ) : (
          <span class="num">{read(at)}</span>
        )}
      </div>
    </Frame>
  );
}
