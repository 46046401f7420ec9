/** The whole alignment in one column: what only the left has, what only the right has, what moved, and where both texts are. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { count } from '../ui/format.ts';
import { isCommand, take } from '../ui/keys.ts';
import { useCanvasBox } from '../ui/use-canvas.ts';
import { useStore } from '../ui/store.ts';
import type { PlaceMap, SideName } from './place-map.ts';
import type { Layout } from './use-layout.ts';

interface OverviewProps {
  map: PlaceMap;
  windows: Layout['windows'];
  onSeek: (place: { side: SideName; offset: number }) => void;
}

/** Rows as lengths: each as long as the longer of its steps. */
function scaleOf({ alignment: { left, right, rows } }: PlaceMap) {
  const tops = new Float64Array(rows.length + 1);
  const lengthOf = (steps: typeof left, at: number | null) => (at === null ? 0 : steps[at]!.end - steps[at]!.start);
  for (const [n, row] of rows.entries())
    tops[n + 1] = tops[n]! + Math.max(12, lengthOf(left, row.left), lengthOf(right, row.right));
  return tops;
}

export function Overview({ map, windows: shown, onSeek }: OverviewProps) {
  const windows = useStore(shown);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const tops = useMemo(() => scaleOf(map), [map]);
  const total = tops.at(-1) || 1;
  const { rows, left, right } = map.alignment;

  const { width, height, css } = useCanvasBox(box);

  useEffect(() => {
    const scale = devicePixelRatio || 1;
    Object.assign(canvas.current!, { width: width * scale, height: height * scale });
    const context = canvas.current!.getContext('2d');
    if (!context || height === 0) return;
    context.scale(scale, scale);
    const half = (width - 6) / 2;
    const y = (row: number) => (tops[row]! / total) * height;
    context.fillStyle = css('--lh-track');
    context.fillRect(2, 0, half, height);
    context.fillRect(4 + half, 0, half, height);
    const colours = {
      onlyLeft: '--lh-only-left',
      onlyRight: '--lh-only-right',
      moved: '--lh-moved',
      alike: '--lh-tied',
      same: '--lh-tied',
    };
    for (const [n, row] of rows.entries()) {
      const [top, bottom] = [y(n), y(n + 1)];
      context.fillStyle = css(colours[row.kind]);
      const isTied = row.kind === 'same' || row.kind === 'alike';
      context.globalAlpha = isTied ? 0.35 : 1;
      const tall = Math.max(isTied ? 0.5 : 1, bottom - top);
      // Tied rows are narrow lines in the middle, the others wide: the shape says it without the colour.
      if (isTied) context.fillRect(half - 2, top, 10, tall);
      else if (row.left !== null) context.fillRect(2, top, row.kind === 'moved' ? half / 2 : half, tall);
      else
        context.fillRect(
          4 + half + (row.kind === 'moved' ? half / 2 : 0),
          top,
          row.kind === 'moved' ? half / 2 : half,
          tall,
        );
    }
    context.globalAlpha = 1;
  }, [width, height, css, map]);

  const yOf = (side: SideName, offset: number): number => {
    const steps = side === 'left' ? left : right;
    const [at] = map.stepsWithin(side, offset, offset + 1);
    const step = steps[at];
    if (!step) return height;
    const row = map.rowOf[side][at]!;
    const share = Math.max(0, Math.min(1, (offset - step.start) / (step.end - step.start || 1)));
    return ((tops[row]! + share * (tops[row + 1]! - tops[row]!)) / total) * height;
  };
  const seek = (event: PointerEvent) => {
    const at = box.current!.getBoundingClientRect();
    const wanted = ((event.clientY - at.top) / Math.max(1, at.height)) * total;
    let row = 0;
    while (row + 1 < rows.length && tops[row + 1]! <= wanted) row += 1;
    const found = rows[row];
    if (!found) return;
    const place =
      found.left !== null
        ? ({ side: 'left', step: left[found.left]! } as const)
        : ({ side: 'right', step: right[found.right!]! } as const);
    onSeek({ side: place.side, offset: place.step.start });
  };
  const [start, end] = windows.left;
  const { matched } = map.counts;
  return (
    <div
      ref={box}
      class="overview"
      role="slider"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Overview of the alignment"
      aria-controls="sides-left"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round((100 * yOf('left', start)) / Math.max(1, height))}
      aria-valuetext={`${count(100 * matched.left)} % of the left and ${count(100 * matched.right)} % of the right are tied`}
      title="Overview of the alignment: click to go there"
      onKeyDown={(event) => {
        const page = Math.max(200, end - start);
        const by = {
          ArrowDown: page / 4,
          ArrowUp: -page / 4,
          PageDown: page,
          PageUp: -page,
          Home: -Infinity,
          End: Infinity,
        }[event.key];
        if (by === undefined || isCommand(event)) return;
        take(event);
        const last = left.at(-1)?.end ?? 0;
        onSeek({ side: 'left', offset: Math.round(Math.max(0, Math.min(last, start + by))) });
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seek(event);
      }}
      onPointerMove={(event) => event.buttons & 1 && seek(event)}
    >
      <canvas ref={canvas} aria-hidden="true" />
      {(['left', 'right'] as const).map((side) => {
        const [from, to] = [yOf(side, windows[side][0]), yOf(side, windows[side][1])];
        return (
          <div
            key={side}
            class={`overview-window of-${side}`}
            style={{ top: `${from}px`, height: `${Math.max(6, to - from)}px` }}
          />
        );
      })}
    </div>
  );
}
