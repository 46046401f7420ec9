/** Finding a Python that can carry the engine. */
import { EngineSetupError, run } from './process.mjs';

/** Oldest Python that the engine's packages accept. */
/** @type {[number, number]} */
export const OLDEST_PYTHON = [3, 11];

/** In this order: what most wheels exist for first.
 * @type {[string, ...string[]][]} */
const candidates =
  process.platform === 'win32'
    ? [['py', '-3.12'], ['py', '-3.13'], ['py', '-3.11'], ['py', '-3'], ['python']]
    : [['python3.12'], ['python3.13'], ['python3.11'], ['python3.14'], ['python3'], ['python']];

const probe = `
import json, sys, importlib.util as u, platform
print(json.dumps({"version": list(sys.version_info[:3]), "executable": sys.executable, "ensurepip": u.find_spec("ensurepip") is not None,
  "pip": u.find_spec("pip") is not None, "machine": platform.machine()}))
`;

/**
 * @typedef {{ executable: string, version: [number, number, number], ensurepip: boolean, pip: boolean, machine: string }} Python
 */

/**
 * Asks one Python what it is.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {AbortSignal} [signal]
 * @returns {Promise<Python | null>} null where it does not run
 */
export async function probePython(command, args = [], signal) {
  try {
    const { code, stdout } = await run(command, [...args, '-c', probe], { signal, timeoutMs: 20_000 });
    return code === 0 ? JSON.parse(stdout) : null;
  } catch (error) {
    if (error instanceof EngineSetupError) throw error;
    return null;
  }
}

/** @param {Python} python */
export function isNewEnough(python) {
  const [major, minor] = python.version;
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
}

/**
 * The Python to build the engine with: the named one, or the first of the usual names that is new enough; one that can
 * make environments is preferred.
 *
 * @param {string | undefined} named
 * @param {AbortSignal} [signal]
 * @returns {Promise<Python>} Rejects with `no_python` or `old_python`.
 */
export async function findPython(named, signal) {
  if (named) {
    const python = await probePython(named, [], signal);
    if (!python)
      throw new EngineSetupError(
        'no_python',
        `${named} is not a Python that runs.`,
        'Name another one, or none: then the usual names are tried.',
      );
    if (!isNewEnough(python)) throw tooOld([python]);
    return python;
  }
  /** @type {Python[]} */
  const seen = [];
  for (const [command, ...args] of candidates) {
    const python = await probePython(command, args, signal);
    if (!python) continue;
    if (isNewEnough(python) && (python.ensurepip || python.pip)) return python;
    seen.push(python);
  }
  const usable = seen.find(isNewEnough);
  if (usable) return usable;
  if (seen.length > 0) throw tooOld(seen);
  throw new EngineSetupError(
    'no_python',
    'No Python was found.',
    `Install Python ${OLDEST_PYTHON.join('.')} or newer${installHint()}, then start again.`,
  );
}

/** @param {Python[]} found */
function tooOld(found) {
  const list = found.map((python) => `${python.executable} is ${python.version.join('.')}`).join(', ');
  return new EngineSetupError(
    'old_python',
    `Python ${OLDEST_PYTHON.join('.')} or newer is needed; ${list}.`,
    `Install a newer Python${installHint()}, then start again.`,
  );
}

function installHint() {
  if (process.platform === 'darwin') return ' (for example `brew install python@3.12`)';
  if (process.platform === 'win32') return ' (for example `winget install Python.Python.3.12`)';
  return ' (for example `sudo apt install python3 python3-venv`)';
}

/**
 * @param {Python} python one that has neither ensurepip nor pip
 * @returns {EngineSetupError}
 */
export function cannotMakeEnvironments(python) {
  const version = python.version.slice(0, 2).join('.');
  return new EngineSetupError(
    'no_venv',
    `${python.executable} (Python ${python.version.join('.')}) cannot make virtual environments: its module ensurepip is missing.`,
    process.platform === 'linux'
      ? `Debian and Ubuntu keep it in a package of its own: \`sudo apt install python${version}-venv\`. Then start again.`
      : 'Install a complete Python from python.org, then start again.',
  );
}
