/** Draws media/icon.png (256 × 256), the marketplace's picture of the extension: lines of writing, one of them a wave. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';

const SIZE = 256;
/** Samples a side and pixel. */
const FINE = 4;
const background = [22, 32, 43];
/** @type {{ color: number[], width: number, from: number, to: number, y: (x: number) => number }[]} */
const strokes = [
  { color: [201, 212, 224], width: 14, from: 40, to: 216, y: () => 62 },
  { color: [74, 163, 232], width: 14, from: 40, to: 156, y: () => 104 },
  { color: [240, 128, 60], width: 14, from: 40, to: 216, y: (x) => 150 + 13 * Math.sin(((x - 40) / 44) * Math.PI) },
  { color: [201, 212, 224], width: 14, from: 40, to: 172, y: () => 196 },
];
/** Points along each stroke, near enough that their discs join. */
const points = strokes.map(({ from, to, y }) =>
  Array.from({ length: to - from + 1 }, (_, i) => [from + i, y(from + i)]),
);

/** @param {number} x @param {number} y @returns {number[]} red, green, blue, alpha */
function sample(x, y) {
  const edge = 44;
  const dx = Math.max(edge - x, x - (SIZE - edge), 0);
  const dy = Math.max(edge - y, y - (SIZE - edge), 0);
  if (Math.hypot(dx, dy) > edge) return [0, 0, 0, 0];
  for (const [i, { color, width }] of strokes.entries()) {
    if (points[i]?.some(([px = 0, py = 0]) => Math.hypot(x - px, y - py) <= width / 2)) return [...color, 255];
  }
  return [...background, 255];
}

const rows = Buffer.alloc(SIZE * (SIZE * 4 + 1));
for (let y = 0; y < SIZE; y++) {
  for (let x = 0; x < SIZE; x++) {
    const sum = [0, 0, 0, 0];
    for (let i = 0; i < FINE * FINE; i++) {
      const [r = 0, g = 0, b = 0, a = 0] = sample(
        x + ((i % FINE) + 0.5) / FINE,
        y + (Math.floor(i / FINE) + 0.5) / FINE,
      );
      [r * a, g * a, b * a, a].forEach((value, channel) => (sum[channel] = (sum[channel] ?? 0) + value));
    }
    const [r = 0, g = 0, b = 0, a = 0] = sum;
    const at = y * (SIZE * 4 + 1) + 1 + x * 4;
    rows.set(a === 0 ? [0, 0, 0, 0] : [r / a, g / a, b / a, a / (FINE * FINE)].map(Math.round), at);
  }
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
header.set([8, 6, 0, 0, 0], 8);
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const png = Buffer.concat([
  signature,
  chunk('IHDR', header),
  chunk('IDAT', deflateSync(rows, { level: 9 })),
  chunk('IEND', Buffer.alloc(0)),
]);
writeFileSync(join(fileURLToPath(new URL('..', import.meta.url)), 'media', 'icon.png'), png);
