/** A few strokes that are drawn as SVG or on a canvas alike: one renderer makes the drawing and the picture. */

export type Point = readonly [x: number, y: number];

export interface Stroke {
  color: string;
  width?: number;
  dash?: readonly number[];
  alpha?: number;
}

export interface TextStyle {
  color: string;
  /** Pixels; default 11. */
  size?: number;
  bold?: boolean;
  anchor?: 'start' | 'middle' | 'end';
}

export interface Pen {
  line(points: readonly Point[], stroke: Stroke): void;
  /** Filled and closed. */
  area(points: readonly Point[], color: string, alpha: number): void;
  rect(x: number, y: number, width: number, height: number, color: string, alpha?: number): void;
  /** Many points of one colour: dots, or small crosses. */
  marks(points: Iterable<Point>, color: string, options: { radius: number; cross?: boolean; alpha?: number }): void;
  text(x: number, y: number, text: string, style: TextStyle): void;
}

const FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";

/** Digits behind the point of a coordinate: a hundredth of a pixel. */
const at = (value: number): string => String(Math.round(value * 100) / 100);

export class SvgPen implements Pen {
  readonly #parts: string[] = [];
  readonly #width: number;
  readonly #height: number;
  readonly #title: string;

  constructor(width: number, height: number, title: string) {
    this.#width = width;
    this.#height = height;
    this.#title = title;
  }

  line(points: readonly Point[], { color, width = 1, dash, alpha = 1 }: Stroke): void {
    if (points.length < 2) return;
    const d = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${at(x)} ${at(y)}`).join('');
    this.#parts.push(
      `<path d="${d}" fill="none" stroke="${color}" stroke-width="${at(width)}"${dash ? ` stroke-dasharray="${dash.join(' ')}"` : ''}${opacity('stroke', alpha)}/>`,
    );
  }

  area(points: readonly Point[], color: string, alpha: number): void {
    if (points.length < 3) return;
    const d = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${at(x)} ${at(y)}`).join('');
    this.#parts.push(`<path d="${d}Z" fill="${color}"${opacity('fill', alpha)}/>`);
  }

  rect(x: number, y: number, width: number, height: number, color: string, alpha = 1): void {
    this.#parts.push(
      `<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" fill="${color}"${opacity('fill', alpha)}/>`,
    );
  }

  marks(
    points: Iterable<Point>,
    color: string,
    { radius, cross = false, alpha = 1 }: { radius: number; cross?: boolean; alpha?: number },
  ): void {
    const d: string[] = [];
    const r = at(radius);
    // A dot is a line of no length with round ends: twelve characters a point.
    for (const [x, y] of points)
      d.push(
        cross
          ? `M${at(x - radius)} ${at(y - radius)}l${at(2 * radius)} ${at(2 * radius)}m0-${at(2 * radius)}l-${at(2 * radius)} ${at(2 * radius)}`
          : `M${at(x)} ${at(y)}h0`,
      );
    if (d.length === 0) return;
    const width = cross ? '1' : at(2 * Number(r));
    this.#parts.push(
      `<path d="${d.join('')}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linecap="round"${opacity('stroke', alpha)}/>`,
    );
  }

  text(x: number, y: number, text: string, { color, size = 11, bold = false, anchor = 'start' }: TextStyle): void {
    this.#parts.push(
      `<text x="${at(x)}" y="${at(y)}" fill="${color}" font-size="${size}"${bold ? ' font-weight="600"' : ''}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${escape(text)}</text>`,
    );
  }

  done(background: string): string {
    const [width, height] = [this.#width, this.#height];
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" role="img">
<title>${escape(this.#title)}</title>
<rect width="${width}" height="${height}" fill="${background}"/>
${this.#parts.join('\n')}
</svg>
`;
  }
}

/** On a canvas that was scaled already. */
export class CanvasPen implements Pen {
  readonly #context: CanvasRenderingContext2D;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  line(points: readonly Point[], { color, width = 1, dash, alpha = 1 }: Stroke): void {
    const context = this.#begin(alpha);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash(dash ? [...dash] : []);
    for (const [x, y] of points) context.lineTo(x, y);
    context.stroke();
    context.setLineDash([]);
  }

  area(points: readonly Point[], color: string, alpha: number): void {
    const context = this.#begin(alpha);
    context.fillStyle = color;
    for (const [x, y] of points) context.lineTo(x, y);
    context.closePath();
    context.fill();
  }

  rect(x: number, y: number, width: number, height: number, color: string, alpha = 1): void {
    const context = this.#begin(alpha);
    context.fillStyle = color;
    context.fillRect(x, y, width, height);
  }

  marks(
    points: Iterable<Point>,
    color: string,
    { radius, cross = false, alpha = 1 }: { radius: number; cross?: boolean; alpha?: number },
  ): void {
    const context = this.#begin(alpha);
    context.strokeStyle = color;
    context.lineWidth = cross ? 1 : 2 * radius;
    context.lineCap = cross ? 'butt' : 'round';
    for (const [x, y] of points) {
      if (cross) {
        context.moveTo(x - radius, y - radius);
        context.lineTo(x + radius, y + radius);
        context.moveTo(x + radius, y - radius);
        context.lineTo(x - radius, y + radius);
      } else {
        context.moveTo(x, y);
        context.lineTo(x, y);
      }
    }
    context.stroke();
    context.lineCap = 'butt';
  }

  text(x: number, y: number, text: string, { color, size = 11, bold = false, anchor = 'start' }: TextStyle): void {
    const context = this.#begin(1);
    context.fillStyle = color;
    context.font = `${bold ? '600 ' : ''}${size}px ${FONT}`;
    context.textAlign = anchor === 'middle' ? 'center' : anchor;
    context.fillText(text, x, y);
  }

  #begin(alpha: number): CanvasRenderingContext2D {
    this.#context.globalAlpha = alpha;
    this.#context.beginPath();
    return this.#context;
  }
}

const opacity = (kind: 'fill' | 'stroke', alpha: number): string =>
  alpha === 1 ? '' : ` ${kind}-opacity="${at(alpha)}"`;

/** For text and attribute values; what XML cannot hold is left out. */
function escape(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\P{Cc}]/gu, '')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
