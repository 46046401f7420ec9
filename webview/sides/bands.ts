/** The thin bands between the two texts: from each step in view to the one that it is tied to. */
import type { PlaceMap, SideName } from './place-map.ts';
import type { StepBox } from './step-marks.ts';

export interface BandColors {
  tied: string;
  moved: string;
}

/** Draws them on a canvas that fills the gap between the texts, and lies where `box` says. */
export function drawBands(
  canvas: HTMLCanvasElement,
  { width, height, top }: DOMRect,
  map: PlaceMap | null,
  boxes: Record<SideName, readonly StepBox[]>,
  { tied, moved }: BandColors,
): void {
  const scale = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext('2d');
  if (!context || width === 0) return;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  if (!map) return;
  const right = new Map(boxes.right.map((box) => [box.step, box]));
  const seen = (box: StepBox | undefined) => box && box.bottom > top && box.top < top + height;
  for (const box of boxes.left) {
    const row = map.row('left', box.step);
    const to = row.right ?? (row.kind === 'moved' ? row.to : null);
    if (to === null) continue;
    const its = right.get(to);
    if (!its || (!seen(box) && !seen(its))) continue;
    const [a, b] = [box.top - top + 2, box.bottom - top - 2];
    const [c, d] = [its.top - top + 2, its.bottom - top - 2];
    const isMoved = row.kind === 'moved';
    context.beginPath();
    context.moveTo(0, a);
    context.bezierCurveTo(width / 2, a, width / 2, c, width, c);
    context.lineTo(width, d);
    context.bezierCurveTo(width / 2, d, width / 2, b, 0, b);
    context.closePath();
    context.fillStyle = isMoved ? moved : tied;
    context.globalAlpha = isMoved ? 0.12 : 0.06 + 0.2 * row.similarity * row.similarity;
    context.fill();
    context.globalAlpha = isMoved ? 0.9 : 0.5;
    context.strokeStyle = isMoved ? moved : tied;
    // Alike and not the same: a broken line; moved: a dotted one.
    context.setLineDash(isMoved ? [1, 3] : row.kind === 'alike' ? [4, 3] : []);
    context.lineWidth = 1;
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}
