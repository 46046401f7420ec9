/** What importing asks and answers (`methods.ts`). */
export interface ImportMapping {
  /** Column of the problem or prompt, of the completion, of the gold answer, of the id. Dotted for nested keys. */
  prompt?: string;
  completion: string;
  gold?: string;
  id?: string;
}

export interface ImportSkip {
  file: string;
  line: number;
  why: string;
}

export interface ImportInspection {
  path: string;
  format: string;
  bytes: number;
  rows: number | null;
  columns: { name: string; type: string; example: string }[];
  mapping: ImportMapping | null;
  /** False: the mapping is sure and nothing need be asked. */
  needsMapping: boolean;
  /** `gold`: problems and answers without completions, to be joined to a file that has some; it is no run by itself. */
  holds: 'completions' | 'gold' | 'unknown';
  /** Why nothing was recognised, or what is doubtful. */
  notes: string[];
}

export interface ImportResult {
  run: string;
  format: string;
  traces: number;
  metrics: number;
  /** True when the same content had been imported before. */
  existed: boolean;
  /** Rows of all files, read and skipped; 0 when it existed. */
  rows: number;
  skipped: ImportSkip[];
  /** Rows skipped beyond those listed. */
  skippedMore: number;
  notes: string[];
}
