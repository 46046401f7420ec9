/** The keys of TRL's own configuration classes, from the versioned file that the engine's checks regenerate. */
export interface TrlKey {
  /** As Python writes it: `float`, `Optional[int]`, `Union[str, SchedulerType]`. */
  type: string;
  default: unknown;
  doc?: string;
}

export interface TrlKeys {
  versions: { trl: string; transformers: string };
  SFTConfig: Record<string, TrlKey>;
  GRPOConfig: Record<string, TrlKey>;
  /** Keys that the worker sets itself, and why a recipe may not. */
  owned?: Record<string, string>;
  /** Keys of older versions, and what to write instead. */
  renamed?: Record<string, string>;
}

/** Reads `trl-keys.json`. Null for what is no such file. */
export function parseTrlKeys(text: string): TrlKeys | null {
  let file: Partial<TrlKeys> & { v?: unknown };
  try {
    file = JSON.parse(text) as typeof file;
  } catch {
    return null;
  }
  const { versions, SFTConfig, GRPOConfig, owned, renamed } = file ?? {};
  if (file?.v !== 1 || !versions || !SFTConfig || !GRPOConfig) return null;
  return { versions, SFTConfig, GRPOConfig, owned, renamed };
}

/** The class whose keys a stage's `config` takes, or null: the stage has none. */
export function configClass(kind: unknown): 'SFTConfig' | 'GRPOConfig' | null {
  return kind === 'sft' ? 'SFTConfig' : kind === 'grpo' ? 'GRPOConfig' : null;
}
