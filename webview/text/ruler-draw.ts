/** Draws the picture of a ruler on a canvas: upright beside a text, lying in the strips of a group. */
import type { VerdictValue } from '../../core/protocol/events.ts';
import { answerMarks, laneLabels, pixelOf, runsOf, type RulerPicture, type Scale } from './ruler-picture.ts';

/** Where a lane lies across the ruler, in pixels. */
interface Lane {
  at: number;
  size: number;
}

export interface RulerLayout {
  upright: boolean;
  scale: Scale;
  /** Pixels before the scale begins, along it. */
  head: number;
  /** Pixels across. */
  across: number;
  lanes: readonly Lane[];
  answers: Lane;
  loops: Lane;
  /** The line beside what comes after the first right answer. */
  rest: Lane;
  reviewed: Lane;
}

/** Shortest mark of a span, in pixels. */
const MARK = 2;

type Rect = (from: number, to: number, at: number, size: number) => void;

/** The colours of the theme by their CSS names, each read once. */
export type Colour = (name: string) => string;

export function drawPicture(
  context: CanvasRenderingContext2D,
  picture: RulerPicture,
  layout: RulerLayout,
  css: Colour,
): void {
  const { upright, scale, head, across } = layout;
  const rect: Rect = upright
    ? (from, to, at, size) => context.fillRect(at, head + from, size, to - from)
    : (from, to, at, size) => context.fillRect(head + from, at, to - from, size);
  const at = (unit: number) => Math.round(pixelOf(scale, unit));
  const end = Math.round(scale.size);

  context.fillStyle = css('--lh-track');
  for (const lane of [...layout.lanes, layout.answers]) rect(0, end, lane.at, lane.size);
  if (picture.firstRight) drawRest(context, rect, at(picture.firstRight.end), end, layout, css);

  for (const [i, spans] of picture.lanes.entries()) {
    const lane = layout.lanes[i]!;
    context.fillStyle = css(`--lh-${laneLabels[i]!}`);
    for (const [from, to] of runsOf(spans ?? [], scale, MARK)) rect(from, to, lane.at, lane.size);
  }
  drawLoops(context, rect, runsOf(picture.loops, scale, 4), layout.loops, css);
  if (picture.reasoningEnd) {
    context.fillStyle = css('--lh-fg');
    const line = at(picture.reasoningEnd.end);
    rect(line, line + 1, layout.lanes[0]!.at, across - layout.lanes[0]!.at);
  }
  const size = Math.min(layout.answers.size, 8);
  const middle = layout.answers.at + layout.answers.size / 2;
  for (const mark of answerMarks(picture.answers, scale, size)) {
    const along = head + Math.max(size / 2, Math.min(end - size / 2, mark.at));
    const [x, y] = upright ? [middle, along] : [along, middle];
    drawVerdict(context, mark.value, x, y, size, css);
  }
  if (picture.counts) {
    const along = head + Math.max(size / 2, Math.min(end - size / 2, at(picture.counts.end)));
    const [x, y] = upright ? [middle, along] : [along, middle];
    const half = size / 2 + 0.5;
    context.lineWidth = 1;
    context.strokeStyle = css('--lh-fg');
    context.strokeRect(
      Math.round(x - half) - 0.5,
      Math.round(y - half) - 0.5,
      Math.ceil(half * 2) + 1,
      Math.ceil(half * 2) + 1,
    );
  }
  context.fillStyle = css('--lh-fg');
  for (const [start, stop] of picture.reviewed)
    rect(at(start), Math.max(at(start) + MARK, at(stop)), layout.reviewed.at, layout.reviewed.size);
}

/** A tint over what comes after the first right answer, and a line of dashes beside it: with contrast the tint is nearly nothing. */
function drawRest(
  context: CanvasRenderingContext2D,
  rect: Rect,
  from: number,
  end: number,
  { rest, across }: RulerLayout,
  css: Colour,
): void {
  context.fillStyle = css('--lh-right');
  context.globalAlpha = 0.09;
  rect(from, end, rest.at, across - rest.at);
  context.globalAlpha = 1;
  rect(from, from + 1, rest.at, across - rest.at);
  for (let at = from; at < end; at += 4) rect(at, Math.min(end, at + 2), rest.at, rest.size);
}

/** What is folded is paler than the rest, and has a dotted line at its edge. */
export function drawFolded(
  context: CanvasRenderingContext2D,
  folded: readonly { start: number; end: number }[],
  { scale, head, across }: RulerLayout,
  css: Colour,
): void {
  if (folded.length === 0) return;
  for (const [from, to] of runsOf(folded, scale, 1)) {
    context.fillStyle = css('--lh-bg');
    context.globalAlpha = 0.45;
    context.fillRect(0, head + from, across, to - from);
    context.globalAlpha = 1;
    context.fillStyle = css('--lh-muted');
    for (let at = from; at < to; at += 3) context.fillRect(across - 2, head + at, 1, 1);
  }
}

/** A loop is a bracket: its extent with a foot at each end. */
function drawLoops(
  context: CanvasRenderingContext2D,
  rect: Rect,
  runs: readonly [number, number][],
  lane: Lane,
  css: Colour,
): void {
  context.fillStyle = css('--lh-loop');
  for (const [from, to] of runs) {
    rect(from, to, lane.at + lane.size - 2, 2);
    rect(from, from + 1, lane.at, lane.size);
    rect(to - 1, to, lane.at, lane.size);
  }
}

/** Right is a full disc, wrong a cross, undecided a ring, not compared a dot: told apart without their colours. */
export function drawVerdict(
  context: CanvasRenderingContext2D,
  value: VerdictValue,
  x: number,
  y: number,
  size: number,
  css: Colour,
): void {
  const half = size / 2;
  context.beginPath();
  if (value === 'wrong') {
    context.strokeStyle = css('--lh-wrong');
    context.lineWidth = 2;
    context.moveTo(x - half + 1, y - half + 1);
    context.lineTo(x + half - 1, y + half - 1);
    context.moveTo(x + half - 1, y - half + 1);
    context.lineTo(x - half + 1, y + half - 1);
    context.stroke();
    return;
  }
  const radius = value === 'none' ? half * 0.5 : half - 0.5;
  context.arc(x, y, radius, 0, 2 * Math.PI);
  if (value === 'undecided') {
    context.strokeStyle = css('--lh-grey');
    context.lineWidth = 1.5;
    context.stroke();
    return;
  }
  context.fillStyle = css(value === 'right' ? '--lh-right' : '--lh-grey');
  context.fill();
}

/** The canvas at a size in CSS pixels and the screen's resolution, cleared; null where it has no area. */
export function sizedContext(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  if (width <= 0 || height <= 0) return null;
  const scale = devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  if (!context) return null;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
