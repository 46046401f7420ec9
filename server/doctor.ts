/** Looks at everything that a stage needs, and says what is missing and how to get it. Fast: nothing heavy is imported. */
import { constants } from 'node:fs';
import { access, mkdir, stat, statfs } from 'node:fs/promises';
import { errorCodes } from '../core/protocol/errors.ts';
import type { Check } from '../core/protocol/methods.ts';
import { findAccelerators } from './accelerators.ts';
import { readDiscovery } from './discovery.ts';
import type { EngineFinder } from './engine.ts';
import { lockOwner } from './lock.ts';
import { nodeIsNewEnough, OLDEST_NODE } from './node-version.ts';
import { baseModelFolder, packageVersion } from './package-paths.ts';
import { identify } from './process-identity.ts';

/** Below this a warning: the tiny recipe writes about 30 MB, a 7B checkpoint 15 GB. */
const LITTLE_SPACE_BYTES = 2 * 2 ** 30;

/** All checks, each on its own: one that fails hides no other. */
export async function examine(root: string, engines: EngineFinder): Promise<Check[]> {
  const checks = [node(), engine(engines), model(), accelerators(), writable(root), space(root), service(root)];
  return (await Promise.all(checks)).flat();
}

type Draft = Pick<Check, 'id' | 'title' | 'found'> & Partial<Check>;
const ok = (draft: Draft): Check => ({ status: 'ok', help: null, action: null, ...draft });

async function node(): Promise<Check> {
  const editor = process.versions['electron'] ? ' (the editor’s own)' : '';
  const draft = { id: 'node', title: 'Node', found: `${process.versions.node}${editor}` };
  if (nodeIsNewEnough()) return ok(draft);
  const help = `Node ${OLDEST_NODE.join('.')} or newer is needed: npm run quickstart brings it, or set longhand.backend.node.`;
  return { ...ok(draft), status: 'missing', help };
}

async function engine(engines: EngineFinder): Promise<Check> {
  const found = await engines.look();
  const draft = { id: 'engine', title: 'Python engine' };
  if ('code' in found) {
    const { action } = errorCodes[found.code];
    const help = 'Longhand: Set Up Engine makes it (or npm run quickstart). Reading traces needs none.';
    return { ...draft, status: 'missing', found: found.message, help, action };
  }
  const versions = Object.entries(found.versions).map(([name, version]) => `${name} ${version}`);
  return ok({ ...draft, found: `${found.python} (Python ${found.pythonVersion}; ${versions.join(', ')})` });
}

async function model(): Promise<Check> {
  const draft = { id: 'model', title: 'Model longhand-base', found: baseModelFolder };
  const weights = await stat(`${baseModelFolder}/model.safetensors`).catch(() => null);
  if (weights) return ok(draft);
  return {
    ...ok(draft),
    status: 'missing',
    found: `not in ${baseModelFolder}`,
    help: 'The package is incomplete: install the extension again, or make the model with python -m longhand_engine.tiny.base.',
  };
}

async function accelerators(): Promise<Check> {
  const { found, problem } = await findAccelerators();
  const draft = { id: 'accelerators', title: 'Accelerators' };
  if (problem) {
    return {
      ...draft,
      status: 'warning',
      found: problem,
      help: 'Look at the NVIDIA driver; until then stages run on the CPU.',
      action: null,
    };
  }
  const names = found.map(
    (gpu) =>
      `${gpu.index}: ${gpu.name}, ${gpu.memoryMiB - gpu.usedMiB} of ${gpu.memoryMiB} MiB free${gpu.driver && `, driver ${gpu.driver}`}`,
  );
  return ok({
    ...draft,
    found: names.join('; ') || 'none: stages run on the CPU, which is enough for the tiny recipes',
  });
}

async function writable(root: string): Promise<Check> {
  const draft = { id: 'root', title: 'Root folder', found: root };
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok(draft);
  } catch (error) {
    const help = 'Choose a folder that you may write to: --root DIR, or the setting longhand.backend.root.';
    return { ...ok(draft), status: 'missing', found: (error as Error).message, help };
  }
}

async function space(root: string): Promise<Check[]> {
  const disk = await statfs(root).catch(() => null);
  if (!disk) return [];
  const free = disk.bavail * disk.bsize;
  const draft = {
    id: 'disk',
    title: 'Disk space',
    found: `${(free / 2 ** 30).toFixed(1)} GiB free where ${root} lies`,
  };
  if (free >= LITTLE_SPACE_BYTES) return [ok(draft)];
  return [{ ...ok(draft), status: 'warning', help: 'Make room: a checkpoint that cannot be written ends its stage.' }];
}

async function service(root: string): Promise<Check> {
  const draft = { id: 'service', title: 'Backend' };
  const owner = await lockOwner(root).catch(() => null);
  const discovery = await readDiscovery(root);
  const lock = owner?.lock;
  if (owner?.living && lock) {
    const at = discovery?.pid === lock.owner.pid ? ` at ${discovery.url}` : '';
    const who = `running${at} (process ${lock.owner.pid} on ${lock.host}, version ${lock.version})`;
    if (lock.version === packageVersion) return ok({ ...draft, found: who });
    const help = `This is version ${packageVersion}. Restart the backend; what trains goes on.`;
    return { ...draft, status: 'warning', found: who, help, action: 'longhand.restartBackend' };
  }
  if (discovery && identify(discovery.pid) === null) {
    const found = `not running; process ${discovery.pid} ended without cleaning up`;
    return ok({ ...draft, found: `${found}. The next start takes over what it left.` });
  }
  return ok({ ...draft, found: 'not running; it starts when it is needed' });
}
