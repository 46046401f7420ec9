/** The id of an import: the same content with the same mapping is the same run. */
import { createHash } from 'node:crypto';
import type { ImportMapping } from '../../core/protocol/imports.ts';
import type { ByteSource } from './source.ts';

const CHUNK = 4 << 20;

/** `<slug>-<8 hexadecimal digits>`: the slug is of the first file's name, the digits are of all contents and the mapping. */
export async function importRunId(
  sources: readonly ByteSource[],
  mapping: ImportMapping | undefined,
  options: { signal?: AbortSignal; onBytes?: (source: number, bytes: number) => void } = {},
): Promise<string> {
  const all = createHash('sha256');
  for (const [index, source] of sources.entries()) {
    const one = createHash('sha256');
    for (let at = 0; at < source.size;) {
      options.signal?.throwIfAborted();
      const chunk = await source.read(at, Math.min(at + CHUNK, source.size));
      if (chunk.length === 0) break;
      one.update(chunk);
      at += chunk.length;
      options.onBytes?.(index, at);
    }
    all.update(one.digest());
  }
  const { prompt, completion, gold, id } = mapping ?? {};
  all.update(JSON.stringify([prompt ?? null, completion ?? null, gold ?? null, id ?? null]));
  return `${slug(sources[0]?.name ?? '')}-${all.digest('hex').slice(0, 8)}`;
}

/** Letters, digits and single hyphens of a file's name, at most 40; `import` where nothing is left. */
export function slug(name: string): string {
  const base = name.replace(/(?:\.(?:jsonl?|parquet|ndjson|txt|gz|zst))+$/i, '');
  const plain = base
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase();
  const short = plain.replace(/[^a-z0-9]+/g, '-').slice(0, 40);
  return short.replace(/^-+|-+$/g, '') || 'import';
}
