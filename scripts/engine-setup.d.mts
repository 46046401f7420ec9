export type SetupErrorCode =
  'no_python' | 'old_python' | 'no_venv' | 'no_disk' | 'network' | 'install' | 'busy' | 'incomplete' | 'cancelled';

export class EngineSetupError extends Error {
  readonly code: SetupErrorCode;
  readonly help: string;
}

export interface SetupProgress {
  phase: 'python' | 'uv' | 'plan' | 'install' | 'check';
  message: string;
  /** Of the download, 0 to 1. */
  fraction: number | null;
}

export interface SetupResult {
  python: string;
  existed: boolean;
  repaired: boolean;
  downloadBytes: number;
  torchBackend: string | null;
  versions: Record<string, string>;
  notes: string[];
  seconds: number;
}

export interface EngineCheck {
  ok: boolean;
  version: string | null;
  versions: Record<string, string>;
  problems: string[];
}

export const UV_VERSION: string;
export function enginePython(engineDir: string): string;
export function engineState(where: {
  engineDir: string;
  home: string;
}): Promise<{ state: 'absent' | 'incomplete' | 'outdated' | 'complete'; python: string; mark: object | null }>;
export function setUpEngine(options: {
  engineDir: string;
  home: string;
  python?: string;
  torchBackend?: string | null;
  signal?: AbortSignal;
  onProgress?: (progress: SetupProgress) => void;
}): Promise<SetupResult>;
export function checkEngine(options: {
  python: string;
  home: string;
  signal?: AbortSignal;
  importAll?: boolean;
}): Promise<EngineCheck>;
