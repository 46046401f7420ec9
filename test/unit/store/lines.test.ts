import assert from 'node:assert/strict';
import { appendFileSync, closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLines, skipLine } from '../../../server/store/lines.ts';
import { withFolder } from '../../support/temporary.ts';

function all(path: string, chunk?: number): { texts: string[]; next: number; positions: number[] } {
  const fd = openSync(path, 'r');
  try {
    const texts: string[] = [];
    const positions: number[] = [];
    let next = 0;
    for (;;) {
      const read = readLines(fd, next, chunk);
      texts.push(...read.lines.map((line) => line.text));
      positions.push(...read.lines.map((line) => line.position));
      next = read.next;
      if (read.atEnd) return { texts, next, positions };
    }
  } finally {
    closeSync(fd);
  }
}

describe('lines', () => {
  it('gives whole lines with their positions and holds a torn one back', () =>
    withFolder((folder) => {
      const path = join(folder, 'a');
      writeFileSync(path, 'one\nzwei é\n\nthr');
      assert.deepEqual(all(path), { texts: ['one', 'zwei é', ''], next: 13, positions: [0, 4, 12] });
      appendFileSync(path, 'ee\n');
      assert.deepEqual(all(path).texts, ['one', 'zwei é', '', 'three']);
    }));

  it('reads the same whatever the size of a chunk, also lines longer than one', () =>
    withFolder((folder) => {
      const path = join(folder, 'a');
      const lines = ['a', 'é'.repeat(300), '', 'x'.repeat(1000), '😀'];
      writeFileSync(path, lines.join('\n') + '\n');
      for (const chunk of [1, 2, 3, 7, 64, 1 << 20]) assert.deepEqual(all(path, chunk).texts, lines);
    }));

  it('reads nothing from an empty file', () =>
    withFolder((folder) => {
      const path = join(folder, 'a');
      writeFileSync(path, '');
      assert.deepEqual(all(path), { texts: [], next: 0, positions: [] });
    }));

  it('marks only the lines that are no UTF-8', () =>
    withFolder((folder) => {
      const path = join(folder, 'a');
      writeFileSync(
        path,
        Buffer.concat([Buffer.from('good é\n'), Buffer.from([0x62, 0xff, 0x0a]), Buffer.from('good\n')]),
      );
      const fd = openSync(path, 'r');
      const { lines } = readLines(fd, 0);
      closeSync(fd);
      assert.deepEqual(
        lines.map(({ text, valid }) => [text, valid]),
        [
          ['good é', true],
          ['b\ufffd', false],
          ['good', true],
        ],
      );
    }));

  it('finds the end of a line that is skipped', () =>
    withFolder((folder) => {
      const path = join(folder, 'a');
      writeFileSync(path, 'x'.repeat(3_000_000));
      const fd = openSync(path, 'r');
      assert.deepEqual(skipLine(fd, 0), { next: 3_000_000, found: false });
      appendFileSync(path, 'y\nnext');
      assert.deepEqual(skipLine(fd, 3_000_000), { next: 3_000_002, found: true });
      closeSync(fd);
    }));
});
