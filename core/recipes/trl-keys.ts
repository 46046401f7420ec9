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
}

/** The class whose keys a stage's `config` takes, or null: the stage has none. */
export function configClass(kind: unknown): 'SFTConfig' | 'GRPOConfig' | null {
  return kind === 'sft' ? 'SFTConfig' : kind === 'grpo' ? 'GRPOConfig' : null;
}
