/**
 * The one registry of errors that cross a boundary. A code is stable; its `help` says what the user can do, and `action`
 * names the one command of the extension that helps (absent: nothing to press).
 */
export const errorCodes = {
  invalid_params: { help: 'The request is not valid for this backend. Update the extension or the backend.' },
  invalid_query: { help: 'The query is not valid. What is wrong is said with its place.' },
  unknown_method: { help: 'The backend does not know this request. Update the backend.' },
  internal: { help: 'An error inside the backend. Its log has the details.', action: 'longhand.showLog' },
  unauthorized: { help: 'The token is wrong. Enter it again.', action: 'longhand.connectBackend' },
  incompatible: {
    help: 'The backend speaks another version. Restart it from this extension.',
    action: 'longhand.restartBackend',
  },
  disconnected: { help: 'The connection to the backend is gone.', action: 'longhand.startBackend' },
  timeout: { help: 'The backend did not answer in time.', action: 'longhand.showLog' },
  cancelled: { help: 'Cancelled.' },
  not_found: { help: 'It does not exist, or no longer.', action: 'longhand.refresh' },
  invalid_recipe: { help: 'The recipe has errors. Open it to see them.' },
  engine_missing: { help: 'There is no Python engine yet.', action: 'longhand.setupEngine' },
  engine_broken: { help: 'The Python engine is incomplete.', action: 'longhand.setupEngine' },
  not_runnable: { help: 'This cannot be done in its present state.' },
  conflict: { help: 'It was changed elsewhere meanwhile. What stands there now is shown; do it again on top of that.' },
  already_running: { help: 'It is running already.' },
  busy_root: { help: 'Another service owns this root folder.', action: 'longhand.startBackend' },
  port_taken: { help: 'Another program listens on that port. Choose another one, or 0 for any that is free.' },
  disk_full: { help: 'The disk is full. Make room, then resume.' },
  unreadable: { help: 'The file cannot be read.' },
  needs_mapping: { help: 'The columns were not recognised. Say which is which.' },
  corrupt: { help: 'A stored file is damaged. `longhand verify` lists what is affected.' },
} as const satisfies Record<string, { help: string; action?: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** An error with a code of the registry; `message` says what and where. */
export class LonghandError extends Error {
  readonly code: ErrorCode;
  readonly detail: unknown;

  constructor(code: ErrorCode, message: string, detail?: unknown) {
    super(message);
    this.name = 'LonghandError';
    this.code = code;
    this.detail = detail;
  }

  /** True for an error of this registry, with that code if one is given. */
  static is(error: unknown, code?: ErrorCode): error is LonghandError {
    return error instanceof LonghandError && (code === undefined || error.code === code);
  }
}
