/** The line between two columns: dragged, or moved by the arrow keys. */
import { isCommand } from './keys.ts';

interface SplitterProps {
  label: string;
  value: number;
  min: number;
  max: number;
  /** The column is to the right of the line. */
  reverse?: boolean;
  onChange: (value: number) => void;
  onEnd: () => void;
}

export function Splitter({ label, value, min, max, reverse, onChange, onEnd }: SplitterProps) {
  const sign = reverse ? -1 : 1;
  const to = (next: number) => onChange(Math.max(min, Math.min(max, Math.round(next))));
  return (
    <div
      class={`splitter ${reverse ? 'at-end' : 'at-start'}`}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onKeyDown={(event) => {
        const by = event.key === 'ArrowRight' ? 16 : event.key === 'ArrowLeft' ? -16 : 0;
        if (by === 0 || isCommand(event)) return;
        event.preventDefault();
        to(value + sign * by);
        onEnd();
      }}
      onPointerDown={(event) => {
        const from = event.clientX;
        const line = event.currentTarget;
        line.setPointerCapture(event.pointerId);
        const move = (moved: PointerEvent) => to(value + sign * (moved.clientX - from));
        line.addEventListener('pointermove', move);
        line.addEventListener(
          'lostpointercapture',
          () => {
            line.removeEventListener('pointermove', move);
            onEnd();
          },
          { once: true },
        );
        event.preventDefault();
      }}
    />
  );
}
