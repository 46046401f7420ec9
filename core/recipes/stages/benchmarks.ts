import * as z from 'zod';

/** Names: server/engine/longhand_engine/benchmarks.py, which says what becomes of their problems and gold answers. */
export const benchmarkName = z.enum([
  'aime24',
  'aime25',
  'amc23',
  'math500',
  'gsm8k',
  'svamp',
  'tabmwp',
  'gaokao2023en',
]);
