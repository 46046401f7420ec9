import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { LonghandError } from '../../core/protocol/errors.ts';

/** What an importer reads: a local file, a file of an editor's file system and a member of an archive are the same to it. */
export interface ByteSource {
  /** Shown in messages and kept as the source of each trace. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes `start` to `end`, end exclusive; fewer where the source ends before. */
  read(start: number, end: number): Promise<Uint8Array>;
}

export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/** Opens a local file. Rejects with `not_found`, or `unreadable` for a folder or a file that may not be read. */
export async function openFile(path: string): Promise<FileSource> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new LonghandError('not_found', `${path}: there is no such file`);
    throw new LonghandError('unreadable', `${path}: ${error.message}`);
  });
  const info = await file.stat();
  if (!info.isFile()) {
    await file.close();
    throw new LonghandError('unreadable', `${path} is not a file${info.isDirectory() ? ' but a folder' : ''}`);
  }
  return {
    name: basename(path),
    size: info.size,
    async read(start, end) {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(end, info.size) - start));
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
    close: () => file.close(),
  };
}

/** A source over bytes in memory. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return { name, size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}
