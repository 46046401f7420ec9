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

const WORDS: Record<string, string> = {
  bool: 'true or false',
  int: 'a whole number',
  float: 'a number',
  str: 'a text',
  None: 'empty',
};

/**
 * Whether a value of YAML fits a type as Python writes it. Only types made of `bool`, `int`, `float`, `str` and `None` are looked
 * at, and references are not: all else fits.
 */
export function fitsType(type: string, value: unknown): boolean {
  const parts = type.split(' | ');
  if (!parts.every((part) => Object.hasOwn(WORDS, part))) return true;
  if (typeof value === 'string' && value.includes('${')) return true;
  return parts.some((part) => {
    if (part === 'None') return value === null;
    if (part === 'bool') return typeof value === 'boolean';
    if (part === 'str') return typeof value === 'string';
    return typeof value === 'number' && (part === 'float' || Number.isInteger(value));
  });
}

/** “a number or empty”, for a type that {@link fitsType} looks at. */
export function typeInWords(type: string): string {
  return type
    .split(' | ')
    .map((part) => WORDS[part] ?? part)
    .join(' or ');
}
