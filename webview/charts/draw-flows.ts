/** Flows between classes. Pure. */
import { layout, NODE_WIDTH } from '../report/sankey-layout.ts';
import { short } from '../ui/format.ts';
import { cut } from './draw-bars.ts';
import type { Box } from './frame.ts';
import type { FlowsModel } from './model.ts';
import type { Palette } from './palette.ts';
import type { Pen, Point } from './pen.ts';

const SIDE = 150;
/** Straight pieces of a curve. */
const PIECES = 24;

export function drawFlows({ flows: given, colors }: FlowsModel, pen: Pen, palette: Palette, box: Box): void {
  const { nodes, flows } = layout(given, box.right - box.left - 2 * SIDE, box.bottom - box.top - 20);
  const [left, top] = [box.left + SIDE, box.top + 10];
  const colorOf = (name: string) => palette.color(colors.get(name) ?? '--lh-grey');
  for (const { flow, x0, y0, x1, y1, width } of flows) {
    const curve = Array.from({ length: PIECES + 1 }, (_, i): Point => {
      const t = i / PIECES;
      // The cubic whose handles lie in the middle.
      const middle = (x0 + x1) / 2;
      const x = (1 - t) ** 3 * x0 + 3 * (1 - t) ** 2 * t * middle + 3 * (1 - t) * t ** 2 * middle + t ** 3 * x1;
      const y = (1 - t) ** 2 * (1 + 2 * t) * y0 + t ** 2 * (3 - 2 * t) * y1;
      return [left + x, top + y];
    });
    const half = width / 2;
    pen.area(
      [...curve.map(([x, y]): Point => [x, y - half]), ...curve.toReversed().map(([x, y]): Point => [x, y + half])],
      colorOf(flow.to),
      0.4,
    );
  }
  for (const { name, x, y, height, n, column } of nodes) {
    pen.rect(left + x, top + y, NODE_WIDTH, height, colorOf(name));
    const atLeft = column === 0;
    pen.text(left + (atLeft ? x - 6 : x + NODE_WIDTH + 6), top + y + height / 2 + 4, `${cut(name, 20)} ${short(n)}`, {
      color: palette.text,
      anchor: atLeft ? 'end' : 'start',
    });
  }
}
